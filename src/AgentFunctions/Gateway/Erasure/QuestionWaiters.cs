using AgentFunctions.Durability;
using AgentFunctions.Governance.Questions;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>
/// Purges the orchestrations that wait for answers which their runs do not wait for: their ids do not begin with those of the
/// runs.
/// </summary>
internal sealed class QuestionWaiters(TreeContents contents, IOrchestrationClient orchestrations)
{
    /// <summary>Ends and purges what waits for the questions of runs.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="cancellationToken">The token to stop.</param>
    /// <returns>How many were purged, and whether some are left for the next time.</returns>
    public async Task<(int Purged, bool AreLeft)> PurgeAsync(IReadOnlyList<string> runs, CancellationToken cancellationToken)
    {
        int count = 0;
        bool areLeft = false;
        foreach (string run in runs)
        {
            foreach (string question in await contents.QuestionIdsAsync(run, cancellationToken).ConfigureAwait(false))
            {
                string waiter = Question.WaiterOf(question);
                if (await orchestrations.GetAsync(waiter, false, cancellationToken).ConfigureAwait(false) is not { } state)
                {
                    continue;
                }

                if (!state.IsEnded)
                {
                    await orchestrations.TerminateAsync(waiter, null, true, cancellationToken).ConfigureAwait(false);
                }

                int purged = await orchestrations.PurgeAsync(waiter, cancellationToken).ConfigureAwait(false);
                count += purged;
                areLeft |= purged == 0;
            }
        }

        return (count, areLeft);
    }
}
