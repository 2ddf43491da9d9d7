using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.Cli.Output;

namespace AgentFunctions.Cli.Server;

/// <summary>What the runs of a server ask.</summary>
/// <param name="client">The server.</param>
internal sealed class WaitingOnServer(ApiClient client) : IWaitingForPeople
{
    public async Task<IReadOnlyList<QuestionResource>> QuestionsAsync(string root, CancellationToken cancellationToken) =>
        [
            .. (await Reconnection.AskAsync(token => client.ListQuestionsAsync("", token), cancellationToken)).Items
                .Where(question => IsOf(root, question.Run)),
        ];

    public async Task<IReadOnlyList<ApprovalResource>> ApprovalsAsync(string root, CancellationToken cancellationToken) =>
        [
            .. (await Reconnection.AskAsync(client.ListApprovalsAsync, cancellationToken)).Items
                .Where(approval => IsOf(root, approval.Run)),
        ];

    public async Task AnswerAsync(string id, AnswerSubmission answer, CancellationToken cancellationToken) =>
        await Told(() => client.AnswerAsync(id, answer, cancellationToken));

    public async Task DecideAsync(string id, DecisionSubmission decision, CancellationToken cancellationToken) =>
        await Told(() => client.DecideAsync(id, decision, cancellationToken));

    /// <summary>Ids of a tree begin with the id of its root.</summary>
    private static bool IsOf(string root, string run) => run == root || run.StartsWith($"{root}.", StringComparison.Ordinal);

    private static async Task<T> Told<T>(Func<Task<T>> tell)
    {
        try
        {
            return await tell();
        }
        catch (ServerException e)
        {
            throw new AgentException(ErrorCode.InvalidInput, e.Message, e);
        }
    }
}
