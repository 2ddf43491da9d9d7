using AgentFunctions.Gateway;

namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>Cancels the run of a caller that has cancelled its wait, where that is set.</summary>
/// <param name="steering">Cancels runs.</param>
/// <param name="settings">Says whether.</param>
internal sealed class WaitingCaller(RunSteering steering, AIAgentOptions settings)
{
    /// <summary>Determines whether a caller has cancelled its wait, so that its run is to be cancelled.</summary>
    /// <param name="cancellationToken">The token of the wait.</param>
    public bool HasLeft(CancellationToken cancellationToken) =>
        settings.CancelRunWithCaller && cancellationToken.IsCancellationRequested;

    /// <summary>Cancels a run, unless it has ended.</summary>
    /// <param name="run">The run; <see langword="null"/> if none was submitted.</param>
    public async Task CancelAsync(string? run)
    {
        try
        {
            if (run is not null)
            {
                await steering
                    .CancelAsync(run, settings.Caller, "the caller gave up waiting", cancellationToken: CancellationToken.None)
                    .ConfigureAwait(false);
            }
        }
        catch (AgentException e) when (e.Code == ErrorCode.RunStateForbids)
        {
            // It has ended.
        }
    }
}
