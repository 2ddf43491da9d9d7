using AgentFunctions.Budgets;
using AgentFunctions.Durability;
using AgentFunctions.Runs;

namespace AgentFunctions.Loop;

/// <summary>What becomes of an answer without tool calls: the end, unless it is not whole or not what was asked for.</summary>
internal static class AnswerFlow
{
    /// <summary>How often in a row the model is asked again for a whole answer.</summary>
    private const int MaxRepairs = 2;

    /// <summary>The reason of the end of an answer that holds calls as text.</summary>
    private const string CallsInText = "calls_in_text";

    /// <summary>The reason of the end of an answer whose call the provider could not read.</summary>
    private const string MalformedCall = "malformed_call";

    /// <summary>An answer without tool calls: the end, unless it is not whole or not accepted.</summary>
    public static async Task<RunOutcome?> JudgeAsync(LoopRun run, CallModelResult reply)
    {
        if (reply.FinishReason == "content_filter")
        {
            return run.Ended(RunStatus.Failed, nameof(ErrorCode.ModelContentFiltered),
                "The provider withheld the model's answer.");
        }

        if (reply.FinishReason == "refusal")
        {
            return run.Ended(RunStatus.Failed, nameof(ErrorCode.ModelRefused),
                "The model declined to answer; its words are in the transcript.");
        }

        string? defect = reply.FinishReason == MalformedCall ? Notices.MalformedCall
            : !reply.HasText ? Notices.EmptyAnswer
            : reply.FinishReason == "length" ? Notices.CutAnswer
            : reply.FinishReason == CallsInText ? Notices.CallsInText : null;
        if (defect is not null && run.State.Repairs < MaxRepairs)
        {
            run.Tell(defect);
            run.State = run.State with { Repairs = run.State.Repairs + 1 };
            return null;
        }

        if (reply.FinishReason == MalformedCall)
        {
            return run.Ended(
                RunStatus.Failed, nameof(ErrorCode.ModelProtocolError),
                "The model's tool call was not well formed each time, though it was told so. Simplify the tool's parameters, or "
                + "use another model.");
        }

        if (reply.HasText && reply.FinishReason == CallsInText)
        {
            return run.Ended(
                RunStatus.Failed, nameof(ErrorCode.ModelProtocolError),
                "The model wrote its tool calls as text, though it was told so. Turn on the endpoint's parser of tool calls (vLLM: "
                + "--enable-auto-tool-choice and --tool-call-parser, llama.cpp: --jinja), or use another model.");
        }

        if (!reply.HasText)
        {
            return run.Ended(RunStatus.Failed, nameof(ErrorCode.ModelAnswerEmpty),
                "The model gave no answer, though it was asked again.");
        }

        return await CheckAsync(run);
    }

    /// <summary>The end of a run whose model cannot write its calls within its limit, though it was told so each time.</summary>
    public static RunOutcome CutForGood(LoopRun run) => run.Ended(
        RunStatus.Failed, nameof(ErrorCode.ModelAnswerCut),
        $"The model's tool calls were cut off at its limit of output {run.State.CutTurns} times in a row, though it was told so. Raise MaxOutputTokens of the model, "
        + "or have the work done in smaller parts.");

    /// <summary>The end where the answer stands; where it does not, the findings go back to the model.</summary>
    public static async Task<RunOutcome?> CheckAsync(LoopRun run)
    {
        if (run.State.Limits.MaxRejections == 0)
        {
            return run.Ended(RunStatus.Completed);
        }

        while (true)
        {
            CheckAcceptanceInput? input = InputOf(run);
            if (input is null)
            {
                return run.Exhausted(run.State.Limits.GoesOnWithMore == true ? run.Guard().ShortOfSideInput(run.State.Steps)
                    : run.State.Limits.Budget.Usd is null ? "tokens" : "usd");
            }

            Task<CheckAcceptanceResult> check = run.Context.CallActivityAsync<CheckAcceptanceResult>(StepNames.CheckAcceptance,
                input, StepOptions.Model);
            if (!await run.Control.FinishedAsync(check))
            {
                return null;
            }

            CheckAcceptanceResult result = await check;
            run.State = run.State with { ChecksAnswer = null };
            if (result.RetryAfter is { } pause)
            {
                await run.WaitForCapacityAsync(pause);
                if (run.State.Limits.CountsWaits == true)
                {
                    // The loop comes back here, in the next execution where this one is long enough.
                    run.State = run.State with { ChecksAnswer = true };
                    return null;
                }
            }
            else if (result.Lost)
            {
                run.Count(1, 1, input.Reserve ?? new TokenUsage());
                if (run.Lost() is { } outcome)
                {
                    return outcome;
                }
            }
            else
            {
                run.Count(1, 1, result.Usage, result.Model);
                return Decide(run, result);
            }

            if (run.Stopped() is not null)
            {
                return null;
            }
        }
    }

    /// <summary>What the check may consume; <see langword="null"/> if the budget has no room for it.</summary>
    private static CheckAcceptanceInput? InputOf(LoopRun run)
    {
        var input = new CheckAcceptanceInput(run.Context.InstanceId, run.State.Turns, run.State.Context)
        {
            BudgetLeft = run.State.Limits.TellsBudget == true ? run.BudgetLeft() : null,
        };
        if (run.State.Limits.Judge is not { } judge)
        {
            return input;
        }

        BudgetGuard guard = run.Guard(judge.Price);
        long room = Math.Min(judge.MaxInputBytes, guard.SideInput(run.State.Steps, run.State.Usage, 0, judge.MaxOutputTokens));
        return room < ContextPolicy.LeastCompactionBytes(run.State) ? null : input with
        {
            MaxInputBytes = room,
            MaxOutputTokens = judge.MaxOutputTokens,
            Call = run.NextModelCall(),
            Reserve = guard.CountsCalls ? guard.Worst(room, judge.MaxOutputTokens) : null,
        };
    }

    private static RunOutcome? Decide(LoopRun run, CheckAcceptanceResult result)
    {
        if (result.Accepted)
        {
            return run.Ended(RunStatus.Completed);
        }

        run.State = run.State with { Rejections = run.State.Rejections + 1, Repairs = 0 };
        run.Tell(Notices.NotAccepted(result.Findings));
        return null;
    }
}
