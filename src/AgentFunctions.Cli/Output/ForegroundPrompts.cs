using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.Cli.Commands;
using AgentFunctions.Governance;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;

namespace AgentFunctions.Cli.Output;

/// <summary>Asks the person at the terminal what a run in the foreground and its sub-agents wait for.</summary>
/// <param name="questions">Takes the answers.</param>
/// <param name="approvals">Takes the decisions.</param>
/// <param name="input">Where the person types.</param>
/// <param name="output">Where the person reads.</param>
internal sealed class ForegroundPrompts(QuestionService questions, ApprovalService approvals, TextReader input, TextWriter output)
{
    /// <summary>What the person was asked; what is left for later is not asked twice.</summary>
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    /// <summary>Finds the questions and approvals that the person may answer and was not asked about yet.</summary>
    /// <param name="root">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Asks about each of them and ends after the last one; <see langword="null"/> if there is nothing to ask.</returns>
    public async Task<Func<CancellationToken, Task>?> FindAsync(string root, CancellationToken cancellationToken)
    {
        Question[] asked = [.. (await questions.ListOfTreeAsync(root, Caller.Local, cancellationToken))
            .Where(question => question.MayBeAnsweredBy(Caller.Local) && !_asked.Contains(question.Id))];
        Approval[] waiting = [.. (await approvals.ListOfTreeAsync(root, Caller.Local, cancellationToken))
            .Where(approval => approval.MayBeDecidedBy(Caller.Local) && !_asked.Contains(approval.Id))];
        return asked.Length + waiting.Length == 0 ? null : token => AskAsync(asked, waiting, token);
    }

    private async Task AskAsync(Question[] asked, Approval[] waiting, CancellationToken cancellationToken)
    {
        foreach (Question question in asked)
        {
            _asked.Add(question.Id);
            var shown = QuestionResource.Of(question, Caller.Local);
            AnswerSubmission? said = await TypedAsync(() => QuestionPrompt.Ask(shown, input, output, true), cancellationToken);
            await TellAsync(said is null ? null : () => said.Answers is { } answers
                ? questions.AnswerAsync(question.Id, Caller.Local, answers, cancellationToken)
                : questions.DeclineAsync(question.Id, Caller.Local, said.Decline, cancellationToken));
        }

        foreach (Approval approval in waiting)
        {
            _asked.Add(approval.Id);
            string shown = ApprovalsCommand.Describe(ApprovalResource.Of(approval, Caller.Local));
            ApprovalPrompt.Said? said = await TypedAsync(() => ApprovalPrompt.Ask(shown, input, output), cancellationToken);
            await TellAsync(said is null ? null : () => approvals.DecideAsync(
                approval.Id, Caller.Local, said.Approves, said.Comment, cancellationToken: cancellationToken));
        }
    }

    /// <summary>Waits for what the person types. A read of the terminal cannot be cancelled, only abandoned.</summary>
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
