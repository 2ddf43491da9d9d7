using AgentFunctions.Conformance.Embedded;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite;

namespace AgentFunctions.Conformance.Golden;

/// <summary>
/// Histories that earlier versions recorded. Each must still be readable and must replay to the same decisions: runs that
/// were parked under those versions depend on it. To add one, write its orchestrator and run the explicit test; never
/// record an old one again.
/// </summary>
[CancelAfter(300_000)]
public sealed class GoldenHistoryTests
{
    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    private static DurableRegistry Registry { get; } = new DurableRegistry()
        .AddActivity<int, int>("next", (_, number) => Task.FromResult(number + 1))
        .AddActivity<int, int>("boom", (_, _) => throw new InvalidOperationException("käputt"))
        .AddOrchestrator<int, int>("child", (context, number) => context.CallActivityAsync<int>("next", number))
        .AddOrchestrator<int, string>("steps", async (context, number) =>
        {
            context.SetCustomStatus("begun");
            int one = await context.CallActivityAsync<int>("next", number);
            int[] many = await Task.WhenAll(Enumerable.Range(0, 3).Select(item => context.CallActivityAsync<int>("next", item)));
            try
            {
                await context.CallActivityAsync<int>("boom", 0,
                    new TaskOptions(new RetryPolicy(2, TimeSpan.FromMilliseconds(1))));
            }
            catch (TaskFailedException error)
            {
                return $"{one} {many.Sum()} {error.Failure.Message} {context.NewGuid() != default}";
            }

            return "";
        })
        .AddOrchestrator<int, int>("children", async (context, number) =>
        {
            int first = await context.CallSubOrchestratorAsync<int>("child", number,
                new SubOrchestrationOptions($"{context.InstanceId}-child"));
            int second = await context.CallSubOrchestratorAsync<int>("child", first);
            context.SendEvent("nobody", "done", second);
            return second;
        })
        .AddOrchestrator<int, string>("events", async (context, number) =>
        {
            using var cancel = new CancellationTokenSource();
            Task timer = context.CreateTimerAsync(context.CurrentTime.AddHours(1), cancel.Token);
            Task<string> answer = context.WaitForExternalEventAsync<string>("Answer");
            await Task.WhenAny(timer, answer);
            cancel.Cancel();
            await context.CreateTimerAsync(context.CurrentTime.AddMilliseconds(1));
            if (number == 0)
            {
                context.ContinueAsNew(1);
            }

            return await answer;
        })
        .AddOrchestrator<int, int>("held", async (context, _) =>
            await context.WaitForExternalEventAsync<int>("item") - await context.WaitForExternalEventAsync<int>("item"));

    private static IEnumerable<string> Files => GoldenFile.Names("");

    [TestCaseSource(nameof(Files))]
    public void History_OfAnEarlierVersion_ReplaysToTheSameDecisions(string file)
    {
        HistoryEvent[] history = GoldenFile.Read(file);
        Assert.That(history, Has.Length.GreaterThan(3));
        Assert.That(OrchestrationReplayer.Verify(history, Registry), Is.Null);
    }

    [Test]
    public void History_Altered_IsNoticed()
    {
        HistoryEvent[] history = GoldenFile.Read("steps-1.json");
        int step = Array.FindIndex(history, next => next is TaskScheduled);
        history[step] = (TaskScheduled)history[step] with { Input = "99" };
        Assert.That(OrchestrationReplayer.Verify(history, Registry), Does.Contain("99"));
    }

    [Test]
    [Explicit("Records the histories of this version; for a new orchestrator only.")]
    public async Task Record()
    {
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(Registry, isInMemory: true);
        IOrchestrationClient client = host.Client;
        await SaveAsync(client, "steps-1", await client.ScheduleAsync("steps", 1, null, Cancel));
        await SaveAsync(client, "children-1",
            await client.ScheduleAsync("children", 1, new StartOptions { InstanceId = "golden-children" }, Cancel));
        string events = await client.ScheduleAsync("events", 0,
            new StartOptions { StartAt = DateTimeOffset.UtcNow.AddMilliseconds(50) }, Cancel);
        await client.RaiseEventAsync(events, "ANSWER", "one", Cancel);
        await client.RaiseEventAsync(events, "answer", "two", Cancel);
        await SaveAsync(client, "events-1", events);
        string held = await client.ScheduleAsync("held", 0, null, Cancel);
        await client.RaiseEventAsync(held, "item", 5, Cancel);
        await client.SuspendAsync(held, "look", Cancel);
        await client.RaiseEventAsync(held, "item", 3, Cancel);
        await client.ResumeAsync(held, "go on", Cancel);
        await SaveAsync(client, "held-1", held);
    }

    private static async Task SaveAsync(IOrchestrationClient client, string name, string id)
    {
        await client.WaitForCompletionAsync(id, Cancel);
        await GoldenFile.SaveAsync(client, $"{name}.json", id, Cancel);
    }
}
