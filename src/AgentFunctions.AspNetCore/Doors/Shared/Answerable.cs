using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Runs;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>Finds what a run and its sub-agents wait for people to say, and what of it a caller may answer by a door.</summary>
internal sealed class Answerable(ApprovalService approvals, QuestionService questions)
{
    /// <summary>Lists what is open in the tree of a run, the oldest first.</summary>
    /// <param name="run">The run.</param>
    /// <param name="caller">Who looks.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<OpenQuestion>> OfAsync(Run run, Caller caller, CancellationToken cancellationToken) =>
        run.Waits.Count == 0 ? [] : await OfTreeAsync(run.Id, caller, cancellationToken);

    /// <summary>Lists what is open in the tree of a run, also if the run does not show yet that it waits.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="caller">Who looks.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<OpenQuestion>> OfTreeAsync(
        string runId, Caller caller, CancellationToken cancellationToken)
    {
        IReadOnlyList<Approval> calls = await approvals.ListOfTreeAsync(runId, null, cancellationToken);
        IReadOnlyList<Question> asked = await questions.ListOfTreeAsync(runId, null, cancellationToken);
        return
        [
            .. calls.Select(approval => new OpenQuestion { Approval = approval, MayAnswer = MayAnswer(approval, caller) }),
            .. asked.Where(static question => question.IsAwaited)
                .Select(question => new OpenQuestion { Question = question, MayAnswer = MayAnswer(question, caller) }),
        ];
    }

    private static bool MayAnswer(Approval approval, Caller caller) =>
        !approval.Terms.IsOutOfBand && approval.MayBeDecidedBy(caller);

    private static bool MayAnswer(Question question, Caller caller) => question.Terms.InBand && question.MayBeAnsweredBy(caller);
}
