using AgentFunctions.AzureStorage;
using AgentFunctions.Ledger;
using AgentFunctions.Tools;

namespace AgentFunctions.AzureFunctions.Tests.Storage;

/// <summary>
/// The ledger on blobs, where a host that was killed has its steps delivered once more beside the first delivery.
/// </summary>
[CancelAfter(1_800_000)]
[Category(AzuriteServer.Category)]
internal sealed class LedgerOnBlobsTests
{
    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    private static readonly LedgerEntry s_begun = new("pay", LedgerState.Started, DateTimeOffset.UnixEpoch);
    private static readonly ToolOutcome s_paid = new("paid");
    private static readonly ToolOutcome s_unknown = ToolOutcome.Failed(ErrorCode.ToolOutcomeUnknown, "nobody can tell");

    [TestCase(false)]
    [TestCase(true)]
    public async Task Enter_ManyDeliveriesOfOneCall_LetsOneThrough(bool hadWaited)
    {
        var ledger = new CallLedger(new BlobRecordStore(AzuriteServer.Containers()));
        if (hadWaited)
        {
            await ledger.WriteAsync("run", 1, 0, s_begun with { State = LedgerState.Waiting }, Cancel);
        }

        LedgerEntry? known = await ledger.FindAsync("run", 1, 0, Cancel);
        bool[] through = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => BeginAsync()));

        Assert.That(through.Count(static one => one), Is.EqualTo(1));
        Assert.That((await ledger.FindAsync("run", 1, 0, Cancel))?.State, Is.EqualTo(LedgerState.Started));

        async Task<bool> BeginAsync()
        {
            try
            {
                return (await ledger.EnterAsync("run", 1, 0, s_begun with { Etag = known?.Etag }, Cancel)).IsOwner;
            }
            catch (AgentException e) when (e.IsTransient)
            {
                return false;
            }
        }
    }

    [Test]
    public async Task Finish_UnknownAfterTheOutcome_LeavesTheOutcome()
    {
        var ledger = new CallLedger(new BlobRecordStore(AzuriteServer.Containers()));
        LedgerEntry owner = await ledger.EnterAsync("run", 1, 0, s_begun, Cancel);
        LedgerEntry? other = await ledger.FindAsync("run", 1, 0, Cancel);

        await ledger.FinishAsync("run", 1, 0, owner with { Outcome = s_paid }, Cancel);
        LedgerEntry late = await ledger.FinishAsync("run", 1, 0, other! with { Outcome = s_unknown }, Cancel);

        Assert.That(late.Outcome, Is.EqualTo(s_paid));
        Assert.That((await ledger.FindAsync("run", 1, 0, Cancel))?.Outcome, Is.EqualTo(s_paid));
    }

    [TestCase(LedgerState.Finished)]
    [TestCase(LedgerState.Unknown)]
    public async Task Finish_OutcomeAfterAnUnknown_TheOwnerIsBelieved(LedgerState reported)
    {
        var ledger = new CallLedger(new BlobRecordStore(AzuriteServer.Containers()));
        LedgerEntry owner = await ledger.EnterAsync("run", 1, 0, s_begun, Cancel);
        LedgerEntry? other = await ledger.FindAsync("run", 1, 0, Cancel);
        await ledger.EnterAsync("run", 1, 0, other! with { State = reported, Outcome = s_unknown, ApprovalId = "question" },
            Cancel);

        await ledger.FinishAsync("run", 1, 0, owner with { Outcome = s_paid }, Cancel);

        LedgerEntry? entry = await ledger.FindAsync("run", 1, 0, Cancel);
        Assert.That((entry?.State, entry?.Outcome, entry?.ApprovalId), Is.EqualTo((LedgerState.Finished, s_paid, "question")));
    }

    [Test]
    public async Task Finish_OfTwoWithoutAnEffect_TheFirstCounts()
    {
        var ledger = new CallLedger(new BlobRecordStore(AzuriteServer.Containers()));
        ToolOutcome[] outcomes = [.. Enumerable.Range(0, 8).Select(static number => new ToolOutcome($"read {number}"))];

        LedgerEntry[] told = await Task.WhenAll(outcomes.Select(outcome => ledger.FinishAsync("run", 1, 0,
            s_begun with { Outcome = outcome }, Cancel)));

        ToolOutcome? counts = (await ledger.FindAsync("run", 1, 0, Cancel))?.Outcome;
        Assert.That(told.Select(static one => one.Outcome), Is.All.EqualTo(counts));
    }
}
