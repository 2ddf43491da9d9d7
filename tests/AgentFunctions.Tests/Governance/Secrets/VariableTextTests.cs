using AgentFunctions.Governance.Secrets;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.Tests.Governance.Secrets;

/// <summary>References in configuration, as the configuration of other programs writes them too.</summary>
internal sealed class VariableTextTests
{
    [TestCase("${A_B}", "value")]
    [TestCase("${env:A_B}", "value")]
    [TestCase("x-${env:NOT_SET:-y}-${A_B}", "x-y-value")]
    [TestCase("${input:A_B}", "${input:A_B}")]
    public async Task ExpandAsync_Reference_IsReplaced(string text, string expanded)
    {
        IConfiguration configuration =
            new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("A_B", (string?)"value")]).Build();

        Assert.That(await new VariableText(configuration, null).ExpandAsync(text, "here", default), Is.EqualTo(expanded));
    }

    [Test]
    public void ExpandAsync_VariableThatIsNotSet_SaysWhere() => Assert.That(
        () => new VariableText(null, null).ExpandAsync("${env:NOT_SET_AT_ALL}", "here", default),
        Throws.TypeOf<AgentException>().With.Message.Contains("here: the variable NOT_SET_AT_ALL is not set"));
}
