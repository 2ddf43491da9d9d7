namespace AgentFunctions.Sqlite.Database;

/// <summary>A write that somebody waits for.</summary>
/// <typeparam name="T">What they get.</typeparam>
internal abstract class WriteJob<T> : WriteJob
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the write is on disk.</summary>
    public Task<T> Task => _completion.Task;

    /// <summary>What <see cref="WriteJob.Apply"/> found out.</summary>
    protected abstract T Result { get; }

    public override void Committed() => _completion.TrySetResult(Result);

    public sealed override void Failed(AgentException error) => _completion.TrySetException(error);
}
