using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using AgentFunctions.Core;
using AgentFunctions.Storage;

namespace AgentFunctions.Keys;

/// <summary>The keys of run trees, each made when it is first needed and kept wrapped by the host's key encryption key.</summary>
/// <param name="store">Where they lie.</param>
/// <param name="hostKeys">Where the key encryption key lies.</param>
/// <param name="time">The clock.</param>
/// <param name="before">
/// Brings keys of before to these two places, as long as there is no key encryption key; <see langword="null"/> if there can be
/// none.
/// </param>
internal sealed class TreeKeys(
    ITreeKeyStore store, ISigningKeyStore hostKeys, TimeProvider time,
    Func<ITreeKeyStore, ISigningKeyStore, CancellationToken, Task>? before = null)
{
    /// <summary>The purpose of the key encryption key among the host's keys.</summary>
    public const string KeyPurpose = "kek";

    /// <summary>The tree of what belongs to no run.</summary>
    public const string HostTree = "host";

    private const string Label = "AGENTFUNCTIONS KEY ENCRYPTION KEY";
    private const int CacheSize = 4_096;

    /// <summary>How long a key is used without a look whether another host has destroyed it.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(5);

    private readonly LruCache<string, (TreeKey Key, long At)> _keys = new(CacheSize);

    /// <summary>The trees whose keys this host has destroyed lately: a look that began before must not bring one back.</summary>
    private readonly LruCache<string, bool> _destroyed = new(CacheSize);

    /// <summary>Gets the key of a tree; makes it if there is none.</summary>
    /// <param name="root">The root, as <see cref="RootOf"/> gives it.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunErased"/>: the tree was erased.</exception>
    public async ValueTask<TreeKey> GetAsync(string root, CancellationToken cancellationToken = default) =>
        await TryGetAsync(root, cancellationToken).ConfigureAwait(false)
        ?? throw new AgentException(ErrorCode.RunErased, $"Run '{root}' was erased. Nothing more can be stored about it.");

    /// <summary>Gets the key of a tree; makes it if there is none. <see langword="null"/> if it was destroyed.</summary>
    /// <param name="root">The root.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async ValueTask<TreeKey?> TryGetAsync(string root, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            (TreeKey? known, bool isDestroyed) = await LookAsync(root, cancellationToken).ConfigureAwait(false);
            if (known is not null || isDestroyed)
            {
                return known;
            }

            IReadOnlyList<byte[]> wrapping = await WrappingKeysAsync(cancellationToken).ConfigureAwait(false);
            byte[] key = RandomNumberGenerator.GetBytes(TreeKey.Length);
            if (await store.TryAddAsync(root, Wrap(key, root, wrapping), cancellationToken).ConfigureAwait(false))
            {
                var added = new TreeKey(key);
                return Keep(root, added) ? added : null;
            }
        }
    }

    /// <summary>Destroys the key of a tree: what is sealed with it is erased. Safe to repeat.</summary>
    /// <param name="root">The root.</param>
    /// <param name="cancellationToken">The token to cancel the wait; the key may have been destroyed.</param>
    public async Task DestroyAsync(string root, CancellationToken cancellationToken = default)
    {
        await store.DestroyAsync(root, cancellationToken).ConfigureAwait(false);
        _destroyed.Set(root, true);
        _keys.Remove(root);
    }

    /// <summary>Gets the key of a tree; <see langword="null"/> if it has none.</summary>
    /// <param name="root">The root.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.DataFileUnusable"/>: the key was wrapped by a key that this host does not have.
    /// </exception>
    public async ValueTask<TreeKey?> FindAsync(string root, CancellationToken cancellationToken = default) =>
        Cached(root) ?? (await LookAsync(root, cancellationToken).ConfigureAwait(false)).Key;

    private async ValueTask<(TreeKey? Key, bool IsDestroyed)> LookAsync(string root, CancellationToken cancellationToken)
    {
        if (Cached(root) is { } cached)
        {
            return (cached, false);
        }

        // Before the first look, since keys of before may be brought by it.
        IReadOnlyList<byte[]> wrapping = before is null ? [] : await WrappingKeysAsync(cancellationToken).ConfigureAwait(false);
        if (await store.FindAsync(root, cancellationToken).ConfigureAwait(false) is not { } wrapped)
        {
            return (null, false);
        }

        if (!wrapped.AsSpan().ContainsAnyExcept((byte)0))
        {
            return (null, true);
        }

        wrapping = before is null ? await WrappingKeysAsync(cancellationToken).ConfigureAwait(false) : wrapping;
        TreeKey key = Unwrap(wrapped, root, wrapping) ?? throw new AgentException(
            ErrorCode.DataFileUnusable,
            $"The key of run tree '{root}' cannot be unwrapped: the host's key encryption key is not the one that wrapped it. Restore the key folder.");
        return Keep(root, key) ? (key, false) : (null, true);
    }

    /// <summary>Keeps a key in memory, unless it was destroyed since it was read.</summary>
    private bool Keep(string root, TreeKey key)
    {
        _keys.Set(root, (key, time.GetTimestamp()));
        if (!_destroyed.TryGet(root, out _))
        {
            return true;
        }

        _keys.Remove(root);
        return false;
    }

    private TreeKey? Cached(string root) => _keys.TryGet(root, out (TreeKey Key, long At) cached)
        && (!store.IsShared || time.GetElapsedTime(cached.At) < MaxAge) ? cached.Key : null;

    /// <summary>
    /// The same as <see cref="GetAsync"/> where nothing can be awaited: in replayed code, which must not leave its turn.
    /// </summary>
    public TreeKey Get(string root) => Cached(root)
        ?? Task.Run(async () => await GetAsync(root).ConfigureAwait(false)).GetAwaiter().GetResult();

    /// <summary>The same as <see cref="FindAsync"/> where nothing can be awaited.</summary>
    public TreeKey? Find(string root) => Cached(root)
        ?? Task.Run(async () => await FindAsync(root).ConfigureAwait(false)).GetAwaiter().GetResult();

    /// <summary>The tree that a run, or an orchestration, belongs to.</summary>
    /// <param name="id">The id.</param>
    public static string RootOf(string? id)
    {
        string root = id is null ? "" : ChildName.RootOf(id);
        return root.Length is > 0 and <= 128 && root.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            ? root
            : HostTree;
    }

    internal static string Shard(string root) => TextHash.Of(root)[..2];

    private async Task<IReadOnlyList<byte[]>> WrappingKeysAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<StoredKey> stored = await hostKeys.ReadAsync(KeyPurpose, cancellationToken).ConfigureAwait(false);
        if (stored.Count == 0 && before is not null)
        {
            await before(store, hostKeys, cancellationToken).ConfigureAwait(false);
            stored = await hostKeys.ReadAsync(KeyPurpose, cancellationToken).ConfigureAwait(false);
        }

        if (stored.Count == 0)
        {
            string pem = PemEncoding.WriteString(Label, RandomNumberGenerator.GetBytes(TreeKey.Length));
            await hostKeys.TryAddAsync(KeyPurpose, 0, new StoredKey(time.GetUtcNow(), pem), cancellationToken)
                .ConfigureAwait(false);
            stored = await hostKeys.ReadAsync(KeyPurpose, cancellationToken).ConfigureAwait(false);
        }

        return [.. stored.Select(static key => Convert.FromBase64String(key.Pem[PemEncoding.Find(key.Pem).Base64Data]))];
    }

    /// <summary>The number of the wrapping key, and the key sealed with it.</summary>
    private static byte[] Wrap(byte[] key, string root, IReadOnlyList<byte[]> wrapping)
    {
        byte[] sealedKey = new TreeKey(wrapping[^1]).Seal(key, Encoding.UTF8.GetBytes($"{RecordTreeKeyStore.Prefix}{root}"));
        var wrapped = new byte[sizeof(int) + sealedKey.Length];
        BinaryPrimitives.WriteInt32BigEndian(wrapped, wrapping.Count - 1);
        sealedKey.CopyTo(wrapped, sizeof(int));
        return wrapped;
    }

    private static TreeKey? Unwrap(byte[] wrapped, string root, IReadOnlyList<byte[]> wrapping)
    {
        int number = wrapped.Length < sizeof(int) ? -1 : BinaryPrimitives.ReadInt32BigEndian(wrapped);
        byte[]? key = number < 0 || number >= wrapping.Count
            ? null
            : new TreeKey(wrapping[number]).Open(wrapped.AsSpan(sizeof(int)),
                Encoding.UTF8.GetBytes($"{RecordTreeKeyStore.Prefix}{root}"));
        return key is null ? null : new TreeKey(key);
    }
}
