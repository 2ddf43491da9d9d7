using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentFunctions.Storage;

namespace AgentFunctions.Records;

/// <summary>
/// Claims idempotency keys, so that a repeated request is the same request. A key is claimed before anything else is checked. The
/// next repetition completes a request that a crash interrupted; the key of a refused request is free again.
/// </summary>
public sealed class RequestKeys
{
    private readonly IRecordStore _records;
    private readonly TimeProvider _time;

    internal RequestKeys(IRecordStore records, TimeProvider time)
    {
        _records = records;
        _time = time;
    }

    /// <summary>How long another host's unfinished request is left alone before a repetition completes it.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly KeyLocks _locks = new();

    /// <summary>Runs a request once, however often it is sent under its key.</summary>
    /// <param name="request">The request; <see langword="null"/> if it has no key.</param>
    /// <param name="subject">The id of what the request is about.</param>
    /// <param name="act">
    /// Carries it out. It is called again if a crash cut it off, and calls <see cref="ClaimedRequest.Begin"/> before its first
    /// effect.
    /// </param>
    /// <param name="again">Answers a repetition, without any effect.</param>
    /// <param name="cancellationToken">The token to cancel the wait. The request may have been carried out.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the key is too long. <see cref="ErrorCode.IdempotencyKeyReused"/>: it was used for
    /// another request.
    /// </exception>
    public async Task<T> OnceAsync<T>(
        KeyedRequest? request, string subject, Func<ClaimedRequest, Task<T>> act, Func<Task<T>> again,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(act);
        ArgumentNullException.ThrowIfNull(again);
        using ClaimedRequest claim = await ClaimAsync(request, subject, null, cancellationToken).ConfigureAwait(false);
        if (claim.IsDone)
        {
            return await again().ConfigureAwait(false);
        }

        T result;
        try
        {
            result = await act(claim).ConfigureAwait(false);
        }
        catch (Exception e) when (claim is { HasBegun: false, IsResumed: false }
            && (e is AgentException || cancellationToken.IsCancellationRequested))
        {
            await ReleaseAsync(claim).ConfigureAwait(false);
            throw;
        }

        await SettleAsync(claim).ConfigureAwait(false);
        return result;
    }

    /// <summary>Claims the key of a request.</summary>
    /// <param name="request">The request; <see langword="null"/> if it has no key.</param>
    /// <param name="subject">What the key stands for if it is new.</param>
    /// <param name="isDone">
    /// Says whether the request that led to a subject was carried out; <see langword="null"/> if the claim itself says so.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    internal async Task<ClaimedRequest> ClaimAsync(
        KeyedRequest? request, string subject, Func<string, CancellationToken, Task<bool>>? isDone,
        CancellationToken cancellationToken)
    {
        if (request is null)
        {
            return new ClaimedRequest(subject, null, null, null, null);
        }

        if (request.Key.Length is 0 or > 200)
        {
            throw new AgentException(ErrorCode.InvalidInput, "Idempotency-Key: use 1 to 200 characters.");
        }

        string token = TokenOf(request.Requester, request.Key);
        string body = Hash(request.Body.Span);
        IDisposable turn = await _locks.EnterAsync(token, cancellationToken).ConfigureAwait(false);
        try
        {
            while (true)
            {
                if (await TryClaimAsync(token, body, subject, isDone, turn, cancellationToken).ConfigureAwait(false) is { } claim)
                {
                    return claim;
                }

                await Task.Delay(Poll, _time, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            turn.Dispose();
            throw;
        }
    }

    /// <summary>Gives a key back whose request came to nothing.</summary>
    /// <returns>Whether nobody else has taken the request over, as far as can be seen.</returns>
    internal async Task<bool> ReleaseAsync(ClaimedRequest claim)
    {
        if (claim.Token is not { } token)
        {
            return true;
        }

        try
        {
            await _records.DeleteAsync(KeyOf(token), RecordCondition.IfMatch(claim.Etag!), CancellationToken.None)
                .ConfigureAwait(false);
            if (MarkOf(claim.Subject, token) is { } mark)
            {
                await _records.DeleteAsync(mark, default, CancellationToken.None).ConfigureAwait(false);
            }

            return true;
        }
        catch (AgentException)
        {
            // Another host has taken the request over, or the store is out of reach: the refusal is what counts, and the same
            // request can be repeated under the key in any case.
            return false;
        }
    }

    /// <summary>What a key of a caller stands for; <see langword="null"/> if it is free.</summary>
    internal async Task<string?> FindAsync(string requester, string key, CancellationToken cancellationToken) =>
        await _records.GetAsync(KeyOf(TokenOf(requester, key)), cancellationToken).ConfigureAwait(false) is { } record
            ? Read(record).RunId
            : null;

    /// <summary>Frees a key that stands for a subject.</summary>
    internal Task ForgetAsync(string requester, string key, string subject, CancellationToken cancellationToken) =>
        ForgetAsync(subject, TokenOf(requester, key), cancellationToken);

    /// <summary>Frees a key that a subject was found to have, unless it stands for another by now.</summary>
    /// <returns>Whether it stood for the subject.</returns>
    internal async Task<bool> ForgetAsync(string subject, string token, CancellationToken cancellationToken)
    {
        StoredRecord? record = await _records.GetAsync(KeyOf(token), cancellationToken).ConfigureAwait(false);
        bool isOwn = record is not null && Read(record).RunId == subject;
        if (isOwn)
        {
            await _records.DeleteAsync(KeyOf(token), RecordCondition.IfMatch(record!.Etag), cancellationToken)
                .ConfigureAwait(false);
        }

        if (MarkOf(subject, token) is { } mark)
        {
            await _records.DeleteAsync(mark, default, cancellationToken).ConfigureAwait(false);
        }

        return isOwn;
    }

    private async Task SettleAsync(ClaimedRequest claim)
    {
        if (claim.Token is { } token)
        {
            await WriteAsync(token, claim.Claim! with { IsDone = true }, default).ConfigureAwait(false);
        }
    }

    /// <summary>The claim; <see langword="null"/> if another host may still be at work on the request.</summary>
    private async Task<ClaimedRequest?> TryClaimAsync(
        string token, string body, string subject, Func<string, CancellationToken, Task<bool>>? isDone, IDisposable turn,
        CancellationToken cancellationToken)
    {
        DateTimeOffset now = _time.GetUtcNow();
        var own = new IdempotencyClaim(subject, body) { At = now };
        if (MarkOf(subject, token) is { } mark)
        {
            // First, so that whoever erases the subject finds its keys.
            await _records.PutAsync(mark, ReadOnlyMemory<byte>.Empty, default, CancellationToken.None).ConfigureAwait(false);
        }

        if (await TryWriteAsync(token, own, RecordCondition.IfNew).ConfigureAwait(false) is { } etag)
        {
            return new ClaimedRequest(subject, token, turn, own, etag);
        }

        if (await _records.GetAsync(KeyOf(token), cancellationToken).ConfigureAwait(false) is not { } record)
        {
            return null;
        }

        IdempotencyClaim first = Read(record);
        if (first.RunId != subject && MarkOf(subject, token) is { } left)
        {
            // What the request drew for itself comes to nothing.
            await _records.DeleteAsync(left, default, CancellationToken.None).ConfigureAwait(false);
        }

        if (first.BodyHash != body)
        {
            throw new AgentException(ErrorCode.IdempotencyKeyReused,
                "Idempotency-Key: this key was used for another request; use a new key.");
        }

        if (first.IsDone == true || (isDone is not null && await isDone(first.RunId, cancellationToken).ConfigureAwait(false)))
        {
            return new ClaimedRequest(first.RunId, token, turn, first, record.Etag) { IsDone = true };
        }

        if (first.At + Grace > now)
        {
            return null;
        }

        // The new version keeps the host that began it from giving the key back.
        first = first with { At = now, Since = first.Since ?? first.At };
        return await TryWriteAsync(token, first, RecordCondition.IfMatch(record.Etag)).ConfigureAwait(false) is { } taken
            ? new ClaimedRequest(first.RunId, token, turn, first, taken) { IsResumed = true }
            : null;
    }

    private Task<string?> TryWriteAsync(string token, IdempotencyClaim claim, RecordCondition condition) =>
        RecordStoreExtensions.IfHoldsAsync(() => WriteAsync(token, claim, condition));

    /// <summary>Writes a claim whole, though its caller leaves: one whose answer nobody heard would be given back by nobody.</summary>
    private Task<string> WriteAsync(string token, IdempotencyClaim claim, RecordCondition condition) => _records.PutAsync(
        KeyOf(token), JsonSerializer.SerializeToUtf8Bytes(claim, ClaimsJsonContext.Default.IdempotencyClaim), condition,
        CancellationToken.None);

    private static IdempotencyClaim Read(StoredRecord record) =>
        JsonSerializer.Deserialize(record.Value.Span, ClaimsJsonContext.Default.IdempotencyClaim)!;

    private static string KeyOf(string token) => $"idempotency/{token}";

    /// <summary>
    /// The record by which the keys of a subject are found; <see langword="null"/> if the subject is no name of the store.
    /// </summary>
    private static string? MarkOf(string subject, string token) =>
        subject.Length is > 0 and <= 300 && subject.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
            && !subject.StartsWith('.')
            ? $"{RunNames.Claims}/{subject}/{token}"
            : null;

    /// <summary>Gets a name of a request that is the same at every repetition.</summary>
    internal static string NameOf(KeyedRequest request) => TokenOf(request.Requester, request.Key);

    private static string TokenOf(string requester, string key) => Hash(Encoding.UTF8.GetBytes($"{requester}\n{key}"));

    private static string Hash(ReadOnlySpan<byte> data) => Convert.ToHexStringLower(SHA256.HashData(data));
}

/// <summary>What an idempotency key was used for.</summary>
/// <param name="RunId">The run that came of it, or that it was about.</param>
/// <param name="BodyHash">The hash of the request.</param>
internal sealed record IdempotencyClaim(string RunId, string BodyHash)
{
    /// <summary>Gets when the request was last begun (UTC); <see langword="null"/> in claims of earlier versions.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>
    /// Gets when it was first begun (UTC); <see langword="null"/> unless it was cut off and begun again.
    /// </summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>
    /// Gets whether it was carried out; <see langword="null"/> if not, and for submissions, where the run itself says so.
    /// </summary>
    public bool? IsDone { get; init; }
}
