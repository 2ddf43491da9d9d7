using AgentFunctions.Governance.Approvals;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway;

/// <summary>Notes who has led a fork so far.</summary>
internal sealed class ForkLeaders(RunLineage lineage, RunSteerers steerers)
{
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
