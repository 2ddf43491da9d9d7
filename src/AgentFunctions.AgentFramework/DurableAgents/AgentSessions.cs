using System.Text.Json;
using AgentFunctions.Storage;
using Microsoft.Agents.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>Keeps what an agent and its providers keep in their session, for each run.</summary>
internal sealed class AgentSessions(IRecordStore records)
{
    /// <summary>Gets the session of a run; a new one if it has none yet, or if the agent keeps nothing in it.</summary>
    public async Task<LoadedSession> LoadAsync(DurableAgent agent, string runId, CancellationToken cancellationToken)
    {
        string key = KeyOf(runId);
        StoredRecord? stored = agent.UsesSession ? await records.GetAsync(key, cancellationToken).ConfigureAwait(false) : null;
        if (stored is null)
        {
            return new LoadedSession(
                key, await agent.Plan.Inner.CreateSessionAsync(cancellationToken).ConfigureAwait(false), null, null);
        }

        using JsonDocument state = JsonDocument.Parse(stored.Value);
        AgentSession session = await agent.Plan.Inner.DeserializeSessionAsync(
            state.RootElement.Clone(), cancellationToken: cancellationToken).ConfigureAwait(false);
        return new LoadedSession(key, session, stored.Etag, state.RootElement.GetRawText());
    }

    /// <summary>
    /// Keeps the session of a run, if it was changed and nobody else has changed it meanwhile. Another delivery of the same step
    /// may have: what it kept stands, as its outcome does.
    /// </summary>
    public async Task SaveAsync(DurableAgent agent, LoadedSession loaded, CancellationToken cancellationToken)
    {
        if (!agent.UsesSession)
        {
            return;
        }

        JsonElement state = await agent.Plan.Inner.SerializeSessionAsync(loaded.Session, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        if (state.GetRawText() == loaded.Json)
        {
            return;
        }

        try
        {
            await records.PutAsync(
                loaded.Key, JsonSerializer.SerializeToUtf8Bytes(state, AgentFrameworkJsonContext.Default.JsonElement),
                loaded.Etag is { } etag ? RecordCondition.IfMatch(etag) : RecordCondition.IfNew,
                cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
        {
            // See above.
        }
    }

    private static string KeyOf(string runId) => $"agent-framework/{runId}/session";
}

/// <summary>Represents a session as it was when a step began.</summary>
/// <param name="Key">Where it is kept.</param>
/// <param name="Session">The session.</param>
/// <param name="Etag">Its version; <see langword="null"/> if it is new.</param>
/// <param name="Json">What was kept; <see langword="null"/> if it is new.</param>
internal sealed record LoadedSession(string Key, AgentSession Session, string? Etag, string? Json);
