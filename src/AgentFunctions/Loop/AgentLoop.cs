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

    private static readonly TaskOptions ModelOptions = new(
        new RetryPolicy(6, TimeSpan.FromSeconds(2), 2.0, TimeSpan.FromMinutes(2)));

    /// <summary>A tool's own errors are results; what is retried here is a store that cannot be reached.</summary>
    private static readonly TaskOptions ToolOptions = new(
        new RetryPolicy(6, TimeSpan.FromSeconds(1), 2.0, TimeSpan.FromMinutes(1)));

    private static readonly TaskOptions NotifyOptions = new(
        new RetryPolicy(10, TimeSpan.FromSeconds(5), 2.0, TimeSpan.FromMinutes(30)));

    private readonly IOrchestrationContext _context;
    private readonly Task<CancelRequest> _cancel;
    private readonly Task _deadline;
    private RunState _state;
    private int _steps;

    private AgentLoop(IOrchestrationContext context, RunState state, CancellationToken ended)
    {
        _context = context;
        _state = state with { StartedAt = state.StartedAt ?? context.CurrentTime };
        _cancel = context.WaitForExternalEventAsync<CancelRequest>(RunEvents.Cancel, ended);
        _deadline = _state.Limits.MaxDuration is { } duration
            ? context.CreateTimerAsync(_state.StartedAt.Value + duration, ended)
            : new TaskCompletionSource().Task;
    }

    /// <summary>Runs the loop; <see langword="null"/> where it continues as new.</summary>
    public static async Task<RunOutcome?> RunAsync(IOrchestrationContext context, RunState state)
    {
        using var ended = new CancellationTokenSource();
        var loop = new AgentLoop(context, state, ended.Token);
        try
        {
            return await loop.RunAsync();
        }
        catch (TaskFailedException e)
        {
            await loop.NotifyAsync(loop.Ended(RunStatus.Failed, e.Failure.Innermost().ErrorType, e.Failure.Innermost().Message));
            throw;
        }
        finally
        {
            await ended.CancelAsync();
        }
    }

    private async Task<RunOutcome?> RunAsync()
    {
        while (true)
        {
            if (Stopped() is { } stopped)
            {
                return await NotifyAsync(stopped);
            }

            if (_steps >= StepsPerExecution)
            {
                _context.ContinueAsNew(_state);
                return null;
            }

            _context.SetCustomStatus(_state);
            if (await TakeTurnAsync() is { } answered)
            {
                return await NotifyAsync(answered);
            }
        }
    }

    /// <summary>One model call and the tool calls that it asks for; an outcome where the run is over.</summary>
    private async Task<RunOutcome?> TakeTurnAsync()
    {
        int turn = _state.Turns + 1;
        Task<CallModelResult> asked = _context.CallActivityAsync<CallModelResult>(
            StepNames.CallModel, new CallModelInput(_context.InstanceId, turn, _state.ContextFrom), ModelOptions);
        if (!await FinishedAsync(asked))
        {
            return null;
        }

        CallModelResult reply = await asked;
        if (reply.RetryAfter is { } pause)
        {
            await WaitForCapacityAsync(pause);
            return null;
        }

        Count(1, 1);
        _state = _state with { Usage = _state.Usage.Plus(reply.Usage) };
        if (reply.Calls.Count == 0)
        {
            _state = _state with { Turns = turn };
            return Ended(RunStatus.Completed);
        }

        Task tools = Task.WhenAll(reply.Calls.Select((_, call) => _context.CallActivityAsync<CallToolResult>(
            StepNames.CallTool, new CallToolInput(_context.InstanceId, turn, call, _state.ContextFrom), ToolOptions)));
        if (await FinishedAsync(tools))
        {
            await tools;
            Count(reply.Calls.Count, 1);
            _state = _state with { Turns = turn };
        }

        return null;
    }

    /// <summary>Waits for a step; false where a cancellation or the deadline came first.</summary>
    private async Task<bool> FinishedAsync(Task step) => await Task.WhenAny(step, _cancel, _deadline) == step;

    private async Task WaitForCapacityAsync(TimeSpan pause)
    {
        DateTimeOffset until = _context.CurrentTime + pause;
        _state = _state with { WaitingFor = new RunWait("modelCapacity", until) };
        _context.SetCustomStatus(_state);
        using var woken = new CancellationTokenSource();
        await FinishedAsync(_context.CreateTimerAsync(until, woken.Token));
        await woken.CancelAsync();
        _state = _state with { WaitingFor = null };
    }

    private void Count(int steps, int criticalSteps)
    {
        _steps += steps;
        _state = _state with { Steps = _state.Steps + steps, CriticalSteps = _state.CriticalSteps + criticalSteps };
    }

    /// <summary>The outcome, where the run must not go on.</summary>
    private RunOutcome? Stopped()
    {
        if (_cancel.IsCompletedSuccessfully)
        {
            CancelRequest request = _cancel.Result;
            return Ended(RunStatus.Cancelled, null, request.Reason ?? $"Cancelled by {request.By}.");
        }

        LoopLimits limits = _state.Limits;
        return _state switch
        {
            _ when _deadline.IsCompletedSuccessfully || _context.CurrentTime - _state.StartedAt >= limits.MaxDuration =>
                Exhausted(ErrorCode.TimeLimitReached, $"The run's time limit of {limits.MaxDuration} is reached."),
            _ when _state.Turns >= limits.MaxTurns =>
                Exhausted(ErrorCode.TurnLimitReached, $"The agent's limit of {limits.MaxTurns} turns is reached."),
            _ when _state.Usage.InputTokens + _state.Usage.OutputTokens >= limits.MaxTokens =>
                Exhausted(ErrorCode.TokenLimitReached, $"The agent's limit of {limits.MaxTokens} tokens is reached."),
            _ => null,
        };
    }

    private RunOutcome Exhausted(ErrorCode code, string message) => Ended(RunStatus.BudgetExhausted, code.ToString(), message);

    private RunOutcome Ended(RunStatus status, string? code = null, string? message = null) =>
        new(status, _state) { Code = code, Message = message };

    private async Task<RunOutcome> NotifyAsync(RunOutcome outcome)
    {
        _context.SetCustomStatus(outcome.State);
        await _context.CallActivityAsync<bool>(StepNames.Notify, new NotifyInput(_context.InstanceId, outcome), NotifyOptions);
        return outcome;
    }
}
