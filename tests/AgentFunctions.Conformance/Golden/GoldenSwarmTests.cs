using AgentFunctions.Durability;
using AgentFunctions.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Conformance.Golden;

/// <summary>
/// Histories of leads and of their sub-agents that earlier versions recorded: whoever changes the loop must leave them what they
/// decided. To add one, add its scene to <see cref="SwarmScenes"/> and run the explicit test; never record an old one again.
/// </summary>
[CancelAfter(300_000)]
public sealed class GoldenSwarmTests
{
    private static IEnumerable<string> Files => GoldenFile.Names("Swarm");

    [TestCaseSource(nameof(Files))]
    public void History_OfAnEarlierVersion_ReplaysToTheSameDecisions(string file)
    {
        HistoryEvent[] history = GoldenFile.Read(file);
        Assert.That(history, Has.Length.GreaterThan(3));
        Assert.That(Verify(history), Is.Null);
    }

    [Test]
    public void History_WithoutTheReportOfASubAgent_IsNoticed()
    {
        List<HistoryEvent> history = [.. GoldenFile.Read(Path.Combine("Swarm", "kimi-lead-1.json"))];
        history.RemoveAt(history.FindLastIndex(static next => next is EventRaised { Name: "childEnded" }));
        Assert.That(Verify(history), Is.Not.Null);
    }

    [Test]
    public void Histories_OfContinuedLeads_BeginWithSubAgentsAtWorkAndWaiting()
    {
        var started = (ExecutionStarted)GoldenFile.Read(Path.Combine("Swarm", "continued-lead-1.json"))[0];
        Assert.That(started.Input, Does.Contain("\"queue\":[{").And.Contain("\"live\":[{").And.Contain("\"pool\":{"));
    }

    [TestCaseSource(typeof(SwarmScenes), nameof(SwarmScenes.All))]
    [Explicit("Records the histories of this version; for a new scene only.")]
    public async Task Record(SwarmScenes.Scene scene)
    {
        await using SwarmScenes.Played played = await SwarmScenes.PlayAsync(scene, TestContext.CurrentContext.CancellationToken);
        foreach ((string name, string id) in played.Runs)
        {
            await GoldenFile.SaveAsync(
                played.Client, Path.Combine("Swarm", $"{scene.Name}-{name}-1.json"), id,
                TestContext.CurrentContext.CancellationToken);
        }
    }

    private static string? Verify(IEnumerable<HistoryEvent> history)
    {
        using IHost host = SwarmScenes.Build("http://localhost:1/v1", SwarmScenes.All[0]);
        return OrchestrationReplayer.Verify(history, host.Services.GetRequiredService<DurableRegistry>());
    }
}
