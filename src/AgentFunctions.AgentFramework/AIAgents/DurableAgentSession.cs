using System.Text.Json;
using Microsoft.Agents.AI;

namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>Represents a conversation with an agent of the host: one run.</summary>
internal sealed class DurableAgentSession : AgentSession
{
    public DurableAgentSession()
    {
    }

    private DurableAgentSession(AgentSessionStateBag state)
        : base(state)
    {
    }

    /// <summary>Gets or sets the run; <see langword="null"/> before the first message.</summary>
    public string? RunId { get; set; }

    /// <summary>Gets or sets how many messages were sent.</summary>
    public int Sent { get; set; }

    /// <summary>Gets or sets the names of the tools that the caller brought along; <see langword="null"/> for none.</summary>
    public string? Tools { get; set; }

    /// <summary>Gets or sets up to where the caller was told of the run.</summary>
    public RunPlace Place { get; set; } = RunPlace.Begin;

    /// <summary>Gets the session as JSON.</summary>
    public JsonElement Serialize() => JsonSerializer.SerializeToElement(
        new StoredSession(StoredSession.OurKind, StoredSession.Version, RunId, Sent, Place.At, StateBag.Serialize())
        {
            Tools = Tools,
            Told = Place.Told,
        },
        AgentFrameworkJsonContext.Default.StoredSession);

    /// <summary>Reads a session.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: it is of another kind, or of a newer version.
    /// </exception>
    public static DurableAgentSession Read(JsonElement json)
    {
        StoredSession? stored = null;
        try
        {
            stored = json.Deserialize(AgentFrameworkJsonContext.Default.StoredSession);
        }
        catch (JsonException)
        {
            // Told below.
        }

        if (stored?.Kind != StoredSession.OurKind)
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                "session: it is not one of a durable agent; give the JSON that SerializeSessionAsync of this agent returned.");
        }

        if (stored.V > StoredSession.Version)
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"session: it is of version {stored.V}, and this program reads up to {StoredSession.Version}; "
                + "update AgentFunctions.AgentFramework.");
        }

        AgentSessionStateBag state = stored.State is { ValueKind: JsonValueKind.Object } bag
            ? AgentSessionStateBag.Deserialize(bag)
            : new AgentSessionStateBag();
        return new DurableAgentSession(state)
        {
            RunId = stored.Run,
            Sent = stored.Sent,
            Place = new RunPlace(stored.At, stored.Told),
            Tools = stored.Tools,
        };
    }
}

/// <summary>A session as it is stored. Members are only added.</summary>
internal sealed record StoredSession(string Kind, int V, string? Run, int Sent, long At, JsonElement? State)
{
    public const string OurKind = "agentfunctions";

    public const int Version = 1;

    public string? Tools { get; init; }

    public ToldPart? Told { get; init; }
}
