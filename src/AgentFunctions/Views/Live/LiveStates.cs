using Microsoft.Extensions.Logging;

namespace AgentFunctions.Views.Live;

/// <summary>Looks where runs stand, for those who follow them.</summary>
internal sealed class LiveStates(RunReader runs, RunTreeReader trees, TreeNews news, TimeProvider time, ILogger<LiveStates> log)
{
    private readonly PerRun<SharedState> _states = new(id => new SharedState(id, runs, trees, news, time));

    /// <summary>Begins to look at a run, until the state is disposed of.</summary>
    /// <param name="runId">The run.</param>
    public LiveState Of(string runId) => new(runId, _states.Enter(runId), () => _states.Leave(runId), time, log);
}
