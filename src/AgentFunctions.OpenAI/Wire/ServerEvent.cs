namespace AgentFunctions.OpenAI.Wire;

/// <summary>One event of a stream.</summary>
/// <param name="Data">The data; valid until the next event is read.</param>
/// <param name="IsDone">Whether it is the mark of the end, <c>[DONE]</c>.</param>
/// <param name="IsError">Whether it is named an error.</param>
internal readonly record struct ServerEvent(ReadOnlyMemory<byte> Data, bool IsDone = false, bool IsError = false);
