using System.Security.Cryptography;

namespace AgentFunctions.Keys;

/// <summary>
/// Represents the key pairs of one purpose. The newest signs; all stay published, so that earlier signatures can be verified.
/// </summary>
public sealed class SigningKeys
{
    private readonly ISigningKeyStore _store;
    private readonly string _purpose;
    private readonly TimeProvider _time;

    internal SigningKeys(ISigningKeyStore store, string purpose, TimeProvider time)
    {
        _store = store;
        _purpose = purpose;
        _time = time;
    }

    /// <summary>How long a key that another host made may go unpublished here.</summary>
    private static readonly TimeSpan PublishedAge = TimeSpan.FromSeconds(1);

    /// <summary>How long this host may go on to sign with a key that another host has replaced.</summary>
    private static readonly TimeSpan SigningAge = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _gate = new(1);
    private volatile Known _known = new([], 0);

    /// <summary>Gets the public keys, newest first.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<PublicKeySet> PublishedAsync(CancellationToken cancellationToken = default)
    {
        return new PublicKeySet(
            [.. (await KeysAsync(PublishedAge, cancellationToken).ConfigureAwait(false)).Reverse().Select(key => key.Public)]);
    }

    /// <summary>Makes a new key pair that signs from now on.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Its public key.</returns>
    public async Task<PublicKey> RotateAsync(CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return (await AddAsync(await LoadAsync(cancellationToken).ConfigureAwait(false), cancellationToken)
                .ConfigureAwait(false)).Public;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The key that signs; the first one is made when it is first asked for.</summary>
    internal async Task<SigningKey> CurrentAsync(CancellationToken cancellationToken = default) =>
        (await KeysAsync(SigningAge, cancellationToken).ConfigureAwait(false))[^1];

    /// <summary>The keys as they were at most this long ago; there is at least one.</summary>
    private async ValueTask<IReadOnlyList<SigningKey>> KeysAsync(TimeSpan maxAge, CancellationToken cancellationToken)
    {
        if (IsRecent(_known))
        {
            return _known.Keys;
        }

        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!IsRecent(_known) && (await LoadAsync(cancellationToken).ConfigureAwait(false)).Count == 0)
            {
                await AddAsync([], cancellationToken).ConfigureAwait(false);
            }

            return _known.Keys;
        }
        finally
        {
            _gate.Release();
        }

        bool IsRecent(Known known) => known.Keys.Count > 0 && (!_store.IsShared || _time.GetElapsedTime(known.ReadAt) < maxAge);
    }

    private async Task<SigningKey> AddAsync(IReadOnlyList<SigningKey> before, CancellationToken cancellationToken)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var key = new StoredKey(_time.GetUtcNow(), pair.ExportPkcs8PrivateKeyPem());
        await _store.TryAddAsync(_purpose, before.Count, key, cancellationToken).ConfigureAwait(false);
        // Where another host was quicker, its key is the one.
        return (await LoadAsync(cancellationToken).ConfigureAwait(false))[^1];
    }

    private async Task<IReadOnlyList<SigningKey>> LoadAsync(CancellationToken cancellationToken)
    {
        long readAt = _time.GetTimestamp();
        IReadOnlyList<StoredKey> stored = await _store.ReadAsync(_purpose, cancellationToken).ConfigureAwait(false);
        // Keys are only ever added.
        IReadOnlyList<SigningKey> known = _known.Keys;
        IReadOnlyList<SigningKey> keys = stored.Count == known.Count ? known : [.. stored.Select(key => new SigningKey(key))];
        _known = new Known(keys, readAt);
        return keys;
    }

    private sealed record Known(IReadOnlyList<SigningKey> Keys, long ReadAt);
}
