using AgentFunctions.Budgets;
using AgentFunctions.Durability;
using AgentFunctions.Runs;

namespace AgentFunctions.Loop;

/// <summary>
/// The deterministic heart of a run: ask the model, make the tool calls that it asked for, and again, until it answers
/// or something stops it. Decides; never acts.
/// </summary>
internal sealed class AgentLoop
{
    /// <summary>The name of the orchestrator.</summary>
    public const string Name = "RunAgent";

    /// <summary>
    /// After so many steps the run continues as new. A step is three events or so, which keeps a history at a few hundred.
    /// </summary>
    private const int StepsPerExecution = 100;

    /// <summary>How often in a row the model is asked again for a whole answer.</summary>
    private const int MaxRepairs = 2;

    /// <summary>How often in a row a model call may be cut off before the run gives up.</summary>
    private const int MaxLostCalls = 8;

    /// <summary>What a message costs beyond its text: role, ids, separators; a generous bound in bytes.</summary>
    private const int MessageBytes = 256;

    private readonly IOrchestrationContext _context;
    private readonly SwarmFlow _swarm;
    private readonly RunControl _control;
    private RunState _state;
    private int _steps;
    private int _reportBytes;

    private AgentLoop(IOrchestrationContext context, RunState state)
    {
        _context = context;
        // A run's time begins when it has its place.
        _state = state with { StartedAt = state.StartedAt ?? (state.QueueTicket is null ? context.CurrentTime : null), WaitingFor = null };
        _swarm = new SwarmFlow(context, _state);
        _control = new RunControl(context, _swarm, state.Limits.StepTimeout, () => _state.WaitingFor is not null);
    }

    /// <summary>Runs the loop; <see langword="null"/> where it continues as new.</summary>
    public static async Task<RunOutcome?> RunAsync(IOrchestrationContext context, RunState state)
    {
        var loop = new AgentLoop(context, state);
        try
        {
            return await loop.RunAsync();
        }
        catch (TaskFailedException e)
        {
            FailureDetails cause = e.Failure.Cause();
            RunOutcome outcome = await loop.EndAsync(loop.Ended(RunStatus.Failed, cause.ErrorType, cause.Message));
            if (loop._state.Lead is null)
            {
                throw;
            }

            // A sub-agent's failure is a result for its lead.
            return loop.Report(outcome);
        }
        finally
        {
            loop._control.Dispose();
            loop._swarm.Dispose();
        }
    }

    private async Task<RunOutcome?> RunAsync()
    {
        RunOutcome? outcome = null;
        while (true)
        {
            _state = _swarm.Apply(_control.Apply(_state));
            // News reopens an answer; a run that its budget or an error has ended waits until somebody takes it up again.
            outcome = Stopped() ?? (outcome?.Status == RunStatus.Completed && HasNews() ? null : outcome);
            if (outcome is not null)
            {
                outcome = await EndAsync(outcome);
                _state = _control.Apply(_state);
                if (!HasNews() || outcome.Status != RunStatus.Completed)
                {
                    return Report(outcome);
                }

                outcome = null;
            }
            else if (_steps + _swarm.Events >= StepsPerExecution)
            {
                _context.ContinueAsNew(_state);
                return null;
            }
            else if (_state.QueueTicket is { } ticket)
            {
                await WaitForPlaceAsync(ticket);
            }
            else if (_swarm.IsWaiting)
            {
                await WaitForSubAgentsAsync();
            }
            else
            {
                _context.SetCustomStatus(_state.Published);
                outcome = await TakeTurnAsync();
            }
        }
    }

    /// <summary>Waits until the gateway gives the run its place among those at work.</summary>
    private async Task WaitForPlaceAsync(long ticket)
    {
        _context.SetCustomStatus(_state.Published);
        using var stopped = new CancellationTokenSource();
        if (await _control.FinishedAsync(_context.WaitForExternalEventAsync<bool>(QueueTicket.EventName(ticket), stopped.Token)))
        {
            _state = _state with { QueueTicket = null, StartedAt = _state.StartedAt ?? _context.CurrentTime };
        }

        stopped.Cancel();
    }

    /// <summary>One model call and the tool calls that it asks for; an outcome where the run may be over.</summary>
    private async Task<RunOutcome?> TakeTurnAsync()
    {
        BudgetDecision decision = Guard().Next(_state.Steps, _state.Usage, InputBound());
        if (decision.What == Allowance.Nothing)
        {
            return Exhausted(decision.ShortOf!);
        }

        if (ContextPolicy.IsFull(_state) && (decision.What == Allowance.Turn || _state.Overflows > 0))
        {
            int answer = Math.Min(_state.Limits.MaxOutputTokens, ContextPolicy.SummaryTokens(_state));
            long room = Guard().SideInput(_state.Steps, _state.Usage, InputBound(), answer);
            if (room >= ContextPolicy.LeastCompactionBytes(_state))
            {
                return await CompactAsync(Math.Min(room, ContextPolicy.CompactionBytes(_state)), answer);
            }

            if (_state.Overflows > 0)
            {
                return Exhausted(decision.ShortOf ?? "tokens");
            }
        }

        CallModelResult? reply = await CallModelAsync(decision);
        if (reply is null)
        {
            return null;
        }

        if (reply.ContextExceeded)
        {
            return Overflowed();
        }

        if (reply.Lost)
        {
            return Lost();
        }

        if (decision.What == Allowance.Closing)
        {
            return Exhausted(decision.ShortOf!);
        }

        return reply.Calls.Count > 0
            ? await CallToolsAsync(reply.Calls, decision.ToolCalls)
            : await JudgeAnswerAsync(reply);
    }

    /// <summary>Asks the model; <see langword="null"/> where it could not be asked yet.</summary>
    private async Task<CallModelResult?> CallModelAsync(BudgetDecision decision)
    {
        int turn = _state.Turns + 1;
        TokenUsage worst = Guard().Worst(InputBound(), decision.MaxOutputTokens);
        var input = new CallModelInput(_context.InstanceId, turn, _state.Context, decision.MaxOutputTokens)
        {
            InboxFrom = _state.InboxShown,
            InboxTo = _state.Inbox,
            Notice = Notices.Join(_state.Notice, decision.What == Allowance.Closing ? Notices.Closing(decision.ShortOf!) : BudgetNotice()),
            Closing = decision.What == Allowance.Closing,
            Call = NextModelCall(),
            Reserve = Guard().CountsCalls ? worst : null,
        };
        Task<CallModelResult> asked = _context.CallActivityAsync<CallModelResult>(StepNames.CallModel, input, StepOptions.Model);
        if (!await _control.FinishedAsync(asked))
        {
            return null;
        }

        CallModelResult reply = await asked;
        if (reply.RetryAfter is { } pause)
        {
            await WaitForCapacityAsync(pause);
            return null;
        }

        if (reply.Lost)
        {
            Count(1, 1, worst);
        }

        if (reply.Lost || reply.ContextExceeded)
        {
            return reply;
        }

        Count(1, 1, reply.Usage);
        _state = _state with
        {
            Turns = turn,
            InboxShown = input.InboxTo,
            Notice = null,
            ContextTokens = reply.Usage.InputTokens + reply.Usage.OutputTokens,
            PendingBytes = MessageBytes,
            Refusals = 0,
            LostCalls = 0,
        };
        return reply;
    }

    private async Task<RunOutcome?> CallToolsAsync(IReadOnlyList<string> asked, int allowed)
    {
        int turn = _state.Turns;
        _state = _swarm.Apply(_state);
        int made = Math.Min(asked.Count, allowed);
        int frames = asked.Count * MessageBytes;
        int resultBytes = ContextPolicy.ResultBytes(_state, Math.Max(1, made), Guard().ResultBytes(_state.Usage, InputBound() + frames));
        using var flow = new ToolCallFlow(_context, Show);
        Task<CallToolResult>[] calls = [.. Enumerable.Range(0, made).Select(call => flow.CallAsync(
            new CallToolInput(_context.InstanceId, turn, call, _state.Context) { ResultBytes = resultBytes, Swarm = _swarm.Allow(asked, call) }))];
        if (await _control.FinishedAsync(Task.WhenAll(calls)))
        {
            CallToolResult[] results = await Task.WhenAll(calls);
            Count(calls.Length, calls.Length == 0 ? 0 : 1, new TokenUsage());
            _state = _state with
            {
                PendingBytes = _state.PendingBytes + results.Sum(result => (long)result.Bytes) + frames,
                Repairs = 0,
            };
            _state = _swarm.Admit(_state, turn, results.Select(static (result, call) => (call, result.Swarm)));
        }
        else
        {
            // The run ends, but it may be taken up again: then these results are in its next request.
            _state = _state with { PendingBytes = _state.PendingBytes + frames + ((long)made * resultBytes) };
        }

        return null;
    }

    /// <summary>Waits until a sub-agent has ended, or takes up a call that has waited long enough.</summary>
    private async Task WaitForSubAgentsAsync()
    {
        if (_swarm.TakeDue(HasNews()) is { } due)
        {
            using var flow = new ToolCallFlow(_context, Show);
            Task<CallToolResult> call = flow.CallAsync(new CallToolInput(_context.InstanceId, due.Turn, due.Call, _state.Context)
            {
                ResultBytes = ContextPolicy.ResultBytes(_state, 1, Guard().ResultBytes(_state.Usage, InputBound())),
                Swarm = _swarm.Resume(due),
            });
            if (await _control.FinishedAsync(call))
            {
                CallToolResult result = await call;
                Count(1, 1, new TokenUsage());
                _state = _state with { PendingBytes = _state.PendingBytes + result.Bytes };
                _state = _swarm.Admit(_state, due.Turn, [(due.Call, result.Swarm)]);
            }

            return;
        }

        _state = _state with { WaitingFor = new RunWait(RunWait.SubAgents) };
        _context.SetCustomStatus(_state.Published);
        await _control.FinishedAsync(_swarm.ChangedAsync());
        _swarm.GiveUpOverdue();
        _state = _state with { WaitingFor = null };
    }

    /// <summary>An answer without tool calls: the end, unless it is not whole or not accepted.</summary>
    private async Task<RunOutcome?> JudgeAnswerAsync(CallModelResult reply)
    {
        if (reply.FinishReason == "content_filter")
        {
            return Ended(RunStatus.Failed, nameof(ErrorCode.ModelContentFiltered), "The provider withheld the model's answer.");
        }

        if (reply.FinishReason == "refusal")
        {
            return Ended(RunStatus.Failed, nameof(ErrorCode.ModelRefused), "The model declined to answer; its words are in the transcript.");
        }

        string? defect = !reply.HasText ? Notices.EmptyAnswer : reply.FinishReason == "length" ? Notices.CutAnswer : null;
        if (defect is not null && _state.Repairs < MaxRepairs)
        {
            Tell(defect);
            _state = _state with { Repairs = _state.Repairs + 1 };
            return null;
        }

        if (!reply.HasText)
        {
            return Ended(RunStatus.Failed, nameof(ErrorCode.ModelAnswerEmpty), "The model gave no answer, though it was asked again.");
        }

        return await CheckAnswerAsync();
    }

    /// <summary>The end where the answer stands; where it does not, the findings go back to the model.</summary>
    private async Task<RunOutcome?> CheckAnswerAsync()
    {
        if (_state.Limits.MaxRejections == 0)
        {
            return Ended(RunStatus.Completed);
        }

        while (true)
        {
            CheckAcceptanceInput? input = CheckInput();
            if (input is null)
            {
                return Exhausted(_state.Limits.Budget.Usd is null ? "tokens" : "usd");
            }

            Task<CheckAcceptanceResult> check = _context.CallActivityAsync<CheckAcceptanceResult>(StepNames.CheckAcceptance, input, StepOptions.Model);
            if (!await _control.FinishedAsync(check))
            {
                return null;
            }

            CheckAcceptanceResult result = await check;
            if (result.RetryAfter is { } pause)
            {
                await WaitForCapacityAsync(pause);
            }
            else if (result.Lost)
            {
                Count(1, 1, input.Reserve ?? new TokenUsage());
                if (Lost() is { } outcome)
                {
                    return outcome;
                }
            }
            else
            {
                Count(1, 1, result.Usage);
                return Decide(result);
            }

            if (Stopped() is not null)
            {
                return null;
            }
        }
    }

    /// <summary>What the check may consume; <see langword="null"/> where the budget has no room for it.</summary>
    private CheckAcceptanceInput? CheckInput()
    {
        var input = new CheckAcceptanceInput(_context.InstanceId, _state.Turns, _state.Context);
        if (_state.Limits.Judge is not { } judge)
        {
            return input;
        }

        BudgetGuard guard = Guard(judge.Price);
        long room = Math.Min(judge.MaxInputBytes, guard.SideInput(_state.Steps, _state.Usage, 0, judge.MaxOutputTokens));
        return room < ContextPolicy.LeastCompactionBytes(_state) ? null : input with
        {
            MaxInputBytes = room,
            MaxOutputTokens = judge.MaxOutputTokens,
            Call = NextModelCall(),
            Reserve = guard.CountsCalls ? guard.Worst(room, judge.MaxOutputTokens) : null,
        };
    }

    private RunOutcome? Decide(CheckAcceptanceResult result)
    {
        if (result.Accepted)
        {
            return Ended(RunStatus.Completed);
        }

        _state = _state with { Rejections = _state.Rejections + 1, Repairs = 0 };
        Tell(Notices.NotAccepted(result.Findings));
        return null;
    }

    /// <summary>Has the older part of what the model is shown summed up.</summary>
    private async Task<RunOutcome?> CompactAsync(long maxInputBytes, int maxOutputTokens)
    {
        TokenUsage worst = Guard().Worst(maxInputBytes, maxOutputTokens);
        var input = new CompactInput(
            _context.InstanceId, _state.Turns, _state.Context, ContextPolicy.KeepBytes(_state), maxOutputTokens)
        {
            MaxInputBytes = maxInputBytes,
            MaxSummaryBytes = ContextPolicy.SummaryBytes(_state),
            Inbox = _state.InboxShown,
            Call = NextModelCall(),
            Reserve = Guard().CountsCalls ? worst : null,
        };
        Task<CompactResult> summed = _context.CallActivityAsync<CompactResult>(StepNames.Compact, input, StepOptions.Model);
        if (!await _control.FinishedAsync(summed))
        {
            return null;
        }

        CompactResult result = await summed;
        if (result.RetryAfter is { } pause)
        {
            await WaitForCapacityAsync(pause);
            return null;
        }

        Count(1, 1, result.Lost ? worst : result.Usage);
        if (result.Lost)
        {
            return Lost();
        }

        _state = _state with
        {
            Context = result.Context,
            ContextTokens = 0,
            PendingBytes = result.Bytes + _state.PendingBytes,
            CompactedTurn = _state.Turns,
            Overflows = 0,
            LostCalls = 0,
        };
        return null;
    }

    /// <summary>The provider refused the request for its size: it is shortened and sent again, but not for ever.</summary>
    private RunOutcome? Overflowed()
    {
        if (_state.Refusals >= ContextPolicy.MaxOverflows)
        {
            return Ended(
                RunStatus.Failed, nameof(ErrorCode.ModelContextExceeded),
                "The provider refused the request for its size, though it was shortened; set the model's ContextWindow to what it really is.");
        }

        _state = _state with
        {
            Refusals = _state.Refusals + 1,
            Overflows = _state.Refusals + 1,
            Limits = _state.Limits with { ContextWindow = ContextPolicy.LearnedWindow(_state) },
        };
        return null;
    }

    /// <summary>A model call was cut off: it is counted at its worst and made again, but not for ever.</summary>
    private RunOutcome? Lost()
    {
        _state = _state with { LostCalls = _state.LostCalls + 1 };
        return _state.LostCalls > MaxLostCalls
            ? Ended(RunStatus.Failed, nameof(ErrorCode.ModelUnavailable), $"The model's answer was cut off {_state.LostCalls} times in a row.")
            : null;
    }

    private int NextModelCall()
    {
        _state = _state with { ModelCalls = _state.ModelCalls + 1 };
        return _state.ModelCalls;
    }

    /// <summary>The most tokens that the next request can have: what the provider counted, and the bytes of what came on top.</summary>
    private long InputBound() => _state.ContextTokens + _state.PendingBytes + ContextPolicy.HostBytes;

    private async Task WaitForCapacityAsync(TimeSpan pause)
    {
        DateTimeOffset until = _context.CurrentTime + pause;
        _state = _state with { WaitingFor = new RunWait("modelCapacity", until) };
        _context.SetCustomStatus(_state.Published);
        using var woken = new CancellationTokenSource();
        await _control.FinishedAsync(_context.CreateTimerAsync(until, woken.Token));
        woken.Cancel();
        _state = _state with { WaitingFor = null };
    }

    private void Show(RunWait? wait)
    {
        _state = _state with { WaitingFor = wait };
        _context.SetCustomStatus(_state.Published);
    }

    /// <summary>The outcome, where the run must not go on.</summary>
    private RunOutcome? Stopped()
    {
        if (_control.Cancelled is { } request)
        {
            return Ended(RunStatus.Cancelled, null, request.Reason ?? $"Cancelled by {request.By}.");
        }

        LoopLimits limits = _state.Limits;
        if (_control.IsStuck)
        {
            return Ended(RunStatus.Failed, nameof(ErrorCode.RunStuck), $"A step took longer than {limits.StepTimeout}.");
        }

        if (_control.IsTimeUp || _context.CurrentTime - _state.StartedAt >= limits.Budget.WallClock)
        {
            return Exhausted("time");
        }

        if (_state.Rejections > 0 && _state.Rejections >= limits.MaxRejections)
        {
            return Ended(RunStatus.Failed, nameof(ErrorCode.AnswerNotAccepted), $"The answer was not accepted {_state.Rejections} times.");
        }

        return _state.Turns >= limits.MaxTurns && _state.Turns > 0 ? Exhausted("turns") : null;
    }

    /// <summary>Whether people have said something that the model has not been shown.</summary>
    private bool HasNews() => _state.Inbox > _state.InboxShown;

    private string? BudgetNotice()
    {
        double left = Guard().LeftShare(_state.Steps, _state.Usage);
        if (left > 0.2 || left > _state.ToldAtShare / 2)
        {
            return null;
        }

        _state = _state with { ToldAtShare = left };
        return Notices.BudgetLeft(_state);
    }

    private BudgetGuard Guard() => Guard(_state.Limits.Price);

    private BudgetGuard Guard(ModelPrice? price) => new(_swarm.Own(_state.Limits.Budget), price, _state.Limits.MaxOutputTokens);

    private void Tell(string notice) => _state = _state with
    {
        Notice = Notices.Join(_state.Notice, notice),
        PendingBytes = _state.PendingBytes + (4 * notice.Length) + MessageBytes,
    };

    private void Count(int steps, int criticalSteps, TokenUsage usage)
    {
        _steps += steps;
        _state = _state with
        {
            Steps = _state.Steps + steps,
            CriticalSteps = _state.CriticalSteps + criticalSteps,
            Usage = _state.Usage.Plus(usage),
        };
    }

    private RunOutcome Exhausted(string shortOf) =>
        Ended(RunStatus.BudgetExhausted, Notices.LimitCode(shortOf).ToString(), $"The run's budget of {shortOf} is used up.");

    private RunOutcome Ended(RunStatus status, string? code = null, string? message = null) =>
        new(status, _state) { Code = code, Message = message };

    /// <summary>Ends what the run has started, then tells those who follow it.</summary>
    private async Task<RunOutcome> EndAsync(RunOutcome outcome)
    {
        _state = await _swarm.EndAsync(_state);
        outcome = outcome with { State = _state };
        _context.SetCustomStatus(_state.Published);
        var input = new NotifyInput(_context.InstanceId, outcome) { EndsSteps = _control.HasLeftSteps };
        if (_state.Lead is null)
        {
            await _context.CallActivityAsync<bool>(StepNames.Notify, input, StepOptions.Notify);
        }
        else
        {
            ReportResult reported = await _context.CallActivityAsync<ReportResult>(StepNames.ReportToLead, input, StepOptions.Notify);
            _reportBytes = reported.Bytes;
        }

        return outcome;
    }

    /// <summary>Tells the lead, where there is one, that the run has ended.</summary>
    private RunOutcome Report(RunOutcome outcome)
    {
        if (_state.Lead is { } lead)
        {
            _context.SendEvent(lead.RunId, ChildEnded.EventName, ChildEnded.Of(_context.InstanceId, outcome, _reportBytes));
        }

        return outcome;
    }
}
