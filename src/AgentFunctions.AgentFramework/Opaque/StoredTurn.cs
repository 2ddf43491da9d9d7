using System.Text.Json;

namespace AgentFunctions.AgentFramework.Opaque;

/// <summary>The session of an opaque agent after a turn, with what came of it. Members are only added.</summary>
/// <param name="Call">The key of the call.</param>
/// <param name="Session">The session.</param>
/// <param name="Text">What the agent answered.</param>
internal sealed record StoredTurn(string Call, JsonElement Session, string Text)
{
    /// <summary>
    /// Gets the approvals that the agent asks for, as Microsoft.Extensions.AI writes them; <see langword="null"/> for none.
    /// </summary>
    public JsonElement? Asks { get; init; }

    /// <summary>
    /// Gets the token of an answer that the agent gives in the background; <see langword="null"/> once it is there.
    /// </summary>
    public string? Token { get; init; }
}
