using System.Diagnostics.CodeAnalysis;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Orchestration;

namespace AgentFunctions.Sqlite.Runtime;

/// <summary>One recorded request for an activity.</summary>
/// <param name="Instance">Who asked.</param>
/// <param name="Execution">In which execution.</param>
/// <param name="Request">What was asked.</param>
/// <param name="CancellationToken">Cancelled when nobody waits for the result any more or the host stops.</param>
internal sealed record ActivityCall(Instance Instance, Guid Execution, TaskScheduled Request,
    CancellationToken CancellationToken);

/// <summary>Runs activities on the thread pool, a bounded number at a time, first come first served.</summary>
/// <param name="engine">The engine.</param>
internal sealed class ActivityDispatcher(EngineCore engine)
{
    private readonly Lock _gate = new();
    private readonly Queue<ActivityCall> _waiting = new();
    private TaskCompletionSource? _idle;
    private int _running;

    /// <summary>Gets how many calls wait.</summary>
    public int Backlog => _waiting.Count;

    public void Enqueue(ActivityCall call)
    {
        lock (_gate)
        {
            // After a stop was asked for, a call stays on record and is made at the next start.
            if (engine.Stopping.IsCancellationRequested)
            {
                return;
            }

            if (_running == engine.Options.MaxConcurrentActivities)
            {
                _waiting.Enqueue(call);
                return;
            }

            _running++;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.Dispatcher.WorkAsync(work.Call),
            (Dispatcher: this, Call: call), preferLocal: false);
    }

    /// <summary>Waits until no activity runs, or until the time is over.</summary>
    /// <param name="timeout">How long.</param>
    public async Task WhenIdleAsync(TimeSpan timeout)
    {
        Task idle;
        lock (_gate)
        {
            _waiting.Clear();
            if (_running == 0)
            {
                return;
            }

            _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            idle = _idle.Task;
        }

        await Task.WhenAny(idle, Task.Delay(timeout, engine.Time, CancellationToken.None)).ConfigureAwait(false);
    }

    private async Task WorkAsync(ActivityCall? call)
    {
        while (call is not null)
        {
            await RunAsync(call).ConfigureAwait(false);
            call = Next();
        }
    }

    private ActivityCall? Next()
    {
        lock (_gate)
        {
            if (_waiting.TryDequeue(out ActivityCall? next))
            {
                return next;
            }

            if (--_running == 0)
            {
                _idle?.TrySetResult();
            }

            return null;
        }
    }

    private async Task RunAsync(ActivityCall call)
    {
        if (engine.Stopping.IsCancellationRequested || call.Instance.IsGone)
        {
            return;
        }

        var writes = new StepWrites(engine.Writer);
        HistoryEvent? outcome = await OutcomeAsync(call, writes).ConfigureAwait(false);
        if (outcome is null || !call.Instance.Post(new Message
        {
            Event = outcome,
            Execution = call.Execution,
            LastWrites = writes.Any && outcome is TaskCompleted ? writes : null,
        }))
        {
            // No turn comes after what the step has written.
            engine.Writer.Wake();
        }
    }

    /// <summary>Makes a call; <see langword="null"/> if nothing came of it because the host stops.</summary>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types",
        Justification = "Whatever an activity throws is its outcome.")]
    private async Task<HistoryEvent?> OutcomeAsync(ActivityCall call, StepWrites writes)
    {
        TaskScheduled request = call.Request;
        try
        {
            if (!engine.Registry.Activities.TryGetValue(request.Name, out ActivityDelegate? activity))
            {
                throw new AgentException(
                    ErrorCode.NotRegistered,
                    $"No activity '{request.Name}' is registered; register it under this name, or correct the name.");
            }

            var context = new ActivityContext(call.Instance.Id, request.Name, request.TaskId, call.CancellationToken)
            {
                LastWrites = writes,
            };
            string? result = await activity(context, request.Input).ConfigureAwait(false);
            OrchestrationLimits.Check(result, $"result of activity '{request.Name}'", engine.Options.MaxPayloadBytes);
            return new TaskCompleted(engine.Time.GetUtcNow(), request.TaskId, result);
        }
        catch (Exception error)
        {
            // A host that stops makes activities fail that have done nothing wrong: they are delivered again.
            return engine.Stopping.IsCancellationRequested
                ? null
                : new TaskFailed(engine.Time.GetUtcNow(), request.TaskId, FailureDetails.FromException(error));
        }
    }
}
