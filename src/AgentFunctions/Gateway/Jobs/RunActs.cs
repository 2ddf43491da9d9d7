using AgentFunctions.Core.Text;
using AgentFunctions.Durability;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Gateway.Erasure;
using AgentFunctions.Loop;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway.Jobs;

/// <summary>Does what is done with several runs to one of them, as far as the roles of the caller go.</summary>
public sealed class RunActs
{
    private readonly RunAccess _access;
    private readonly RunSteering _steering;
    private readonly RunErasure _erasure;

    internal RunActs(RunAccess access, RunSteering steering, RunErasure erasure) =>
        (_access, _steering, _erasure) = (access, steering, erasure);

    /// <summary>Does it. It can be repeated.</summary>
    /// <param name="action">What to do.</param>
    /// <param name="run">The run.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="reason">The reason; required to erase.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">It may not be done, or cannot.</exception>
    public Task DoAsync(RunsAction action, string run, Caller caller, string? reason,
        CancellationToken cancellationToken = default) => DoAsync(action, run, caller, reason, null, cancellationToken);

    private async Task DoAsync(
        RunsAction action, string run, Caller caller, string? reason, string? key, CancellationToken cancellationToken)
    {
        await _access.EnsureAsync(caller, run, ActOf(action), cancellationToken).ConfigureAwait(false);
        await (action switch
        {
            RunsAction.Pause => _steering.PauseAsync(run, caller, key, cancellationToken),
            RunsAction.Resume => _steering.ResumeAsync(run, caller, key, cancellationToken),
            RunsAction.Cancel => _steering.CancelAsync(run, caller, reason, key, cancellationToken),
            _ => (Task)_erasure.EraseAsync(new EraseRequest(run, reason ?? ""), caller, cancellationToken),
        }).ConfigureAwait(false);
    }

    /// <summary>
    /// Does a step of a job. Each run has a key of the job, so that what a crash cut off is completed, and not done again to a
    /// run that a person has steered since.
    /// </summary>
    internal async Task<IReadOnlyList<RunFault>> RunAsync(ActivityContext context, RunsInput input)
    {
        const int MaxMessage = 120;
        var faults = new List<RunFault>();
        var caller = new Caller(input.By) { Roles = input.Roles };
        foreach (string run in input.Runs)
        {
            try
            {
                await DoAsync(input.Action, run, caller, input.Reason, $"{context.InstanceId}.{run}", context.CancellationToken)
                    .ConfigureAwait(false);
            }
            catch (AgentException e) when (!e.IsTransient)
            {
                if (input.Action != RunsAction.Erase || e.Code != ErrorCode.RunErased)
                {
                    faults.Add(new RunFault(run, e.Code, TextCut.Head(e.Message, MaxMessage)));
                }
            }
        }

        return faults;
    }

    private static RunAct ActOf(RunsAction action) => action switch
    {
        RunsAction.Resume => RunAct.Steer,
        RunsAction.Erase => RunAct.Erase,
        _ => RunAct.Stop,
    };
}
