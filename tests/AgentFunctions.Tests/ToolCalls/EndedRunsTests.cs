using AgentFunctions.Governance.Policies;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.Storage;
using AgentFunctions.ToolCalls;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.ToolCalls;

/// <summary>What is remembered of runs that have ended.</summary>
[CancelAfter(300_000)]
internal sealed class EndedRunsTests
{
    [Test]
    public async Task Ended_ManyOthersEndToo_IsLetGoOf()
    {
        ReadLogs? logs = null;
        await using RunHost host = await RunHost.StartAsync(
            services => services.AddSingleton<ILogStore>(provider =>
                logs = new ReadLogs(provider.GetRequiredService<SqliteEngine>().Logs)),
            static _ => ChatReply.Say("done"));
        Run run = await host.RunAsync();
        RunRecord record = await host.Get<RunStore>().GetAsync(run.Id);
        IRunEndObserver ended = host.Get<IEnumerable<IRunEndObserver>>().OfType<EndedRuns>().Single();
        await host.Get<CallHistory>().EnterAsync(
            run.Id, new PastCall(run.Id, 1, 0, "pay", ToolEffect.None, DateTimeOffset.UnixEpoch), default);
        await ReadAsync(host, run.Id);

        await EndAsync(EndedRuns.Remembered - 1);
        logs!.Streams.Clear();
        await ReadAsync(host, run.Id);
        Assert.That(logs.Streams, Is.EqualTo(new[] { $"history/{run.Id} from 1" }), "people may go on with it");

        await EndAsync(EndedRuns.Remembered);
        logs.Streams.Clear();
        await ReadAsync(host, run.Id);
        Assert.That(logs.Streams, Is.EqualTo(new[] { $"transcripts/{run.Id} from 0", $"history/{run.Id} from 0" }));

        async Task EndAsync(int count)
        {
            for (int i = 0; i < count; i++)
            {
                await ended.RunEndedAsync(record with { Id = $"other{i}" }, default);
            }
        }
    }

    private static async Task ReadAsync(RunHost host, string run)
    {
        TranscriptWindow window = await host.Get<Transcript>().ReadWindowAsync(run, new ContextRef());
        Assert.That(window.Entries, Is.Not.Empty);
        int calls = await host.Get<CallHistory>().DecideAsync(
            run, new CallHistory.CallPlace(run, 9, 0), static calls => calls.Count, static _ => null, default);
        Assert.That(calls, Is.EqualTo(1));
    }

    private sealed class ReadLogs(ILogStore inner) : DelegatingLogStore(inner)
    {
        public List<string> Streams { get; } = [];

        public override IAsyncEnumerable<LogEntry> ReadAsync(
            string stream, long fromPosition = 0, int? maxCount = null, CancellationToken cancellationToken = default)
        {
            lock (Streams)
            {
                Streams.Add($"{stream} from {fromPosition}");
            }

            return base.ReadAsync(stream, fromPosition, maxCount, cancellationToken);
        }
    }
}
