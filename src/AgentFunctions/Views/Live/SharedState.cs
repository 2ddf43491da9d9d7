using AgentFunctions.Runs;

namespace AgentFunctions.Views.Live;

/// <summary>Represents where a run and those below it stand, as all followers on this host look at it.</summary>
/// <param name="runId">The run.</param>
/// <param name="runs">Reads runs.</param>
/// <param name="trees">Reads their trees.</param>
/// <param name="news">Hears of what happens below the run.</param>
/// <param name="time">The clock.</param>
internal sealed class SharedState(string runId, RunReader runs, RunTreeReader trees, TreeNews news, TimeProvider time)
    : IDisposable
{
    /// <summary>Gets the run.</summary>
    public SharedRead<Run> Run { get; } = new(
        () => runs.GetAsync(runId, CancellationToken.None), TimeSpan.FromMilliseconds(100), time);

    /// <summary>Gets the run and those below it.</summary>
    public SharedRead<RunTree> Tree { get; } = new(
        () => trees.GetAsync(runId, CancellationToken.None), TimeSpan.FromSeconds(1), time);

    /// <summary>Gets what is heard of the runs below.</summary>
    public RunNews News { get; } = news.Enter(runId);

    /// <summary>Hears no more.</summary>
    public void Dispose() => news.Leave(runId);
}
