using AgentFunctions.Durability;
using AgentFunctions.Runs;

namespace AgentFunctions.Loop;

/// <summary>
/// Waits for the answer to a question that its run does not wait for, and has it brought to the run as a message.
/// </summary>
internal static class QuestionFlow
{
    /// <summary>The name of the orchestrator.</summary>
    public const string Name = OrchestratorNames.AwaitAnswer;

    /// <summary>Waits until the question is settled.</summary>
    public static async Task<bool> RunAsync(IOrchestrationContext context, QuestionInput input)
    {
        while (true)
        {
            QuestionLook look = await context.CallActivityAsync<QuestionLook>(StepNames.LookAtQuestion, input, StepOptions.Tool);
            if (look.NextLook is not { } next)
            {
                return true;
            }

            using var woken = new CancellationTokenSource();
            Task answered = context.WaitForExternalEventAsync<string>(input.EventName, woken.Token);
            Task due = context.CreateTimerAsync(next, woken.Token);
            await Task.WhenAny(answered, due);
            // Not CancelAsync: it would go on outside the orchestration's turn.
            woken.Cancel();
        }
    }
}

/// <summary>Wait for the answer to a question.</summary>
/// <param name="RunId">The run that asks.</param>
/// <param name="QuestionId">The question.</param>
/// <param name="EventName">The event that wakes the wait.</param>
internal sealed record QuestionInput(string RunId, string QuestionId, string EventName);

/// <summary>What a look at a question found.</summary>
/// <param name="NextLook">When to look again (UTC); <see langword="null"/> if the question is settled.</param>
internal sealed record QuestionLook(DateTimeOffset? NextLook);
