using AgentFunctions.Governance.Policies;
using AgentFunctions.Tests.Views.Live;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Governance.Policies;

/// <summary>What a decision sees of the calls before it.</summary>
[CancelAfter(300_000)]
internal sealed class CallHistoryTests
{
    [Test]
    public async Task Decide_PassIsRepeated_DoesNotCountTheCallItself(CancellationToken cancellationToken)
    {
        var history = new CallHistory(new CountingLog());
        foreach (int turn in (int[])[1, 2, 3])
        {
            Assert.That(await DecideAsync(turn), Is.EqualTo(turn - 1));
        }

        Assert.That(await DecideAsync(3), Is.EqualTo(2), "a crash came before the ledger knew of it");
        Assert.That(await DecideAsync(3), Is.EqualTo(2));
        Assert.That(await DecideAsync(4), Is.EqualTo(3), "for another call it counts once");

        Task<int> DecideAsync(int turn) => history.DecideAsync(
            "root", new CallHistory.CallPlace("run", turn, 0), static calls => calls.Count,
            _ => new PastCall("run", turn, 0, "pay", ToolEffect.NotIdempotent, DateTimeOffset.UnixEpoch), cancellationToken);
    }
}
