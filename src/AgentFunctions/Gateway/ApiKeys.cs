using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Keys;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Gateway;

/// <summary>Provides the API keys of this host, each with a name and roles. Only hashes of the keys are stored.</summary>
/// <remarks>
/// Their records bear the host's seal: one that somebody planted or altered in the store is no key, and the log says so.
/// </remarks>
public sealed class ApiKeys
{
    private const string Prefix = "api-keys/";
    private const string Withdrawn = "api-key-names/";
    private const string Changes = "gateway/api-keys";
    private const string Mark = "afk_";
    private static readonly System.Buffers.SearchValues<char> Hex = System.Buffers.SearchValues.Create("0123456789abcdef");

    /// <summary>How long another host's first key may go unseen.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    private readonly IRecordStore _records;
    private readonly SealedRecords _keys;
    private readonly JsonRecords<ApiKeyChanges> _changes;
    private readonly AuditLog _audit;
    private readonly TimeProvider _time;
    private readonly ILogger<ApiKeys> _log;
    private volatile Seen? _seen;

    internal ApiKeys(IRecordStore records, TreeKeys seals, AuditLog audit, TimeProvider time, ILogger<ApiKeys> log)
    {
        (_records, _audit, _time, _log) = (records, audit, time, log);
        _changes = new JsonRecords<ApiKeyChanges>(records, GatewayJsonContext.Default.ApiKeyChanges);
        _keys = new SealedRecords(records, RecordSeal.Of(seals, "api-keys"), Prefix, SayAdoptedAsync);
    }

    /// <summary>Makes a key.</summary>
    /// <param name="name">
    /// The holder: letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, at most 64 characters. The caller is then called
    /// <c>key:name</c>.
    /// </param>
    /// <param name="roles">
    /// The roles: some of <see cref="CallerRoles"/>, and names of the host's own. The first key needs <c>admin</c>.
    /// </param>
    /// <param name="by">Who makes it.</param>
    /// <param name="cancellationToken">The token to cancel the wait; the key may have been made.</param>
    /// <returns>The key. It cannot be shown again.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the name or a role is wrong, or the name is taken, or was taken by a key that was
    /// withdrawn.
    /// </exception>
    public Task<string> AddAsync(string name, IReadOnlyList<string> roles, Caller by,
        CancellationToken cancellationToken = default) =>
        MakeAsync(name, roles, by, false, cancellationToken);

    /// <summary>
    /// Makes a key under a name whose key was withdrawn, for the same holder: the runs of that name are its own again.
    /// </summary>
    /// <param name="name">The holder.</param>
    /// <param name="roles">The roles.</param>
    /// <param name="by">Who makes it.</param>
    /// <param name="cancellationToken">The token to cancel the wait. The key may have been made.</param>
    /// <returns>The key. It cannot be shown again.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the name or a role is wrong, or the name is taken.
    /// </exception>
    public Task<string> RenewAsync(string name, IReadOnlyList<string> roles, Caller by,
        CancellationToken cancellationToken = default) =>
        MakeAsync(name, roles, by, true, cancellationToken);

    private async Task<string> MakeAsync(string name, IReadOnlyList<string> roles, Caller by, bool isRenewal,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(roles);
        ArgumentNullException.ThrowIfNull(by);
        Require(IsName(name), "name", "use letters, digits, '-', '_' and '.', at most 64");
        Require(roles.Count is > 0 and <= 16 && roles.All(IsName), "roles",
            $"name 1 to 16, for instance {CallerRoles.Submitter}");
        string? made;
        do
        {
            (ApiKeyChanges Value, string Etag)? changes = await _changes.FindAsync(Changes, cancellationToken)
                .ConfigureAwait(false);
            await EnsureFreeAsync(name, roles, isRenewal, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            made = await TryMakeAsync(name, roles, changes).ConfigureAwait(false);
        }
        while (made is null);
        await AuditAsync(by, $"made the API key '{name}' with the roles {string.Join(", ", roles)}").ConfigureAwait(false);
        return made;
    }

    /// <summary>Ensures that a key of a name may be made.</summary>
    private async Task EnsureFreeAsync(string name, IReadOnlyList<string> roles, bool isRenewal,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<ApiKeyRecord> known = await ListAsync(cancellationToken).ConfigureAwait(false);
        Require(known.All(key => key.Name != name), "name", "a key of this name exists; remove it first");
        Require(
            known.Count > 0 || roles.Contains(CallerRoles.Admin, StringComparer.Ordinal), "roles",
            $"give the first key the role {CallerRoles.Admin}: from then on callers need a key");
        Require(
            isRenewal || await _records.GetAsync(Withdrawn + name, cancellationToken).ConfigureAwait(false) is null, "name",
            "a key of this name was withdrawn, and its runs would be the new holder's; use another name, or renew it for the same holder (renew: true, or --renew)");
    }

    /// <summary>Makes a key, unless the keys have changed since they were looked at.</summary>
    /// <returns>The key; <see langword="null"/> if they have: then it is to be looked at again whether it may be made.</returns>
    private async Task<string?> TryMakeAsync(string name, IReadOnlyList<string> roles, (ApiKeyChanges Value, string Etag)? changes)
    {
        string id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        string key = $"{Mark}{id}_{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32))}";
        var record = new ApiKeyRecord(id, name, roles, Hash(key), _time.GetUtcNow());
        await _keys.PutAsync(
            Prefix + id, JsonSerializer.SerializeToUtf8Bytes(record, GatewayJsonContext.Default.ApiKeyRecord),
            RecordCondition.IfNew, CancellationToken.None)
            .ConfigureAwait(false);
        _seen = null;
        if (await _changes.TryPutAsync(Changes, changes?.Value ?? new ApiKeyChanges(), changes?.Etag, CancellationToken.None)
            .ConfigureAwait(false) is not null)
        {
            return key;
        }

        // Nobody was given it.
        await _records.DeleteAsync(Prefix + id, default, CancellationToken.None).ConfigureAwait(false);
        _seen = null;
        return null;
    }

    /// <summary>Finds the caller that holds a key; <see langword="null"/> if the key is unknown.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<Caller?> FindAsync(string key, CancellationToken cancellationToken = default)
    {
        if (key is null || key.Length > 128 || !key.StartsWith(Mark, StringComparison.Ordinal)
            || key.IndexOf('_', Mark.Length) is not 12
            || key.AsSpan(Mark.Length, 8).ContainsAnyExcept(Hex)
            || await _keys.FindAsync(Prefix + key[Mark.Length..12], cancellationToken)
                .ConfigureAwait(false) is not var (record, isTrue))
        {
            return null;
        }

        if (!isTrue)
        {
            KeyLog.RecordAltered(_log, record.Key);
            return null;
        }

        ApiKeyRecord known = JsonSerializer.Deserialize(record.Value.Span, GatewayJsonContext.Default.ApiKeyRecord)!;
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(known.Hash), Encoding.ASCII.GetBytes(Hash(key)))
            ? new Caller($"key:{known.Name}") { Roles = known.Roles }
            : null;
    }

    /// <summary>Determines whether the host has any key. From then on callers need one.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async ValueTask<bool> AnyAsync(CancellationToken cancellationToken = default)
    {
        if (_seen is not { } seen || _time.GetElapsedTime(seen.At) >= MaxAge)
        {
            // One that cannot be read is a key all the same: without any, everybody on this machine may call.
            bool any = await _records.ListAsync(Prefix, null, cancellationToken).AnyAsync(cancellationToken)
                .ConfigureAwait(false);
            _seen = seen = new Seen(any, _time.GetTimestamp());
        }

        return seen.Any;
    }

    /// <summary>Lists the keys, without their values.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<ApiKeyRecord>> ListAsync(CancellationToken cancellationToken = default)
    {
        var keys = new List<ApiKeyRecord>();
        await foreach ((StoredRecord record, bool isTrue) in _keys.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!isTrue)
            {
                KeyLog.RecordAltered(_log, record.Key);
            }
            else if (Read(record) is { } key)
            {
                keys.Add(key);
            }
        }

        return keys;
    }

    /// <summary>Revokes a key at once.</summary>
    /// <param name="name">The holder's name.</param>
    /// <param name="by">Who withdraws it.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: there is none, or it is the last one of an administrator.
    /// </exception>
    public async Task RemoveAsync(string name, Caller by, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(by);
        IReadOnlyList<string>? ids;
        do
        {
            ids = await TryLeaveAsync(name, cancellationToken).ConfigureAwait(false);
        }
        while (ids is null);
        await _records.PutAsync(Withdrawn + name, "{}"u8.ToArray(), default, CancellationToken.None).ConfigureAwait(false);
        foreach (string id in ids)
        {
            await _records.DeleteAsync(Prefix + id, default, CancellationToken.None).ConfigureAwait(false);
        }

        _seen = null;
        await AuditAsync(by, $"withdrew the API key '{name}'").ConfigureAwait(false);
    }

    /// <summary>Enters that the keys of a name are going, unless the keys have changed meanwhile.</summary>
    /// <returns>Their ids, more than one if an earlier version made two; <see langword="null"/> if the keys have changed.</returns>
    private async Task<IReadOnlyList<string>?> TryLeaveAsync(string name, CancellationToken cancellationToken)
    {
        (ApiKeyChanges Value, string Etag)? changes = await _changes.FindAsync(Changes, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<string> leaving = changes?.Value.Leaving ?? [];
        IReadOnlyList<ApiKeyRecord> keys = await ListAsync(cancellationToken).ConfigureAwait(false);
        string[] own = [.. keys.Where(key => key.Name == name).Select(static key => key.Id)];
        Require(own.Length > 0, "name", "there is no key of this name; GET /api/keys lists them");
        ApiKeyRecord[] others = [.. keys.Where(key => key.Name != name && !leaving.Contains(key.Id))];
        Require(
            others.Length == 0 || others.Any(static other => other.Roles.Contains(CallerRoles.Admin, StringComparer.Ordinal)),
            "name",
            "this is the last administrator's key; make another one first");
        var after = new ApiKeyChanges { Leaving = [.. leaving.Where(id => keys.Any(key => key.Id == id)).Union(own)] };
        return await _changes.TryPutAsync(Changes, after, changes?.Etag, CancellationToken.None).ConfigureAwait(false) is null
            ? null
            : own;
    }

    private sealed record Seen(bool Any, long At);

    /// <summary>Keys of a version without seals are taken over once, and named.</summary>
    private Task SayAdoptedAsync(IReadOnlyList<StoredRecord> adopted, CancellationToken cancellationToken)
    {
        string names = string.Join(", ", adopted.Select(record => Read(record)?.Name ?? record.Key));
        KeyLog.KeysAdopted(_log, names);
        return _audit.AppendAsync(
            new AuditEntry(AuditTypes.KeyChanged)
            {
                Actor = Caller.Local.Id,
                Reason = $"took over API keys that an earlier version left without a seal: {names}"
            },
            cancellationToken);
    }

    private ApiKeyRecord? Read(StoredRecord record)
    {
        try
        {
            return JsonSerializer.Deserialize(record.Value.Span, GatewayJsonContext.Default.ApiKeyRecord)
                ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            RecordLog.Unreadable(_log, record.Key, e.Message);
            return null;
        }
    }

    private static bool IsName(string? name) =>
        name is { Length: > 0 and <= 64 } && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    // A key has 256 random bits: there is nothing to guess, so a fast hash is as good as a slow one.
    private static string Hash(string key) => TextHash.Of(key);

    private static void Require(bool condition, string field, string remedy)
    {
        if (!condition)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"{field}: {remedy}.");
        }
    }

    /// <summary>Writes down what was done already, though its caller has left.</summary>
    private Task AuditAsync(Caller by, string words) => _audit.AppendAsync(
        new AuditEntry(AuditTypes.KeyChanged) { Actor = by.Id, Reason = words }, CancellationToken.None);
}

/// <summary>Represents an API key as it is stored.</summary>
/// <param name="Id">The part of the key that finds it.</param>
/// <param name="Name">The holder.</param>
/// <param name="Roles">The roles.</param>
/// <param name="Hash">The SHA-256 of the key.</param>
/// <param name="CreatedAt">When it was made (UTC).</param>
public sealed record ApiKeyRecord(string Id, string Name, IReadOnlyList<string> Roles, string Hash, DateTimeOffset CreatedAt);

/// <summary>
/// What is being changed in the API keys. Each change writes it, so that of two at once the second looks again at what is there.
/// </summary>
internal sealed record ApiKeyChanges
{
    /// <summary>Gets the ids of keys that are going: they count as gone.</summary>
    public IReadOnlyList<string> Leaving { get; init; } = [];
}
