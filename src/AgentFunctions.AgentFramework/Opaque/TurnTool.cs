using System.ComponentModel;
using System.Text.Json;
using AgentFunctions.AgentFramework.DurableAgents;
using AgentFunctions.Storage;
using AgentFunctions.Tools;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.Opaque;

/// <summary>
/// Has an opaque agent take a turn. The session is kept together with the answer, so that a turn that was kept is known as made.
/// </summary>
internal sealed class TurnTool(OpaquePlan plan, IRecordStore records)
{
    /// <summary>Makes the tool.</summary>
    public AgentTool Create() => new(
        AgentTool.CreateFunction(plan.Tool, $"Has the agent '{plan.Definition.Name}' take a turn.", TakeAsync), plan.Effect)
    {
        Group = AgentPlan.GroupOf(plan.Definition.Name),
        IsOptIn = true,
        Timeout = plan.Options.TurnTimeout,
        Reconcile = FindAsync,
    };

    private async Task<string> TakeAsync(
        [Description("What is said to the agent.")] string message, ToolContext call, CancellationToken cancellationToken)
    {
        StoredRecord? stored = await records.GetAsync(KeyOf(call), cancellationToken).ConfigureAwait(false);
        StoredTurn? before = stored is null ? null : Read(stored);
        if (before?.Call == call.IdempotencyKey)
        {
            return before.Text;
        }

        AgentSession session = before is null
            ? await plan.Agent.CreateSessionAsync(cancellationToken).ConfigureAwait(false)
            : await plan.Agent.DeserializeSessionAsync(before.Session, cancellationToken: cancellationToken)
                .ConfigureAwait(false);
        AgentResponse response = await plan.Agent.RunAsync(message, session, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        if (response.Messages.SelectMany(static one => one.Contents).OfType<ToolApprovalRequestContent>()
            .FirstOrDefault() is { ToolCall: { } asked })
        {
            throw new AgentException(
                ErrorCode.ToolFailed,
                $"{plan.Tool}: the agent waits for an approval of {(asked as FunctionCallContent)?.Name ?? "a call"}, which "
                + "cannot be given from outside; have a policy ask about its turns instead.");
        }

        if (response.ContinuationToken is not null)
        {
            throw new AgentException(
                ErrorCode.ToolFailed,
                $"{plan.Tool}: the agent answers in the background, which a turn cannot wait for; have it answer at once.");
        }

        JsonElement state = await plan.Agent.SerializeSessionAsync(session, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        await records.PutAsync(
            KeyOf(call),
            JsonSerializer.SerializeToUtf8Bytes(
                new StoredTurn(call.IdempotencyKey, state, response.Text), AgentFrameworkJsonContext.Default.StoredTurn),
            stored is { } at ? RecordCondition.IfMatch(at.Etag) : RecordCondition.IfNew, cancellationToken).ConfigureAwait(false);
        return response.Text;
    }

    private async Task<Reconciliation> FindAsync(
        ToolContext call, AIFunctionArguments arguments, CancellationToken cancellationToken) =>
        await records.GetAsync(KeyOf(call), cancellationToken).ConfigureAwait(false) is { } stored
            && Read(stored) is { } turn && turn.Call == call.IdempotencyKey
            ? Reconciliation.TookEffect(turn.Text)
            : Reconciliation.Unknown;

    private static StoredTurn Read(StoredRecord stored) =>
        JsonSerializer.Deserialize(stored.Value.Span, AgentFrameworkJsonContext.Default.StoredTurn)!;

    private static string KeyOf(ToolContext call) => $"agent-framework/{call.RunId}/session";
}
