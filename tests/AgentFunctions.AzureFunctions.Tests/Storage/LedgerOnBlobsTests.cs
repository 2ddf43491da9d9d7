using AgentFunctions.AzureFunctions.Storage;
using AgentFunctions.Storage;

namespace AgentFunctions.AzureFunctions.Tests.Storage;

/// <summary>The ledger on blobs, where a host that was killed has its steps delivered once more beside the first delivery.</summary>
[CancelAfter(60_000)]
public sealed class LedgerOnBlobsTests
{
    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [TestCase(false)]
    [TestCase(true)]
    public async Task Begin_ManyDeliveriesOfOneCall_LetsOneThrough(bool hadWaited)
    {
        var ledger = new Ledger(new BlobRecordStore(await AzuriteServer.EmptyAsync()));
        var begun = new LedgerEntry("pay", LedgerState.Started, DateTimeOffset.UnixEpoch);
        if (hadWaited)
        {
            await ledger.WriteAsync("run", 1, 0, begun with { State = LedgerState.Waiting }, Cancel);
        }

        LedgerEntry? known = await ledger.FindAsync("run", 1, 0, Cancel);
        bool[] through = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => BeginAsync()));

        Assert.That(through.Count(static one => one), Is.EqualTo(1));
        Assert.That((await ledger.FindAsync("run", 1, 0, Cancel))?.State, Is.EqualTo(LedgerState.Started));

        async Task<bool> BeginAsync()
        {
            try
            {
                await ledger.BeginAsync("run", 1, 0, begun, known, Cancel);
                return true;
            }
            catch (AgentException e) when (e.IsTransient)
            {
                return false;
            }
        }
    }
}
