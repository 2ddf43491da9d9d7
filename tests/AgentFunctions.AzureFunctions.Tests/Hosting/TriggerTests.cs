using System.Reflection;
using AgentFunctions.AzureFunctions.Triggers;
using AgentFunctions.Durability;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.AzureFunctions.Tests.Hosting;

public sealed class TriggerTests
{
    [Test]
    public void Triggers_ForEveryOrchestratorAndActivity_AreThere()
    {
        var services = new ServiceCollection();
        services.AddAgentFunctions(new ConfigurationBuilder().Build()).AddOpenAIModels(new ConfigurationBuilder().Build())
            .AddMcpServers().AddMonitors();
        AgentFunctionsApplicationExtensions.AddEngine(services);
        DurableRegistry registry = services.BuildServiceProvider().GetRequiredService<DurableRegistry>();

        Assert.That(Named<OrchestrationTriggerAttribute>(), Is.EquivalentTo(registry.Orchestrators.Keys));
        Assert.That(Named<ActivityTriggerAttribute>(), Is.EquivalentTo(registry.Activities.Keys));
    }

    [Test]
    public void TriggerOfTheApi_TakesEveryPath_SoItsNameComesAfterThatOfAnAppsOwn()
    {
        Assert.That(Named<HttpTriggerAttribute>(), Is.EqualTo(new[] { ApiTrigger.Name }));
        Assert.That(StringComparer.OrdinalIgnoreCase.Compare(ApiTrigger.Name, "Zoo"), Is.Positive);
    }

    private static IEnumerable<string> Named<TTrigger>()
        where TTrigger : Attribute =>
        from method in typeof(RunTriggers).Assembly.GetExportedTypes().SelectMany(type => type.GetMethods())
        where method.GetParameters().Any(parameter => parameter.IsDefined(typeof(TTrigger)))
        select method.GetCustomAttribute<FunctionAttribute>()!.Name;
}
