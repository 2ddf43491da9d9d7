namespace AgentFunctions.OpenApi.Parts;

/// <summary>Finds and reads the parts of a description that lie in other files.</summary>
internal interface IOpenApiParts
{
    /// <summary>Gets the place of the description itself.</summary>
    string Root { get; }

    /// <summary>Finds the place that a reference leads to.</summary>
    /// <param name="from">The place that it stands in.</param>
    /// <param name="reference">The reference without its fragment.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.NotAllowed"/>: the place is out of bounds; the message says why.
    /// </exception>
    string Locate(string from, string reference);

    /// <summary>Reads a part.</summary>
    /// <param name="place">The place, as <see cref="Locate"/> found it.</param>
    /// <param name="maxBytes">The most bytes to read.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    /// <exception cref="AgentException">The part cannot be read; the message says why.</exception>
    Task<string> ReadAsync(string place, long maxBytes, CancellationToken cancellationToken);
}
