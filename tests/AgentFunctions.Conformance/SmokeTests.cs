using AgentFunctions.Durability;
using AgentFunctions.Sqlite;

namespace AgentFunctions.Conformance;

public sealed class SmokeTests
{
    [TestCase(true), TestCase(false), CancelAfter(30_000)]
    public async Task Everything_Small_Works(bool memory, CancellationToken token)
    {
        string file = memory ? ":memory:" : Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"), "a.db");
        DurableRegistry registry = new DurableRegistry()
            .AddActivity<int, int>("inc", (_, x) => Task.FromResult(x + 1))
            .AddActivity<int, int>("boom", (_, x) => throw new InvalidOperationException("boom"))
            .AddOrchestrator<int, int>("child", async (c, x) => await c.CallActivityAsync<int>("inc", x))
            .AddOrchestrator<int, int>("can", async (c, x) =>
            {
                int y = await c.CallActivityAsync<int>("inc", x);
                if (y < 5)
                {
                    c.ContinueAsNew(y);
                }

                return y;
            })
            .AddOrchestrator<int, string>("main", async (c, x) =>
            {
                for (int i = 0; i < 10; i++)
                {
                    x = await c.CallActivityAsync<int>("inc", x);
                }

                int[] all = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => c.CallSubOrchestratorAsync<int>("child", i)));
                await c.CreateTimerAsync(c.CurrentTime.AddMilliseconds(20));
                string failure = "";
                try
                {
                    await c.CallActivityAsync<int>("boom", 1, new TaskOptions(new RetryPolicy(2, TimeSpan.FromMilliseconds(1))));
                }
                catch (TaskFailedException e)
                {
                    failure = e.Failure.Message;
                }

                string name = await c.WaitForExternalEventAsync<string>("name");
                return $"{x} {all.Sum()} {failure} {name}";
            });
        var engine = new SqliteEngine(new SqliteEngineOptions { DataFile = file }, registry);
        await engine.StartAsync(token);
        string id = await engine.Client.ScheduleAsync("main", 1, null, token);
        string can = await engine.Client.ScheduleAsync("can", 1, null, token);
        await engine.Client.RaiseEventAsync(id, "NAME", "you", token);
        OrchestrationState state = await engine.Client.WaitForCompletionAsync(id, token);
        Assert.That(state.Output, Is.EqualTo("\"11 15 boom you\""));
        state = await engine.Client.WaitForCompletionAsync(can, token);
        Assert.That(state.Output, Is.EqualTo("5"));
        List<HistoryEvent> history = [];
        await foreach (HistoryEvent e in engine.Client.ReadHistoryAsync(id, token))
        {
            history.Add(e);
        }

        Assert.That(OrchestrationReplayer.Verify(history, registry), Is.Null);
        long pos = await engine.Logs.AppendAsync("a/b", [new byte[] { 1 }, new byte[] { 2 }], 0, token);
        Assert.That(pos, Is.Zero);
        Assert.That(await engine.Logs.AppendAsync("a/b", [new byte[] { 1 }], 2, token), Is.EqualTo(2));
        string etag = await engine.Records.PutAsync("k", new byte[] { 1 }, default, token);
        Assert.That((await engine.Records.GetAsync("k", token))!.Etag, Is.EqualTo(etag));
        string hash = await engine.Blobs.PutAsync(new byte[5], token);
        Assert.That((await engine.Blobs.GetAsync(hash, token))!.Value.Length, Is.EqualTo(5));
        await engine.DisposeAsync();
        if (!memory)
        {
            var again = new SqliteEngine(new SqliteEngineOptions { DataFile = file }, registry);
            await again.StartAsync(token);
            var ex = Assert.ThrowsAsync<AgentException>(async () => await new SqliteEngine(new SqliteEngineOptions { DataFile = file }, registry).StartAsync(token));
            TestContext.Out.WriteLine(ex!.Message);
            Assert.That(ex.Code, Is.EqualTo(ErrorCode.DataFileInUse));
            Assert.That((await again.Client.GetAsync(id, true, token))!.Output, Is.EqualTo("\"11 15 boom you\""));
            await again.DisposeAsync();
        }
    }
}
