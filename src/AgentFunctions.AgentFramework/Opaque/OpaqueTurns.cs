using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AgentFunctions.Storage;
using AgentFunctions.Tools;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.Opaque;

/// <summary>
/// Has an opaque agent take turns. The session is kept together with the answer, so that a turn that was kept is known as made;
/// an answer in the background is kept as its token until it is there.
/// </summary>
/// <param name="plan">The agent.</param>
/// <param name="records">Where sessions are kept.</param>
internal sealed class OpaqueTurns(OpaquePlan plan, IRecordStore records)
{
    private static JsonTypeInfo<List<AIContent>> ContentsJson =>
        (JsonTypeInfo<List<AIContent>>)AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(List<AIContent>));

    /// <summary>Gets what the agent asks approvals for, as it stands now.</summary>
    public async Task<IReadOnlyList<ToolApprovalRequestContent>> AsksAsync(string runId, CancellationToken cancellationToken) =>
        AsksOf((await FindAsync(runId, cancellationToken).ConfigureAwait(false)).Turn);

    /// <summary>Has the agent take a turn.</summary>
    /// <param name="call">The call.</param>
    /// <param name="message">Makes what is said to it, from the approvals that it asks for.</param>
    /// <param name="cancellationToken">The token to cancel the turn.</param>
    public async Task<Reconciliation> TakeAsync(
        ToolContext call, Func<IReadOnlyList<ToolApprovalRequestContent>, ChatMessage> message,
        CancellationToken cancellationToken)
    {
        (StoredTurn? before, string? etag) = await FindAsync(call.RunId, cancellationToken).ConfigureAwait(false);
        if (before?.Call == call.IdempotencyKey)
        {
            return OutcomeOf(before);
        }

        ChatMessage said = message(AsksOf(before));
        AgentSession session = before is null
            ? await plan.Agent.CreateSessionAsync(cancellationToken).ConfigureAwait(false)
            : await plan.Agent.DeserializeSessionAsync(before.Session, cancellationToken: cancellationToken)
                .ConfigureAwait(false);
        AgentResponse response = await plan.Agent.RunAsync(
            [said], session, new AgentRunOptions { AllowBackgroundResponses = true }, cancellationToken).ConfigureAwait(false);
        return await KeepAsync(call, session, response, etag, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Finds out what came of a turn: after a crash, and while the agent answers in the background.</summary>
    public async Task<Reconciliation> LookAsync(ToolContext call, AIFunctionArguments arguments,
        CancellationToken cancellationToken)
    {
        (StoredTurn? turn, string? etag) = await FindAsync(call.RunId, cancellationToken).ConfigureAwait(false);
        if (turn?.Call != call.IdempotencyKey)
        {
            return plan.Effect == ToolEffect.NotIdempotent ? Reconciliation.Unknown : Reconciliation.DidNotTakeEffect;
        }

        if (turn.Token is not { } token)
        {
            return OutcomeOf(turn);
        }

        AgentSession session = await plan.Agent.DeserializeSessionAsync(turn.Session, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        var options = new AgentRunOptions
        {
            AllowBackgroundResponses = true,
            ContinuationToken = ResponseContinuationToken.FromBytes(Convert.FromBase64String(token)),
        };
        AgentResponse response = await plan.Agent.RunAsync([], session, options, cancellationToken).ConfigureAwait(false);
        return await KeepAsync(call, session, response, etag, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Reconciliation> KeepAsync(
        ToolContext call, AgentSession session, AgentResponse response, string? etag, CancellationToken cancellationToken)
    {
        List<AIContent> asks = [.. response.Messages.SelectMany(static one => one.Contents).OfType<ToolApprovalRequestContent>()];
        var turn = new StoredTurn(
            call.IdempotencyKey,
            await plan.Agent.SerializeSessionAsync(session, cancellationToken: cancellationToken).ConfigureAwait(false),
            response.Text)
        {
            Asks = asks.Count == 0 ? null : JsonSerializer.SerializeToElement(asks, ContentsJson),
            Token = response.ContinuationToken is { } token ? Convert.ToBase64String(token.ToBytes().Span) : null,
        };
        await records.PutAsync(
            KeyOf(call.RunId), JsonSerializer.SerializeToUtf8Bytes(turn, AgentFrameworkJsonContext.Default.StoredTurn),
            etag is null ? RecordCondition.IfNew : RecordCondition.IfMatch(etag), cancellationToken).ConfigureAwait(false);
        return OutcomeOf(turn);
    }

    private async Task<(StoredTurn? Turn, string? Etag)> FindAsync(string runId, CancellationToken cancellationToken) =>
        await records.GetAsync(KeyOf(runId), cancellationToken).ConfigureAwait(false) is { } stored
            ? (JsonSerializer.Deserialize(stored.Value.Span, AgentFrameworkJsonContext.Default.StoredTurn), stored.Etag)
            : (null, null);

    private static Reconciliation OutcomeOf(StoredTurn turn) =>
        turn.Token is not null ? Reconciliation.StillRunning
        : AsksOf(turn) is { Count: > 0 } asks
            ? Reconciliation.TookEffect($"{turn.Text}\nThe agent waits for an approval of {string.Join(", ", asks.Select(NameOf))}.".Trim())
        : Reconciliation.TookEffect(turn.Text);

    private static IReadOnlyList<ToolApprovalRequestContent> AsksOf(StoredTurn? turn) => turn?.Asks is { } asks
        ? [.. (JsonSerializer.Deserialize(asks, ContentsJson) ?? []).OfType<ToolApprovalRequestContent>()]
        : [];

    /// <summary>Gets the name of the tool that an approval is about.</summary>
    internal static string NameOf(ToolApprovalRequestContent ask) =>
        (ask.ToolCall as FunctionCallContent)?.Name ?? "a tool of its service";

    private static string KeyOf(string runId) => $"agent-framework/{runId}/session";
}
