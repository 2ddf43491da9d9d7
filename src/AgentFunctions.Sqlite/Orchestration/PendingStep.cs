using System.Text.Json;
using AgentFunctions.Durability;

namespace AgentFunctions.Sqlite.Orchestration;

/// <summary>A step that was asked for and whose outcome the orchestrator awaits.</summary>
/// <param name="scheduled">What the history says of it.</param>
internal abstract class PendingStep(HistoryEvent scheduled)
{
    /// <summary>Gets the recorded request.</summary>
    public HistoryEvent Scheduled { get; } = scheduled;

    /// <summary>Gets or sets whether the outcome is recorded but held back, because the instance is suspended.</summary>
    public bool IsOutcomeRecorded { get; set; }

    /// <summary>Completes the task that the code awaits.</summary>
    /// <param name="taskId">The number of the step.</param>
    /// <param name="outcome">What is recorded of the outcome.</param>
    public void Resolve(int taskId, HistoryEvent outcome)
    {
        switch (outcome)
        {
            case TaskCompleted completed:
                Complete(completed.Result);
                break;
            case SubOrchestrationCompleted completed:
                Complete(completed.Result);
                break;
            case TimerFired:
                Complete("true");
                break;
            case TaskFailed failed:
                Fail(new TaskFailedException(((TaskScheduled)Scheduled).Name, taskId, failed.Failure));
                break;
            case SubOrchestrationFailed failed:
                Fail(new TaskFailedException(((SubOrchestrationCreated)Scheduled).Name, taskId, failed.Failure));
                break;
        }
    }

    protected abstract void Complete(string? result);

    protected abstract void Fail(TaskFailedException failure);
}

/// <summary>A pending step whose result has a type.</summary>
/// <typeparam name="T">The type, read from JSON.</typeparam>
/// <param name="scheduled">What the history says of it.</param>
internal sealed class PendingStep<T>(HistoryEvent scheduled) : PendingStep(scheduled)
{
    // Not RunContinuationsAsynchronously: that would leave the turn's thread.
    private readonly TaskCompletionSource<T> _completion = new();

    public Task<T> Task => _completion.Task;

    protected override void Complete(string? result)
    {
        T value;
        try
        {
            value = DurableJson.Deserialize<T>(result)!;
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            _completion.SetException(error);
            return;
        }

        _completion.SetResult(value);
    }

    protected override void Fail(TaskFailedException failure) => _completion.SetException(failure);

    /// <summary>Ends the wait; used for timers.</summary>
    /// <param name="cancellationToken">The token that asked for it.</param>
    public void Cancel(CancellationToken cancellationToken) => _completion.TrySetCanceled(cancellationToken);
}
