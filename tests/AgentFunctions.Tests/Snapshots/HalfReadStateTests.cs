using System.Runtime.CompilerServices;
using AgentFunctions.Runs;
using AgentFunctions.Snapshots;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.Storage;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.Snapshots;

/// <summary>The log of a tree is read by one call while others come, or not to its end.</summary>
[CancelAfter(300_000)]
internal sealed class HalfReadStateTests
{
    private const string Root = "tree";

    [Test]
    public async Task State_AnotherCallReadsTheLog_IsHandedOutWhole()
    {
        await using RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("done"));
        (FolderSnapshots snapshots, HeldReads logs) = await StartAsync(host);

        Task<FolderState> first = snapshots.StateAsync(Root, default).AsTask();
        await logs.Reached;
        Task<FolderState> second = snapshots.StateAsync(Root, default).AsTask();
        Assert.That(second.IsCompleted, Is.False, "it waits for what is not read yet");
        logs.GoOn();

        Assert.That((await second).Begun($"{Root}/1/2"), Is.Not.Null);
        Assert.That(await second, Is.SameAs(await first));
        Assert.That(logs.Reads, Is.EqualTo(1), "who has waited does not read once more");
    }

    [Test]
    public async Task State_TheFirstReadIsCancelled_IsReadOn()
    {
        await using RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("done"));
        (FolderSnapshots snapshots, HeldReads logs) = await StartAsync(host);
        using var leaving = new CancellationTokenSource();

        Task<FolderState> first = snapshots.StateAsync(Root, leaving.Token).AsTask();
        await logs.Reached;
        await leaving.CancelAsync();
        Assert.That(async () => await first, Throws.InstanceOf<OperationCanceledException>());
        logs.GoOn();

        FolderState state = await snapshots.StateAsync(Root, default);
        Assert.That(state.Begun($"{Root}/1/1"), Is.Not.Null);
        Assert.That(state.Begun($"{Root}/1/2"), Is.Not.Null);
    }

    private static async Task<(FolderSnapshots Snapshots, HeldReads Logs)> StartAsync(RunHost host)
    {
        var logs = new HeldReads(host.Get<ILogStore>());
        var log = new SnapshotLog(logs);
        for (int call = 1; call <= 2; call++)
        {
            var begun = new SnapshotEntry(SnapshotKind.Begun, DateTimeOffset.UnixEpoch) { Run = Root, Turn = 1, Call = call };
            await log.AppendAsync(Root, [begun], default);
        }

        var snapshots = new FolderSnapshots(
            log, host.Get<SnapshotContents>(), host.Get<IWriteGroups>(), host.Get<IOptions<RunOptions>>(), TimeProvider.System);
        return (snapshots, logs);
    }

    /// <summary>Logs whose readers are held after the first entry.</summary>
    private sealed class HeldReads(ILogStore inner) : DelegatingLogStore(inner)
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public int Reads { get; private set; }

        public void GoOn() => _goOn.SetResult();

        public override async IAsyncEnumerable<LogEntry> ReadAsync(
            string stream, long fromPosition = 0, int? maxCount = null,
            [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            Reads++;
            await foreach (LogEntry entry in base.ReadAsync(stream, fromPosition, maxCount, cancellationToken))
            {
                yield return entry;
                _reached.TrySetResult();
                await _goOn.Task.WaitAsync(cancellationToken);
            }
        }
    }
}
