using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.Cli.Commands;

namespace AgentFunctions.Cli.Output;

/// <summary>Asks the person at the terminal what the run that is shown and its sub-agents wait for.</summary>
/// <param name="waiting">What they wait for.</param>
/// <param name="input">Where the person types.</param>
/// <param name="output">Where the person reads.</param>
internal sealed class ForegroundPrompts(IWaitingForPeople waiting, TextReader input, TextWriter output)
{
    /// <summary>Stands among those who may answer for the lead of a sub-agent, which is no person.</summary>
    private const string Lead = "lead-agent";

    /// <summary>What the person was asked; what is left for later is not asked twice.</summary>
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    /// <summary>Finds the questions and approvals that the person was not asked about yet.</summary>
    /// <param name="root">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>
    /// Asks about each that the person may answer, shows the others, and ends after the last one; <see langword="null"/> if there
    /// is none.
    /// </returns>
    public async Task<Func<CancellationToken, Task>?> FindAsync(string root, CancellationToken cancellationToken)
    {
        QuestionResource[] questions =
        [
            .. (await waiting.QuestionsAsync(root, cancellationToken)).Where(one => !_asked.Contains(one.Id)
                && (one.Mine || one.Roles.Any(static role => role != Lead))),
        ];
        ApprovalResource[] approvals =
            [.. (await waiting.ApprovalsAsync(root, cancellationToken)).Where(one => !_asked.Contains(one.Id))];
        return questions.Length + approvals.Length == 0 ? null : token => AskAsync(questions, approvals, token);
    }

    private async Task AskAsync(QuestionResource[] questions, ApprovalResource[] approvals, CancellationToken cancellationToken)
    {
        foreach (QuestionResource question in questions)
        {
            _asked.Add(question.Id);
            if (!question.Mine)
            {
                output.WriteLine(QuestionText.Describe(question));
                output.WriteLine(Terminal.Lines(
                    $"Rule '{question.Rule}' lets only these answer: {string.Join(", ", question.Roles)}. The run goes on waiting."));
                continue;
            }

            AnswerSubmission? said = await TypedAsync(() => QuestionPrompt.Ask(question, input, output, true), cancellationToken);
            await TellAsync(said is null ? null : () => waiting.AnswerAsync(question.Id, said, cancellationToken));
        }

        foreach (ApprovalResource approval in approvals)
        {
            _asked.Add(approval.Id);
            string description = ApprovalsCommand.Describe(approval);
            if (approval.WhyNot is { } whyNot)
            {
                output.WriteLine(description);
                output.WriteLine(Terminal.Lines($"{whyNot} The run goes on waiting."));
                continue;
            }

            ApprovalPrompt.Said? said = await TypedAsync(
                () => ApprovalPrompt.Ask(description, input, output), cancellationToken);
            await TellAsync(said is null ? null : () => waiting.DecideAsync(
                approval.Id,
                new DecisionSubmission
                {
                    Decision = said.Approves ? Decision.Approve : Decision.Deny,
                    Comment = said.Comment,
                    CallHash = approval.CallHash,
                },
                cancellationToken));
        }
    }

    private static Task<T> TypedAsync<T>(Func<T> ask, CancellationToken cancellationToken) =>
        Task.Run(ask, CancellationToken.None).WaitAsync(cancellationToken);

    private async Task TellAsync(Func<Task>? say)
    {
        if (say is null)
        {
            output.WriteLine("It stays open; the run goes on waiting. The same command asks again.");
            return;
        }

        try
        {
            await say();
        }
        catch (AgentException e)
        {
            // Somebody else may have been first, or nobody needs it any more.
            output.WriteLine(Terminal.Lines(e.Message));
        }
    }
}
