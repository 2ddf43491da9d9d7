namespace AgentFunctions.Sqlite.Orchestration;

/// <summary>Runs an orchestrator's continuations one after the other, on the thread of its turn and nowhere else.</summary>
/// <param name="onForeignThread">
/// Told when a continuation comes from outside a turn: the code awaited something of its own.
/// </param>
internal sealed class TurnContext(Action onForeignThread) : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _queue = new();
    private int _thread;

    /// <summary>Gets whether the caller is the turn's own thread.</summary>
    public bool IsOnTurn => _thread == Environment.CurrentManagedThreadId;

    /// <summary>Makes the calling thread the turn's.</summary>
    public void Enter() => _thread = Environment.CurrentManagedThreadId;

    /// <summary>Ends the turn.</summary>
    public void Leave() => _thread = 0;

    /// <summary>Runs the orchestrator's code, and then every continuation that it set free.</summary>
    /// <param name="code">The code.</param>
    public void Run(Action code)
    {
        SynchronizationContext? previous = Current;
        try
        {
            SetSynchronizationContext(this);
            code();
            while (_queue.TryDequeue(out (SendOrPostCallback Callback, object? State) next))
            {
                next.Callback(next.State);
            }
        }
        finally
        {
            SetSynchronizationContext(previous);
        }
    }

    /// <summary>Completes a task that the orchestrator's code awaits.</summary>
    /// <remarks>
    /// Without a current context, because the runtime would otherwise send the continuation of a
    /// <c>ConfigureAwait(false)</c> to the thread pool; so it stays on this thread too.
    /// </remarks>
    /// <param name="completion">Completes the task.</param>
    public void Complete(Action completion)
    {
        SynchronizationContext? previous = Current;
        SetSynchronizationContext(null);
        try
        {
            completion();
        }
        finally
        {
            SetSynchronizationContext(previous);
        }
    }

    /// <summary>Completes a task from a cancelled token, wherever that was cancelled.</summary>
    /// <param name="completion">Completes the task.</param>
    public void CompleteCancelled(Action completion)
    {
        if (IsOnTurn)
        {
            Complete(completion);
        }
        else
        {
            onForeignThread();
        }
    }

    /// <summary>Says that the code went on outside its turns.</summary>
    public void ReportForeignThread() => onForeignThread();

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (IsOnTurn)
        {
            _queue.Enqueue((d, state));
        }
        else
        {
            onForeignThread();
        }
    }

    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("An orchestrator's continuations run only in its turns.");

    public override SynchronizationContext CreateCopy() => this;
}
