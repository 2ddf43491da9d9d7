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
    public const string Name = OrchestratorNames.RunAgent;

    /// <summary>
    /// After so many steps the run continues as new. A step is three events or so, which keeps a history at a few hundred.
    /// </summary>
    private const int StepsPerExecution = 100;

    /// <summary>
    /// After so many while sub-agents are at work: an execution ends only when the steps that it has open do, and hears nobody
    /// until then. Long before, it starts no more of them (<see cref="SwarmDrain.MostEvents"/>).
    /// </summary>
    private const int StepsBesideSubAgents = 5 * SwarmDrain.MostEvents;

    /// <summary>How often in a row the model may be cut off in the middle of its calls.</summary>
    private const int MaxCutTurns = 5;

    private readonly LoopRun _run;
    private int _reportBytes;

    private AgentLoop(LoopRun run) => _run = run;

    /// <summary>Runs the loop; <see langword="null"/> if it continues as new.</summary>
    public static async Task<RunOutcome?> RunAsync(IOrchestrationContext context, RunState state)
    {
        using var run = new LoopRun(context, state);
        var loop = new AgentLoop(run);
        try
        {
            return await loop.RunAsync();
        }
        catch (TaskFailedException e)
        {
            FailureDetails cause = e.Failure.Cause();
            run.State = await run.Swarm.EndAsync(run.State);
            RunOutcome outcome = await loop.EndAsync(run.Ended(RunStatus.Failed, cause.ErrorType, cause.Message));
            if (run.State.Lead is null)
            {
                // What came while this was told stays: the run is taken up again from here.
                run.State = run.Control.Apply(run.State);
                context.SetCustomStatus(run.State.Published);
                throw;
            }

            // A sub-agent's failure is a result for its lead.
            return loop.Report(outcome);
        }
    }

    /// <summary>After how many steps this execution gives way to the next.</summary>
    private int MostSteps => _run.State.Limits is not { HearsSubAgents: true } limits || !_run.Swarm.IsAtWork
        ? StepsPerExecution
        : limits.DrainsSubAgents == true ? StepsBesideSubAgents : SwarmDrain.MostEvents;

    private async Task<RunOutcome?> RunAsync()
    {
        RunOutcome? outcome = null;
        while (true)
        {
            _run.Swarm.StepsOfLead = _run.StepsTaken;
            bool isReopened = outcome is not null && HearsMore(outcome);
            _run.State = _run.Swarm.Apply(_run.Control.Apply(_run.State));
            // A run that an error has ended, or its budget, waits until somebody takes it up again.
            outcome = _run.Stopped() ?? (isReopened ? null : outcome);
            if (outcome is not null)
            {
                _run.State = await _run.Swarm.EndAsync(_run.State);
                if (_run.State.Limits.GoesOnWithMore == true && HearsMore(outcome))
                {
                    outcome = null;
                    continue;
                }

                outcome = await EndAsync(outcome);
                if (!HearsMore(outcome))
                {
                    return Report(outcome with { State = _run.State });
                }

                _run.State = outcome.Status == RunStatus.BudgetExhausted ? _run.State.TakenUp()
                    : _run.State.Limits.GoesOnWithMore == true ? _run.State.Resumed() : _run.State;
                outcome = null;
            }
            else if (_run.StepsTaken + _run.Swarm.Events >= MostSteps)
            {
                _run.Context.ContinueAsNew(_run.State);
                return null;
            }
            else if (_run.State.QueueTicket is { } ticket)
            {
                await WaitForPlaceAsync(ticket);
            }
            else if (_run.Swarm.IsWaiting)
            {
                await ToolTurn.WaitForSubAgentsAsync(_run);
            }
            else
            {
                _run.Context.SetCustomStatus(_run.State.Published);
                outcome = await TakeTurnAsync();
            }
        }
    }

    /// <summary>
    /// Takes in what has come since an outcome was reached. Words reopen an answer; more of the budget that was used up lets the run
    /// go on, if it is enough for a turn.
    /// </summary>
    private bool HearsMore(RunOutcome outcome)
    {
        Budget before = _run.State.Limits.Budget;
        _run.State = _run.Control.Apply(_run.State);
        return outcome.Status switch
        {
            RunStatus.Completed => _run.HasNews(),
            RunStatus.BudgetExhausted => _run.State.Limits.GoesOnWithMore == true && _run.State.Limits.Budget != before
                && _run.Stopped() is null
                && _run.Guard().Next(_run.State.Steps, _run.State.Usage, _run.InputBound()).What == Allowance.Turn,
            _ => false,
        };
    }

    /// <summary>Waits until the gateway gives the run its place among those at work.</summary>
    private async Task WaitForPlaceAsync(long ticket)
    {
        _run.Context.SetCustomStatus(_run.State.Published);
        using var stopped = new CancellationTokenSource();
        if (await _run.Control.FinishedAsync(_run.Context.WaitForExternalEventAsync<bool>(QueueTicket.EventName(ticket),
            stopped.Token)))
        {
            _run.State = _run.State with { QueueTicket = null, StartedAt = _run.State.StartedAt ?? _run.Context.CurrentTime };
        }

        stopped.Cancel();
    }

    /// <summary>One model call and the tool calls that it asks for; an outcome where the run may be over.</summary>
    private async Task<RunOutcome?> TakeTurnAsync()
    {
        if (_run.State.ChecksAnswer == true)
        {
            return await AnswerFlow.CheckAsync(_run);
        }

        BudgetDecision decision = _run.Guard().Next(_run.State.Steps, _run.State.Usage, _run.InputBound());
        if (decision.What == Allowance.Nothing)
        {
            return _run.Exhausted(decision.ShortOf!);
        }

        if (ContextPolicy.IsFull(_run.State) && (decision.What == Allowance.Turn || _run.State.Overflows > 0))
        {
            int answer = Math.Min(_run.State.Limits.MaxOutputTokens, ContextPolicy.SummaryTokens(_run.State));
            long room = _run.Guard().SideInput(_run.State.Steps, _run.State.Usage, _run.InputBound(), answer);
            if (room >= ContextPolicy.LeastCompactionBytes(_run.State))
            {
                return await CompactionFlow.CompactAsync(_run, Math.Min(room, ContextPolicy.CompactionBytes(_run.State)), answer);
            }

            if (_run.State.Overflows > 0)
            {
                return _run.Exhausted(decision.ShortOf ?? "tokens");
            }
        }

        CallModelResult? reply = await CallModelAsync(decision);
        if (reply is null)
        {
            return null;
        }

        if (reply.ContextExceeded)
        {
            return CompactionFlow.Overflowed(_run);
        }

        if (reply.Lost)
        {
            return _run.Lost();
        }

        if (decision.What == Allowance.Closing)
        {
            return _run.Exhausted(decision.ShortOf!);
        }

        if (reply.Calls.Count == 0)
        {
            return await AnswerFlow.JudgeAsync(_run, reply);
        }

        if (await ToolTurn.CallToolsAsync(_run, reply, decision.ToolCalls))
        {
            return await AnswerFlow.CheckAsync(_run);
        }

        return _run.State.CutTurns >= MaxCutTurns ? AnswerFlow.CutForGood(_run) : null;
    }

    /// <summary>Asks the model; <see langword="null"/> if it could not be asked yet.</summary>
    private async Task<CallModelResult?> CallModelAsync(BudgetDecision decision)
    {
        int turn = _run.State.Turns + 1;
        TokenUsage worst = _run.Guard().Worst(_run.InputBound(), decision.MaxOutputTokens);
        var input = new CallModelInput(_run.Context.InstanceId, turn, _run.State.Context, decision.MaxOutputTokens)
        {
            InboxFrom = _run.State.InboxShown,
            InboxTo = _run.State.Inbox,
            Notice = Notices.Join(_run.State.Notice, decision.What == Allowance.Closing
                ? Notices.Closing(decision.ShortOf!)
                : _run.BudgetNotice()),
            Closing = decision.What == Allowance.Closing,
            Call = _run.NextModelCall(),
            Reserve = _run.Guard().CountsCalls ? worst : null,
        };
        Task<CallModelResult> asked = _run.Context.CallActivityAsync<CallModelResult>(StepNames.CallModel, input,
            StepOptions.Model);
        if (!await _run.Control.FinishedAsync(asked))
        {
            return null;
        }

        CallModelResult reply = await asked;
        if (reply.RetryAfter is { } pause)
        {
            await _run.WaitForCapacityAsync(pause);
            return null;
        }

        if (reply.Lost)
        {
            _run.Count(1, 1, worst);
        }

        if (reply.Lost || reply.ContextExceeded)
        {
            return reply;
        }

        _run.Count(1, 1, reply.Usage, reply.Model);
        _run.State = _run.State with
        {
            Turns = turn,
            InboxShown = input.InboxTo,
            Notice = null,
            ContextTokens = reply.Usage.InputTokens + reply.Usage.OutputTokens,
            PendingBytes = LoopRun.MessageBytes,
            Refusals = 0,
            LostCalls = 0,
        };
        return reply;
    }

    /// <summary>Tells those who follow the run of its end.</summary>
    private async Task<RunOutcome> EndAsync(RunOutcome outcome)
    {
        outcome = outcome with { State = _run.State };
        _run.Context.SetCustomStatus(_run.State.Published);
        var input = new NotifyInput(_run.Context.InstanceId, outcome) { EndsSteps = _run.Control.HasLeftSteps };
        if (_run.State.Lead is null)
        {
            await _run.Context.CallActivityAsync<bool>(StepNames.Notify, input, StepOptions.Notify);
        }
        else
        {
            ReportResult reported = await _run.Context.CallActivityAsync<ReportResult>(StepNames.ReportToLead, input,
                StepOptions.Notify);
            _reportBytes = reported.Bytes;
        }

        return outcome;
    }

    /// <summary>Tells the lead, where there is one, that the run has ended.</summary>
    private RunOutcome Report(RunOutcome outcome)
    {
        if (_run.State.Lead is { } lead)
        {
            _run.Context.SendEvent(lead.RunId, ChildEnded.EventName,
                ChildEnded.Of(_run.Context.InstanceId, outcome, _reportBytes));
        }

        return outcome;
    }
}
