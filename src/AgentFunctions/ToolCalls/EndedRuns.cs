using AgentFunctions.Core;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Ledger;
using AgentFunctions.Records;
using AgentFunctions.Runs;

namespace AgentFunctions.ToolCalls;

/// <summary>
/// Lets go of what this process remembers of runs that have ended: their messages and calls. The last few stay, since people go on
/// with them. Whatever goes on later is read again. What is known of a folder is bounded by itself: a run that was taken up again
/// may be at work in it.
/// </summary>
internal sealed class EndedRuns(Transcript transcript, CallLedger ledger, CallHistory history)
    : IRunEndObserver
{
    /// <summary>How many runs that have ended stay in memory.</summary>
    internal const int Remembered = 16;

    private readonly LinkedList<string> _ended = new();
    private readonly Lock _gate = new();

    /// <inheritdoc/>
    public Task RunEndedAsync(RunRecord run, CancellationToken cancellationToken)
    {
        if (LeavingFor(run.Id) is { } gone)
        {
            transcript.Forget(gone);
            ledger.Forget(gone);
            if (ChildName.LeadOf(gone) is null)
            {
                history.Forget(gone);
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>Notes that a run has ended.</summary>
    /// <returns>The run that is let go of for it; <see langword="null"/> for none.</returns>
    private string? LeavingFor(string run)
    {
        lock (_gate)
        {
            _ended.Remove(run);
            _ended.AddLast(run);
            if (_ended.Count <= Remembered)
            {
                return null;
            }

            string oldest = _ended.First!.Value;
            _ended.RemoveFirst();
            return oldest;
        }
    }
}
