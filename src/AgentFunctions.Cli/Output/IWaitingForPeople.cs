using AgentFunctions.AspNetCore.Governance;

namespace AgentFunctions.Cli.Output;

/// <summary>What runs ask the person at the terminal, wherever the runs are.</summary>
internal interface IWaitingForPeople
{
    /// <summary>Gets the questions of a run and its sub-agents; of each, whether the person may answer it.</summary>
    Task<IReadOnlyList<QuestionResource>> QuestionsAsync(string root, CancellationToken cancellationToken);

    /// <summary>Gets the approvals of a run and its sub-agents that wait; of each, why the person may not decide it.</summary>
    Task<IReadOnlyList<ApprovalResource>> ApprovalsAsync(string root, CancellationToken cancellationToken);

    /// <summary>Answers a question.</summary>
    /// <exception cref="AgentException">It cannot be answered any more, or not so.</exception>
    Task AnswerAsync(string id, AnswerSubmission answer, CancellationToken cancellationToken);

    /// <summary>Decides an approval.</summary>
    /// <exception cref="AgentException">It cannot be decided any more.</exception>
    Task DecideAsync(string id, DecisionSubmission decision, CancellationToken cancellationToken);
}
