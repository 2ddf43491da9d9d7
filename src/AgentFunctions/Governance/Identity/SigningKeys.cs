using System.Security.Cryptography;

namespace AgentFunctions.Governance.Identity;

/// <summary>The key pairs of one purpose: the newest signs, all stay published so that what they signed can be checked.</summary>
public sealed class SigningKeys(ISigningKeyStore store, string purpose, TimeProvider time)
{
    private readonly SemaphoreSlim _gate = new(1);
    private volatile IReadOnlyList<SigningKey> _keys = [];

    /// <summary>The public keys, newest first.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<PublicKeySet> PublishedAsync(CancellationToken cancellationToken = default)
    {
        await CurrentAsync(cancellationToken).ConfigureAwait(false);
        return new PublicKeySet([.. _keys.Reverse().Select(key => key.Public)]);
    }

    /// <summary>Makes a new key pair that signs from now on.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Its public key.</returns>
    public async Task<PublicKey> RotateAsync(CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return (await AddAsync(await LoadAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false)).Public;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The key that signs; the first one is made when it is first asked for.</summary>
    internal async Task<SigningKey> CurrentAsync(CancellationToken cancellationToken = default)
    {
        if (_keys is [.., var newest])
        {
            return newest;
        }

        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await LoadAsync(cancellationToken).ConfigureAwait(false) is [.., var stored]
                ? stored
                : await AddAsync(_keys, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<SigningKey> AddAsync(IReadOnlyList<SigningKey> before, CancellationToken cancellationToken)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var key = new StoredKey(time.GetUtcNow(), pair.ExportPkcs8PrivateKeyPem());
        await store.TryAddAsync(purpose, before.Count, key, cancellationToken).ConfigureAwait(false);
        // Where another host was quicker, its key is the one.
        return (await LoadAsync(cancellationToken).ConfigureAwait(false))[^1];
    }

    private async Task<IReadOnlyList<SigningKey>> LoadAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<StoredKey> stored = await store.ReadAsync(purpose, cancellationToken).ConfigureAwait(false);
        return _keys = [.. stored.Select(key => new SigningKey(key))];
    }
}
