using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Views;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>Finds the tasks of an agent.</summary>
internal sealed class A2ATasks(RunStands stands)
{
    /// <summary>Finds a task of an agent.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="id">The task.</param>
    /// <param name="caller">Who looks.</param>
    /// <param name="act">What the caller wants to do with it.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="A2AException">There is none that the caller may see.</exception>
    public async Task<RunStand> FindAsync(
        string agent, string id, Caller caller, RunAct act, CancellationToken cancellationToken)
    {
        RunStand? stand = RunReader.IsRunId(id) ? await stands.GetAsync(id, caller, act, cancellationToken) : null;
        return stand is { } found && found.Run.Agent == agent ? found : throw A2AException.NotFound(id);
    }
}
