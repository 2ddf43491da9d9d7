namespace AgentFunctions;

/// <summary>Represents the door through which a caller comes: a protocol beside the HTTP API.</summary>
/// <param name="Name">The protocol, for example <c>mcp</c> or <c>openai</c>.</param>
/// <param name="Request">The name that the protocol has for the request; <see langword="null"/> if it has none.</param>
public sealed record CallerDoor(string Name, string? Request = null);
