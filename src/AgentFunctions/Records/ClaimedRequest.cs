namespace AgentFunctions.Records;

/// <summary>Represents a request whose key is claimed for as long as it is worked on.</summary>
public sealed class ClaimedRequest : IDisposable
{
    private readonly IDisposable? _turn;

    internal ClaimedRequest(string subject, string? token, IDisposable? turn, IdempotencyClaim? claim, string? etag) =>
        (Subject, Token, _turn, Claim, Etag) = (subject, token, turn, claim, etag);

    /// <summary>Gets what the key stands for: the id of the run that the first request led to, or is about.</summary>
    public string Subject { get; }

    /// <summary>
    /// Gets a name of the request that is the same at every repetition; <see langword="null"/> if it has no key.
    /// </summary>
    public string? Token { get; }

    /// <summary>Gets whether the request was carried out before.</summary>
    public bool IsDone { get; internal init; }

    /// <summary>Gets whether the request was begun before and cut off: parts of it may have been carried out.</summary>
    public bool IsResumed { get; internal init; }

    /// <summary>
    /// Gets whether anything was carried out, so that the key stays bound to the request even if it fails from here on.
    /// </summary>
    public bool HasBegun { get; private set; }

    /// <summary>
    /// Gets when the request was first begun (UTC); <see langword="null"/> if it has no key, and in claims of earlier versions.
    /// </summary>
    internal DateTimeOffset? Since => Claim?.Since ?? Claim?.At;

    internal IdempotencyClaim? Claim { get; }

    internal string? Etag { get; }

    /// <summary>
    /// Marks the request as begun, before its first effect. The key of a request that fails before this is free again.
    /// </summary>
    public void Begin() => HasBegun = true;

    /// <summary>Releases the claim within this process, so that an equal request can continue.</summary>
    public void Dispose() => _turn?.Dispose();
}
