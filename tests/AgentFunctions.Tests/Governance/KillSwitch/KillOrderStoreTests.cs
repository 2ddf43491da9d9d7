using System.Runtime.CompilerServices;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Keys;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;

namespace AgentFunctions.Tests.Governance.KillSwitch;

[CancelAfter(300_000)]
internal sealed class KillOrderStoreTests
{
    [Test]
    public async Task Order_GivenWhileALookReadsTheList_IsSeenByThatLookAndTheNext()
    {
        await using RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("done"));
        var records = new HeldLists(host.Get<IRecordStore>());
        var store = new KillOrderStore(records, host.Get<TreeKeys>(), TimeProvider.System);
        var order = new KillOrder(KillScope.Tool, "pay", "olga", null, DateTimeOffset.UnixEpoch);

        Task<IReadOnlyList<KillOrder>> look = store.ListAsync(default);
        await records.Reached;
        await store.AddAsync(order, default);
        records.GoOn();

        Assert.That(await look, Is.EqualTo(new[] { order }), "the call that looks begins after the order was given");
        Assert.That(await store.ListAsync(default), Is.EqualTo(new[] { order }));
    }

    /// <summary>Records whose lists are held once they are read.</summary>
    private sealed class HeldLists(IRecordStore inner) : IRecordStore
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public bool IsShared => inner.IsShared;

        public void GoOn() => _goOn.SetResult();

        public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken = default) =>
            inner.GetAsync(key, cancellationToken);

        public Task<string> PutAsync(
            string key, ReadOnlyMemory<byte> value, RecordCondition condition = default,
            CancellationToken cancellationToken = default) =>
            inner.PutAsync(key, value, condition, cancellationToken);

        public Task DeleteAsync(string key, RecordCondition condition = default, CancellationToken cancellationToken = default) =>
            inner.DeleteAsync(key, condition, cancellationToken);

        public async IAsyncEnumerable<StoredRecord> ListAsync(
            string prefix, string? after = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await foreach (StoredRecord record in inner.ListAsync(prefix, after, cancellationToken))
            {
                yield return record;
            }

            _reached.TrySetResult();
            await _goOn.Task;
        }
    }
}
