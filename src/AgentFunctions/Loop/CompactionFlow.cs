using AgentFunctions.Budgets;
using AgentFunctions.Durability;
using AgentFunctions.Runs;

namespace AgentFunctions.Loop;

/// <summary>
/// Keeps what the model is shown within its window: has the older part summed up, and learns what the window really is.
/// </summary>
internal static class CompactionFlow
{
    /// <summary>Has the older part of what the model is shown summed up.</summary>
    public static async Task<RunOutcome?> CompactAsync(LoopRun run, long maxInputBytes, int maxOutputTokens)
    {
        TokenUsage worst = run.Guard().Worst(maxInputBytes, maxOutputTokens);
        var input = new CompactInput(
            run.Context.InstanceId, run.State.Turns, run.State.Context, ContextPolicy.KeepBytes(run.State), maxOutputTokens)
        {
            MaxInputBytes = maxInputBytes,
            MaxSummaryBytes = ContextPolicy.SummaryBytes(run.State),
            Inbox = run.State.InboxShown,
            Call = run.NextModelCall(),
            Reserve = run.Guard().CountsCalls ? worst : null,
        };
        Task<CompactResult> summed = run.Context.CallActivityAsync<CompactResult>(StepNames.Compact, input, StepOptions.Model);
        if (!await run.Control.FinishedAsync(summed))
        {
            return null;
        }

        CompactResult result = await summed;
        if (result.RetryAfter is { } pause)
        {
            await run.WaitForCapacityAsync(pause);
            return null;
        }

        run.Count(1, 1, result.Lost ? worst : result.Usage, result.Model);
        if (result.Lost)
        {
            return run.Lost();
        }

        run.State = run.State with
        {
            Context = result.Context,
            ContextTokens = 0,
            PendingBytes = result.Bytes + run.State.PendingBytes,
            CompactedTurn = run.State.Turns,
            Overflows = 0,
            LostCalls = 0,
        };
        return null;
    }

    /// <summary>The provider refused the request for its size: it is shortened and sent again, but not for ever.</summary>
    public static RunOutcome? Overflowed(LoopRun run)
    {
        if (run.State.Refusals >= ContextPolicy.MaxOverflows)
        {
            return run.Ended(
                RunStatus.Failed, nameof(ErrorCode.ModelContextExceeded),
                "The provider refused the request for its size, though it was shortened; set the model's ContextWindow to what it really is.");
        }

        run.State = run.State with
        {
            Refusals = run.State.Refusals + 1,
            Overflows = run.State.Refusals + 1,
            Limits = run.State.Limits with { ContextWindow = ContextPolicy.LearnedWindow(run.State) },
        };
        return null;
    }
}
