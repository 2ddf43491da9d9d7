using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Swarm;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Gateway;

internal sealed class ToolNarrowingTests
{
    [Test]
    public async Task IsOf_EveryContract_KnowsItsToolsAndNoOthers([Values] Delegation delegation)
    {
        var source = new SwarmTools();
        IReadOnlyList<AgentTool> own =
            await source.ListAsync(new AgentDefinition { Name = "lead", Instructions = "", Delegation = delegation },
                CancellationToken.None);
        var others = new List<AgentTool>();
        foreach (Delegation other in Enum.GetValues<Delegation>().Where(other => other != delegation))
        {
            others.AddRange(await source.ListAsync(new AgentDefinition { Name = "lead", Instructions = "", Delegation = other },
                CancellationToken.None));
        }

        Assert.That(own.Select(tool => ToolNarrowing.IsOf(delegation, tool.Name)), Is.All.True);
        Assert.That(others.Select(tool => ToolNarrowing.IsOf(delegation, tool.Name)), Is.All.False);
    }
}
