using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.AspNetCore;

/// <summary>A setting that is no good is refused at the start, in words that name it and the remedy, and in no others.</summary>
internal sealed class SettingFaultsTests
{
    [TestCase("Doors:Open", "telex", "Doors:Open: name mcp, openai, a2a and agui, separated by commas, or none.")]
    [TestCase("Doors:Mcp:WaitFor", "00:00:00", "Doors:Mcp:WaitFor: use 1 second to 1 day.")]
    [TestCase("Api:RequestsPerSecond", "-1", "Api:RequestsPerSecond: use 0 to 1,000,000.")]
    [TestCase("Api:Dashboard:SignIn", "https://elsewhere", "Api:Dashboard:SignIn: use a path of this host, such as /account/login.")]
    [TestCase("Live:MaxFollowers", "0", "Live:MaxFollowers: use 1 to 10,000.")]
    [TestCase("Mesh:Timeout", "00:00:00", "Mesh:Timeout: use 1 second to 365 days.")]
    [TestCase("Swarm:MaxDepth", "11", "Swarm:MaxDepth: use 1 to 10.")]
    public void Start_ValueIsOutOfRange_NamesSettingAndRemedy(string setting, string value, string words)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { [setting] = value }).Build();
        using ServiceProvider services = new ServiceCollection().AddSingleton(configuration).AddLogging()
            .AddAgentFunctions(configuration).AddAgentFunctionsApi().AddAgentFunctionsDoors().BuildServiceProvider();

        OptionsValidationException refused = Assert.Throws<OptionsValidationException>(
            () => services.GetRequiredService<IStartupValidator>().Validate())!;

        Assert.That(refused.Failures, Is.EqualTo(new[] { words }));
        Assert.That(refused.Message, Is.EqualTo(words));
    }
}
