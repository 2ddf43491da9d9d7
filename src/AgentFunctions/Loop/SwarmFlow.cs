using AgentFunctions.Budgets;
using AgentFunctions.Core;
using AgentFunctions.Durability;
using AgentFunctions.Runs;

namespace AgentFunctions.Loop;

/// <summary>
/// The sub-agents of a run. Each is a sub-orchestration, but none is awaited as such, since that wait would not survive
/// when the run continues as new: a sub-agent reports its end by an event.
/// </summary>
internal sealed class SwarmFlow : IDisposable
{
    /// <summary>More steps than the largest tree needs.</summary>
    private const int MaxEndSteps = 200;

    private readonly IOrchestrationContext _context;
    private readonly CancellationTokenSource _stopped = new();
    private readonly Alarm _alarm;
    private readonly Queue<ChildEnded> _lost = [];
    private readonly Task<ChildEnded> _never = new TaskCompletionSource<ChildEnded>().Task;
    private RunState _lead;
    private SwarmState? _swarm;
    private bool _isHeldUp;
    private SwarmGains _gains = new();
    private Task<ChildEnded> _next;
    private TaskCompletionSource _oneIsLost = new();
    private TaskCompletionSource _changed = new();

    public SwarmFlow(IOrchestrationContext context, RunState lead)
    {
        _context = context;
        _lead = lead;
        _swarm = lead.Limits.Swarm is null ? null : lead.Swarm ?? new SwarmState();
        _alarm = new Alarm(context);
        _next = Listen();
        Next = _next;
    }

    /// <summary>Completes when a sub-agent has ended that <see cref="Receive"/> has not taken in.</summary>
    public Task Next { get; private set; }

    /// <summary>Gets how many sub-agents were started or have ended in this execution: each takes room in its history.</summary>
    public int Events { get; private set; }

    /// <summary>Gets or sets how many steps the lead itself has taken in this execution.</summary>
    public int StepsOfLead { get; set; }

    /// <summary>Gets whether a sub-agent is at work.</summary>
    public bool IsAtWork => _swarm is { Live.Count: > 0 };

    private bool IsDraining => SwarmDrain.IsDue(_lead.Limits, _swarm, StepsOfLead + Events);

    /// <summary>Gets whether the turn waits for sub-agents.</summary>
    public bool IsWaiting => _swarm is { Awaited: > 0 } or { Waits.Count: > 0 };

    /// <summary>
    /// Notes whether a step of the lead waits for people or for work elsewhere. Its execution cannot end meanwhile, so queued
    /// sub-agents begin once no other is at work.
    /// </summary>
    public void HoldUp(bool isHeldUp)
    {
        _isHeldUp = isHeldUp;
        if (isHeldUp && IsDraining)
        {
            StartQueued();
        }
    }

    /// <summary>Takes in the sub-agents that have ended, and starts others in their place.</summary>
    public void Receive()
    {
        if (_swarm is null)
        {
            return;
        }

        while (_next.IsCompletedSuccessfully)
        {
            ChildEnded ended = _next.Result;
            _next = Listen();
            TakeIn(ended);
        }

        while (_lost.TryDequeue(out ChildEnded? lost))
        {
            TakeIn(lost);
        }

        _oneIsLost = new TaskCompletionSource();
        Next = Task.WhenAny(_next, _oneIsLost.Task);
        StartQueued();
    }

    /// <summary>Brings the run's state up to what the sub-agents did.</summary>
    public RunState Apply(RunState state)
    {
        Receive();
        if (_swarm is not null)
        {
            SwarmGains gains = _gains;
            _gains = new SwarmGains();
            state = state with
            {
                Swarm = _swarm,
                Steps = state.Steps + gains.Steps,
                Usage = state.Usage.Plus(gains.Usage),
                UsageOfOthers = ModelShares.Sum(state.UsageOfOthers, gains.UsageOfOthers),
                CriticalSteps = Math.Max(state.CriticalSteps, gains.CriticalSteps),
                PendingBytes = state.PendingBytes + gains.Bytes,
                Limits = gains.Extra.IsUnlimited
                    ? state.Limits
                    : state.Limits with { Budget = state.Limits.Budget.Plus(gains.Extra) },
            };
        }

        _lead = state;
        return state;
    }

    /// <summary>What the run itself may spend: all but what its sub-agents hold or will.</summary>
    public Budget Own(Budget granted) => _swarm is null ? granted : granted.Minus(SwarmGrants.Reserved(_swarm));

    /// <summary>What a call may ask for; <see langword="null"/> if it is not one of the loop's.</summary>
    /// <param name="asked">The tools that the turn calls.</param>
    /// <param name="call">The number of the call.</param>
    public SwarmAllowance? Allow(IReadOnlyList<string> asked, int call) =>
        _swarm is null || !SwarmToolNames.IsOne(asked[call]) ? null : SwarmGrants.Allowance(_lead, _swarm, asked, call);

    /// <summary>What a call may ask for that is taken up again.</summary>
    public SwarmAllowance Resume(ChildWait due) => SwarmGrants.Allowance(_lead, _swarm!, [SwarmToolNames.Reduce], 0) with
    {
        Phase = due.Phase + 1,
        Names = due.Names,
        AtWork = [.. _swarm!.Live.Select(static child => child.Name)],
    };

    /// <summary>Does what the calls of a turn asked for.</summary>
    /// <param name="state">The run, with the calls counted.</param>
    /// <param name="turn">The turn.</param>
    /// <param name="requests">What was asked for, by call.</param>
    /// <returns>The run's state.</returns>
    public RunState Admit(RunState state, int turn, IEnumerable<(int Call, SwarmRequest? Request)> requests)
    {
        state = Apply(state);
        if (_swarm is null)
        {
            return state;
        }

        List<ChildBatch> added = [];
        foreach ((int call, SwarmRequest? request) in requests)
        {
            if (request?.Start is { } start)
            {
                added.Add(ChildBatch.Of(turn, call, start, _lead.CriticalSteps));
            }

            if (request?.Wait is { } wait)
            {
                int open = _swarm.Live.Count + _swarm.Queued;
                int target = _swarm.Ended + Math.Min(open, wait.Count ?? open);
                _swarm = _swarm with { Waits = [.. _swarm.Waits, wait with { Turn = turn, Call = call, EndedTarget = target }] };
            }

            if (request?.Grant is { } grant)
            {
                Grant(grant);
            }
        }

        if (added.Count > 0)
        {
            Enqueue(added);
            StartQueued();
        }

        return Apply(state);
    }

    /// <summary>The next call to take up again; <see langword="null"/> if all must wait on.</summary>
    /// <param name="hasNews">Whether somebody has said something that the model should hear.</param>
    public ChildWait? TakeDue(bool hasNews)
    {
        if (_swarm is not { Waits.Count: > 0, Awaited: 0 } swarm)
        {
            return null;
        }

        ChildWait? due = swarm.Waits.FirstOrDefault(wait => (hasNews && !wait.Patient) || wait.Until <= _context.CurrentTime
            || swarm.IsOver(wait));
        if (due is not null)
        {
            _swarm = swarm with { Waits = [.. swarm.Waits.Where(wait => wait != due)] };
        }

        return due;
    }

    /// <summary>Completes when a sub-agent has ended or <see cref="Wake"/> was called, or when it is time to look.</summary>
    public Task ChangedAsync()
    {
        _changed = new TaskCompletionSource();
        IEnumerable<DateTimeOffset?> moments = [.. _swarm!.Waits.Select(static wait => wait.Until),
            .. _swarm.Live.Select(static child => child.Until)];
        return Task.WhenAny(_changed.Task, _alarm.At(moments.Min()));
    }

    /// <summary>Has more patience with a sub-agent that was given more time.</summary>
    /// <param name="name">The sub-agent.</param>
    /// <param name="more">How much more.</param>
    public void Await(string name, TimeSpan more)
    {
        if (_swarm?.Live.FirstOrDefault(live => live.Name == name) is { } child)
        {
            _swarm = _swarm.With(child, child with { Until = child.Until + more });
            Wake();
        }
    }

    /// <summary>Ends the wait for a change.</summary>
    public void Wake() => _changed.TrySetResult();

    /// <summary>Gives up sub-agents that should have ended long ago and never said that they did.</summary>
    public void GiveUpOverdue()
    {
        foreach (LiveChild child in _swarm!.Live.Where(child => child.Until <= _context.CurrentTime))
        {
            Tell(child, new RunCommand(_context.InstanceId) { Cancel = true, Reason = "It should have ended long ago." });
            TakeIn(ChildEnded.Lost(child));
        }
    }

    /// <summary>Ends all sub-agents and waits until they have: a run never ends before them.</summary>
    /// <param name="state">The run.</param>
    /// <returns>The run's state.</returns>
    public async Task<RunState> EndAsync(RunState state)
    {
        if (_swarm is null)
        {
            return state;
        }

        _swarm = _swarm with { Queue = [], Pool = null, Waits = [], Awaited = 0 };
        Receive();
        foreach (LiveChild child in _swarm.Live)
        {
            Tell(child, new RunCommand(_context.InstanceId) { Cancel = true, Reason = "The run that it works for has ended." });
        }

        if (!await AllHaveEndedAsync())
        {
            string[] deaf = [.. _swarm.Live.Select(child => ChildName.RunId(_context.InstanceId, child.Name))];
            await EndAsync(new EndChildrenInput(deaf));
            foreach (LiveChild child in _swarm.Live)
            {
                TakeIn(ChildEnded.Lost(child));
            }
        }

        return Apply(state);
    }

    /// <summary>Ends those that are deaf, a bounded number in a step.</summary>
    private async Task EndAsync(EndChildrenInput deaf)
    {
        for (int step = 0; step < MaxEndSteps
            && !await _context.CallActivityAsync<bool>(StepNames.EndChildren, deaf, StepOptions.Tool); step++)
        {
        }
    }

    public void Dispose()
    {
        _alarm.Dispose();
        _stopped.Cancel();
        _stopped.Dispose();
    }

    private async Task<bool> AllHaveEndedAsync()
    {
        using var over = new CancellationTokenSource();
        Task? grace = null;
        while (_swarm!.Live.Count > 0 && grace?.IsCompleted != true)
        {
            grace ??= _context.CreateTimerAsync(_context.CurrentTime + SwarmGrants.EndGrace, over.Token);
            await Task.WhenAny(Next, grace);
            Receive();
        }

        over.Cancel();
        return _swarm.Live.Count == 0;
    }

    private void Enqueue(List<ChildBatch> added)
    {
        int awaited = added.Where(static batch => batch.Awaited).Sum(static batch => batch.Count);
        int resultBytes = SwarmGrants.ResultBytes(_lead, awaited);
        Budget pool = SwarmGrants.PoolFor(SwarmGrants.Available(_lead, _swarm!), added);
        _swarm = _swarm! with
        {
            Pool = _swarm.Pool?.Plus(pool) ?? pool,
            Queue = SwarmQueue.With(_swarm.Queue, added.Select(batch => batch with { ResultBytes = resultBytes })),
            Awaited = _swarm.Awaited + awaited,
        };
    }

    private void TakeIn(ChildEnded ended)
    {
        if (_swarm!.Live.FirstOrDefault(live => live.Name == ended.Name) is not { } child)
        {
            // It has reported already.
            return;
        }

        Events++;
        _gains = _gains.With(ended, child);
        Budget unspent = child.Granted.Minus(BudgetSplit.Spent(ended.Steps, ended.Usage));
        _swarm = _swarm with
        {
            Live = [.. _swarm.Live.Where(live => live != child)],
            Ended = _swarm.Ended + 1,
            Failed = _swarm.Failed + (ended.Status == RunStatus.Completed ? 0 : 1),
            Descendants = _swarm.Descendants + ended.SubAgents,
            Steps = _swarm.Steps + ended.Steps,
            Usage = _swarm.Usage.Plus(ended.Usage),
            Awaited = _swarm.Awaited - (child.Awaited ? 1 : 0),
            Pool = _swarm.Pool?.Plus(unspent with { WallClock = null, SubAgents = null }),
        };
        Wake();
    }

    /// <summary>Starts as many as may be at work, each with its share of what is kept for all that wait.</summary>
    private void StartQueued()
    {
        bool mayStart = !IsDraining || (_isHeldUp && !IsAtWork);
        while (mayStart && _swarm is { Queue.Count: > 0 } swarm
            && SwarmGrants.ConcurrentOfNext(swarm, _lead.Limits.Swarm!) is { } concurrent)
        {
            ChildBatch batch = swarm.Queue[0];
            LiveChild child = SwarmGrants.NextOf(_lead, swarm, concurrent, _context.CurrentTime);
            IReadOnlyList<ChildBatch> rest = SwarmQueue.WithoutFirst(swarm.Queue);
            _swarm = swarm with
            {
                Queue = rest,
                Live = [.. swarm.Live, child],
                Started = swarm.Started + 1,
                Pool = rest.Count == 0 ? null : swarm.Pool?.Minus(child.Granted),
            };
            Events++;
            mayStart = _isHeldUp || !IsDraining;
            _ = RunAsync(child, batch.FirstOf(child, _context.InstanceId));
        }
    }

    private async Task RunAsync(LiveChild child, RunState first)
    {
        try
        {
            await _context.CallSubOrchestratorAsync<RunOutcome?>(
                AgentLoop.Name, first, new SubOrchestrationOptions(ChildName.RunId(_context.InstanceId, child.Name)));
        }
        catch (TaskFailedException)
        {
            // The engine ended it, so no report will come. One that failed by itself has reported.
            _lost.Enqueue(ChildEnded.Lost(child));
            _oneIsLost.TrySetResult();
        }
    }

    private void Grant(ChildGrant grant)
    {
        if (_swarm!.Live.FirstOrDefault(live => live.Name == grant.Name) is not { } child)
        {
            return;
        }

        // Only the parts that were asked for: what is available of the others stays with the lead.
        Budget more = grant.More.Narrow(SwarmGrants.Available(_lead, _swarm)).LimitedBy(grant.More).LimitedBy(child.Granted);
        if (!more.IsUnlimited)
        {
            DateTimeOffset until = child.Until + (more.WallClock ?? TimeSpan.Zero);
            _swarm = _swarm.With(child, child with { Granted = child.Granted.Plus(more), Until = until });
            Tell(child, new RunCommand(_context.InstanceId) { Grant = more });
        }
    }

    private void Tell(LiveChild child, RunCommand command) =>
        _context.SendEvent(ChildName.RunId(_context.InstanceId, child.Name), RunCommand.EventName, command);

    private Task<ChildEnded> Listen() => _swarm is null
        ? _never
        : _context.WaitForExternalEventAsync<ChildEnded>(ChildEnded.EventName, _stopped.Token);
}
