using AgentFunctions.Durability;

namespace AgentFunctions.Conformance;

/// <summary>A running engine, as the suite sees it. One per test.</summary>
public abstract class ConformanceHost : IAsyncDisposable
{
    /// <summary>The port under test.</summary>
    public abstract IOrchestrationClient Client { get; }

    /// <summary>
    /// Makes the engine forget what it holds in memory, so that the next turn of every instance replays its history. An
    /// engine that replays at every turn has nothing to do.
    /// </summary>
    public abstract Task ForgetAsync();

    /// <summary>Looks over what a test that has passed left on record; an adapter that can replay a history does.</summary>
    public virtual Task VerifyAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
