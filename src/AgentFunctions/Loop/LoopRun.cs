using AgentFunctions.Budgets;
using AgentFunctions.Durability;
using AgentFunctions.Runs;

namespace AgentFunctions.Loop;

/// <summary>
/// A run at work, as the parts of its loop share it: its state, its accounts, what reaches it from outside, and what ends it.
/// </summary>
internal sealed class LoopRun : IDisposable
{
    /// <summary>What a message costs beyond its text: role, ids, separators; a generous bound in bytes.</summary>
    public const int MessageBytes = 256;

    /// <summary>How often in a row a model call may be cut off before the run gives up.</summary>
    private const int MaxLostCalls = 8;

    /// <summary>The custom status of a run is small on every engine.</summary>
    private const int MostWaitsShown = 16;

    public LoopRun(IOrchestrationContext context, RunState state)
    {
        Context = context;
        // A run's time begins when it has its place.
        State = state with
        {
            StartedAt = state.StartedAt ?? (state.QueueTicket is null ? context.CurrentTime : null),
            WaitingFor = null,
            Waits = null,
            PausedAt = null
        };
        Swarm = new SwarmFlow(context, State);
        Control = new RunControl(context, Swarm, state.Limits.StepTimeout, () => State.WaitingFor is not null);
    }

    public IOrchestrationContext Context { get; }

    public SwarmFlow Swarm { get; }

    public RunControl Control { get; }

    public RunState State { get; set; }

    /// <summary>Gets or sets the steps of this execution, and what takes as much room in its history.</summary>
    public int StepsTaken { get; private set; }

    /// <summary>Whether people have said something that the model has not been shown.</summary>
    public bool HasNews() => State.Inbox > State.InboxShown;

    /// <summary>
    /// The most tokens that the next request can have: what the provider counted, and the bytes of what came on top.
    /// </summary>
    public long InputBound() => State.ContextTokens + State.PendingBytes + ContextPolicy.HostBytes;

    /// <summary>What the run may still spend, by the prices of its own model.</summary>
    public BudgetGuard Guard() => Guard(State.Limits.Price);

    /// <summary>What the run may still spend, by other prices.</summary>
    public BudgetGuard Guard(ModelPrice? price) => new(Swarm.Own(State.Limits.Budget), price, State.Limits.MaxOutputTokens);

    /// <summary>What is left of what the run itself may spend; <see langword="null"/> if nothing is limited.</summary>
    public Budget? BudgetLeft() => State.Limits.Budget.IsUnlimited ? null : Swarm.Own(State.Limits.Budget).Minus(new Budget
    {
        Steps = State.Steps,
        Tokens = State.Usage.InputTokens + State.Usage.OutputTokens,
        Usd = State.Usage.Usd,
        WallClock = State.Elapsed(Context.CurrentTime),
    });

    public int NextModelCall()
    {
        State = State with { ModelCalls = State.ModelCalls + 1 };
        return State.ModelCalls;
    }

    /// <summary>Counts what a step consumed.</summary>
    /// <param name="steps">The steps.</param>
    /// <param name="criticalSteps">By how much the longest chain of steps grows.</param>
    /// <param name="usage">What models consumed.</param>
    /// <param name="model">
    /// The model that answered in place of the run's own; <see langword="null"/> if the run's own did.
    /// </param>
    public void Count(int steps, int criticalSteps, TokenUsage usage, string? model = null)
    {
        StepsTaken += steps;
        State = State with
        {
            Steps = State.Steps + steps,
            CriticalSteps = State.CriticalSteps + criticalSteps,
            Usage = State.Usage.Plus(usage),
            UsageOfOthers = model is null ? State.UsageOfOthers : ModelShares.With(State.UsageOfOthers, model, usage),
        };
    }

    /// <summary>Has the model told something before its next message.</summary>
    public void Tell(string notice) => State = State with
    {
        Notice = Notices.Join(State.Notice, notice),
        PendingBytes = State.PendingBytes + (4 * notice.Length) + MessageBytes,
    };

    public string? BudgetNotice()
    {
        double left = Guard().LeftShare(State.Steps, State.Usage);
        if (left > 0.2 || left > State.ToldAtShare / 2)
        {
            return null;
        }

        State = State with { ToldAtShare = left };
        return Notices.BudgetLeft(State);
    }

    /// <summary>Shows people what the run waits for; none for nothing.</summary>
    public void Show(IReadOnlyList<RunWait> waits)
    {
        if (waits.Count == 0)
        {
            Control.EndWait();
        }

        Swarm.HoldUp(waits.Count > 0);
        State = State with
        {
            WaitingFor = waits.Count == 0 ? null : waits[0],
            Waits = waits.Count < 2 ? null : [.. waits.Take(MostWaitsShown)],
        };
        Context.SetCustomStatus(State.Published);
    }

    /// <summary>Has the run's time stand still, or go on, where its limits say so.</summary>
    /// <param name="asks">Whether the run can do nothing but wait for answers to its questions.</param>
    public void HoldClock(bool asks)
    {
        if (State.Limits.PausesClock != true || asks == State.PausedAt is not null)
        {
            return;
        }

        if (asks)
        {
            State = State with { PausedAt = Context.CurrentTime };
            Control.HoldDeadline();
        }
        else
        {
            State = State with
            {
                Paused = (State.Paused ?? TimeSpan.Zero) + (Context.CurrentTime - State.PausedAt!.Value),
                PausedAt = null
            };
            Control.TakeUpDeadline(State.Deadline);
        }

        Context.SetCustomStatus(State.Published);
    }

    /// <summary>Waits as long as the provider asked for.</summary>
    public async Task WaitForCapacityAsync(TimeSpan pause)
    {
        DateTimeOffset until = Context.CurrentTime + pause;
        State = State with { WaitingFor = new RunWait(RunWait.ModelCapacity, until) };
        Context.SetCustomStatus(State.Published);
        using var woken = new CancellationTokenSource();
        Swarm.HoldUp(true);
        await Control.FinishedAsync(Context.CreateTimerAsync(until, woken.Token));
        Swarm.HoldUp(false);
        woken.Cancel();
        State = State with { WaitingFor = null };
        StepsTaken += State.Limits.CountsWaits == true ? 1 : 0;
    }

    /// <summary>The outcome, where the run must not go on.</summary>
    public RunOutcome? Stopped()
    {
        if (Control.Cancelled is { } request)
        {
            return Ended(RunStatus.Cancelled, null, request.Reason ?? $"Cancelled by {request.By}.");
        }

        LoopLimits limits = State.Limits;
        if (Control.IsStuck)
        {
            return Ended(RunStatus.Failed, nameof(ErrorCode.RunStuck), $"A step took longer than {limits.StepTimeout}.");
        }

        if (Control.IsTimeUp || Context.CurrentTime >= State.Deadline)
        {
            return Exhausted("time");
        }

        if (State.Rejections > 0 && State.Rejections >= limits.MaxRejections)
        {
            return Ended(RunStatus.Failed, nameof(ErrorCode.AnswerNotAccepted),
                $"The answer was not accepted {State.Rejections} times.");
        }

        return State.Turns >= limits.MaxTurns && State.Turns > 0 ? Exhausted("turns") : null;
    }

    /// <summary>A model call was cut off: it is counted at its worst and made again, but not for ever.</summary>
    public RunOutcome? Lost()
    {
        State = State with { LostCalls = State.LostCalls + 1 };
        return State.LostCalls > MaxLostCalls
            ? Ended(RunStatus.Failed, nameof(ErrorCode.ModelUnavailable),
                $"The model's answer was cut off {State.LostCalls} times in a row.")
            : null;
    }

    public RunOutcome Exhausted(string shortOf) =>
        Ended(RunStatus.BudgetExhausted, Notices.LimitCode(shortOf).ToString(), $"The run's budget of {shortOf} is used up.");

    public RunOutcome Ended(RunStatus status, string? code = null, string? message = null) =>
        new(status, State) { Code = code, Message = message };

    /// <summary>Stops listening, so that nothing of this execution stays open.</summary>
    public void Dispose()
    {
        Control.Dispose();
        Swarm.Dispose();
    }
}
