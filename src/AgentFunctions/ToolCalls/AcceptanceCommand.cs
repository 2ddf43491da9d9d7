using AgentFunctions.Core.Text;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Tools.Workspaces;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.ToolCalls;

/// <summary>Checks answers by a program, run as a call of <c>run_command</c> under all that governs such calls.</summary>
internal sealed class AcceptanceCommand([FromKeyedServices(ToolCallPipeline.OfAcceptance)] ToolCallPipeline pipeline)
{
    /// <summary>Runs the command of a run's acceptance, once for each answer.</summary>
    /// <param name="input">Which answer of which run.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="maxBytes">How long the complaint may be, roughly.</param>
    /// <param name="cancellationToken">The token to cancel the check.</param>
    /// <returns>What is wrong, in words for the model; <see langword="null"/> if the command accepts.</returns>
    /// <exception cref="AgentException">
    /// A store failed, or another delivery is at the check. It is repeated as a whole.
    /// </exception>
    public async Task<string?> FindErrorAsync(
        CheckAcceptanceInput input, IReadOnlyList<string> command, int maxBytes, CancellationToken cancellationToken)
    {
        var state = new ToolCallState(new CallToolInput(input.RunId, input.Turn, CallLedger.Acceptance, input.Context)
        {
            BudgetLeft = input.BudgetLeft,
        });
        CallOutcome outcome = await pipeline.RunAsync(state, cancellationToken).ConfigureAwait(false);
        string shown = string.Join(' ', command);
        if (outcome is not CallOutcome.Completed { Outcome: var told })
        {
            return $"`{shown}` goes on elsewhere, and has not said whether the answer passes.";
        }

        return told switch
        {
            { IsError: false } when CommandResult.ExitCodeOf(told.Text) == 0 => null,
            { IsError: false } => $"`{shown}` does not pass:\n{UntrustedText.Mark(Tail(told.Text, maxBytes))}",
            // Even a refusal of the host's repeats names of files and what people said.
            _ => $"`{shown}` was not run to its end, so the answer is not accepted:\n{UntrustedText.Mark(Tail(told.Text, maxBytes))}",
        };
    }

    /// <summary>Makes the call that runs a command.</summary>
    /// <param name="command">The program and its arguments.</param>
    public static FunctionCallContent CallOf(IReadOnlyList<string> command) => new("acceptance", RunCommandTool.Name)
    {
        Arguments = new Dictionary<string, object?> { ["command"] = command[0], ["arguments"] = command.Skip(1).ToArray() },
    };

    // Of a failing build or test the end says what is wrong; of a short text there is nothing to cut.
    private static string Tail(string text, int room) =>
        text.Length <= room
            ? text
            : string.Concat(TextCut.Head(text, 100), "\n…\n", text.AsSpan(TextCut.At(text, text.Length - (room - 100))));
}
