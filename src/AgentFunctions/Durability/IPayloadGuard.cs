namespace AgentFunctions.Durability;

/// <summary>Keeps secrets out of what an engine records, and gives the truth back to the code that runs on it.</summary>
internal interface IPayloadGuard
{
    /// <summary>
    /// Gets the payload as it may be recorded; the same text if it has no secrets. The same payload gives the same text.
    /// </summary>
    /// <param name="json">The payload.</param>
    /// <param name="instanceId">The orchestration that it belongs to.</param>
    string? Close(string? json, string? instanceId);

    /// <summary>Gets the truth of a recorded payload.</summary>
    /// <param name="json">The payload as it was recorded.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.DataFileUnusable"/>: it was altered, or its key is gone.</exception>
    string? Open(string? json);

    /// <summary>Gets a text for people, such as an error, without secrets.</summary>
    /// <param name="text">The text.</param>
    string Mask(string text);
}
