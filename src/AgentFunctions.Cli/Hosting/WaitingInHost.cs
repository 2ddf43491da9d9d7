using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.Cli.Output;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;

namespace AgentFunctions.Cli.Hosting;

/// <summary>What the runs of this process ask.</summary>
/// <param name="questions">Takes the answers.</param>
/// <param name="approvals">Takes the decisions.</param>
internal sealed class WaitingInHost(QuestionService questions, ApprovalService approvals) : IWaitingForPeople
{
    public async Task<IReadOnlyList<QuestionResource>> QuestionsAsync(string root, CancellationToken cancellationToken) =>
    [
        .. (await questions.ListOfTreeAsync(root, Caller.Local, cancellationToken))
            .Select(static question => QuestionResource.Of(question, Caller.Local)),
    ];

    public async Task<IReadOnlyList<ApprovalResource>> ApprovalsAsync(string root, CancellationToken cancellationToken) =>
    [
        .. (await approvals.ListOfTreeAsync(root, Caller.Local, cancellationToken))
            .Where(static approval => approval.MayBeDecidedBy(Caller.Local) || approval.WhyNot(Caller.Local) is not null)
            .Select(static approval => ApprovalResource.Of(approval, Caller.Local)),
    ];

    public Task AnswerAsync(string id, AnswerSubmission answer, CancellationToken cancellationToken) =>
        answer.Answers is { } answers
        ? questions.AnswerAsync(id, Caller.Local, answers, cancellationToken)
        : questions.DeclineAsync(id, Caller.Local, answer.Decline, cancellationToken);

    public Task DecideAsync(string id, DecisionSubmission decision, CancellationToken cancellationToken) => approvals.DecideAsync(
        id, Caller.Local, decision.Decision == Decision.Approve, decision.Comment, null, decision.CallHash,
        cancellationToken);
}
