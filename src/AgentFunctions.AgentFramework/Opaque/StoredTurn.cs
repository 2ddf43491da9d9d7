using System.Text.Json;

namespace AgentFunctions.AgentFramework.Opaque;

/// <summary>The session of an opaque agent after a turn, with what came of it.</summary>
/// <param name="Call">The key of the call.</param>
/// <param name="Session">The session.</param>
/// <param name="Text">What the agent answered.</param>
internal sealed record StoredTurn(string Call, JsonElement Session, string Text);
