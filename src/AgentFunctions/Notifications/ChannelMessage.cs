namespace AgentFunctions.Notifications;

/// <summary>What a channel delivers, of whatever kind. The same at every attempt.</summary>
/// <param name="Id">The id; with the channel it is the idempotency key.</param>
/// <param name="At">When it was decided to tell (UTC).</param>
/// <param name="Body">The message as JSON.</param>
/// <param name="Line">The message in a line, for people.</param>
internal sealed record ChannelMessage(string Id, DateTimeOffset At, ReadOnlyMemory<byte> Body, string Line);
