using AgentFunctions.Durability;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Orchestration;
using AgentFunctions.Monitors.Responses;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.Monitors.Incidents;

/// <summary>A person acts on an incident that nobody watches over yet.</summary>
[CancelAfter(300_000)]
internal sealed class EarlyEndTests
{
    [Test]
    public async Task Resolve_WhileTheWatchIsStarted_EndsIt()
    {
        await using MonitorBench bench = await StartAsync();
        await OpenAsync(bench, async id => await bench.Host.Incidents.ResolveAsync(id, "ada"));

        string watch = IncidentLoop.InstanceIdOf((await bench.IncidentAsync()).Id, 1);
        OrchestrationState ended = await bench.Host.Get<IOrchestrationClient>().WaitForCompletionAsync(watch);
        Assert.That(ended.Status, Is.EqualTo(OrchestrationStatus.Completed));
    }

    [Test]
    public async Task Acknowledge_WhileTheWatchIsStarted_NobodyIsReminded()
    {
        await using MonitorBench bench = await StartAsync();
        await OpenAsync(bench, async id => await bench.Host.Incidents.AcknowledgeAsync(id, "ada"));
        await bench.TickAsync(3);

        Assert.That(Told(bench), Has.None.Contains("\"reminder\""));
    }

    [Test]
    public async Task Resolve_BeforeTheStepThatStartsTheWatchIsTriedAgain_NobodyIsToldAndNobodyResponds()
    {
        await using MonitorBench bench = await StartAsync();
        await OpenAsync(bench, async id =>
        {
            await bench.Host.Incidents.ResolveAsync(id, "ada");
            throw new AgentException(ErrorCode.EngineUnavailable, "The engine is overloaded.");
        });
        string id = (await bench.IncidentAsync()).Id;

        IOrchestrationClient loops = bench.Host.Get<IOrchestrationClient>();
        Assert.That(await loops.GetAsync(IncidentLoop.InstanceIdOf(id, 1)), Is.Null);
        Assert.That(await loops.GetAsync(ResponseLoop.InstanceIdOf(id, 1)), Is.Null);
        Assert.That(Told(bench), Is.Empty);
    }

    private static Task<MonitorBench> StartAsync() => MonitorBench.StartAsync(
        static monitor => monitor with
        {
            Agent = "watcher",
            Goal = "Find the cause.",
            Response = new ResponseRules { Runbook = "Look." },
            Escalation = [new EscalationStep { Notify = ["file"], RemindEvery = TimeSpan.FromMinutes(4) }],
        },
        static _ => ChatReply.Say("I looked."));

    /// <summary>Has a tick open an incident, and a person act right before the watch over it is started.</summary>
    private static async Task OpenAsync(MonitorBench bench, Func<string, Task> act)
    {
        bench.IsDown = true;
        bench.Host.Crash.Starting = async name =>
        {
            if (name == IncidentLoop.Name)
            {
                bench.Host.Crash.Starting = null;
                await act((await bench.IncidentAsync()).Id);
            }
        };
        await bench.TickAsync();
        bench.IsDown = false;
    }

    private static string[] Told(MonitorBench bench) =>
        File.Exists(bench.File("notifications.jsonl")) ? File.ReadAllLines(bench.File("notifications.jsonl")) : [];
}
