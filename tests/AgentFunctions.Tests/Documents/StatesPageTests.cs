using System.Text.Json;
using AgentFunctions.Gateway.Erasure;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Ticks;
using AgentFunctions.Runs;

namespace AgentFunctions.Tests.Documents;

/// <summary>The words of states, which API, program and dashboard share, are those of the page.</summary>
internal sealed class StatesPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "reference", "states.md"));

    [TestCase("a run", typeof(RunStatus))]
    [TestCase("an approval", typeof(ApprovalState))]
    [TestCase("a question", typeof(QuestionState))]
    [TestCase("an incident", typeof(IncidentState))]
    [TestCase("a tick of a monitor", typeof(TickOutcome))]
    [TestCase("an erasure", typeof(ErasureState))]
    public void States_OfAnItem_AreOnThePage(string item, Type states) => Assert.That(
        Page, Does.Contain($"| {item} | {string.Join(", ", Enum.GetNames(states).Select(static name => $"`{JsonNamingPolicy.CamelCase.ConvertName(name)}`"))} |"));
}
