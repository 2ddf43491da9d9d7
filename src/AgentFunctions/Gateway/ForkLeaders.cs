using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway;

/// <summary>Gives a fork the past that policies and approvals go by: who has led it so far, and what was called.</summary>
internal sealed class ForkLeaders(RunLineage lineage, RunSteerers steerers, CallHistory calls)
{
    /// <summary>Gives a fork the calls of the tree that it goes on from. Safe to repeat.</summary>
    public async Task CopyCallsAsync(RunRecord fork, RunRecord source, CancellationToken cancellationToken)
    {
        RunRecord root = (await lineage.OfAsync(source, cancellationToken).ConfigureAwait(false)).Root;
        await calls.CopyAsync(root.Id, source.Id, fork.ForkedFrom!.Turn, fork.Id, fork.CreatedAt, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>
    /// Notes who asked for the first run and who steered it: what they said is in the messages that the fork begins with.
    /// </summary>
    public async Task NoteAsync(RunRecord fork, RunRecord source, CancellationToken cancellationToken)
    {
        RunRecord root = (await lineage.OfAsync(source, cancellationToken).ConfigureAwait(false)).Root;
        string[] led = [.. (await steerers.OfAsync(root.Id, cancellationToken).ConfigureAwait(false)).Append(root.Requester)
            .Where(one => one != fork.Requester)];
        if (led.Length > 0)
        {
            await steerers.AddAsync(fork.Id, led, cancellationToken).ConfigureAwait(false);
        }
    }
}
