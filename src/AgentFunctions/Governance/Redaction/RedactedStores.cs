using AgentFunctions.Durability;
using AgentFunctions.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Governance.Redaction;

/// <summary>Puts the redaction in front of a host's stores. Adapters register their stores through it, so that no writer can go around.</summary>
public static class RedactedStores
{
    /// <summary>A log store that is given no secrets.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="store">The adapter's store.</param>
    public static ILogStore Redacted(this IServiceProvider services, ILogStore store) =>
        services.GetService<Redactor>() is { } redactor ? new RedactingLogStore(store, redactor) : store;

    /// <summary>A record store that is given no secrets.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="store">The adapter's store.</param>
    public static IRecordStore Redacted(this IServiceProvider services, IRecordStore store) =>
        services.GetService<Redactor>() is { } redactor ? new RedactingRecordStore(store, redactor) : store;

    /// <summary>A blob store that is given no secrets.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="store">The adapter's store.</param>
    public static IBlobStore Redacted(this IServiceProvider services, IBlobStore store) =>
        services.GetService<Redactor>() is { } redactor ? new RedactingBlobStore(store, redactor) : store;

    /// <summary>A client whose inputs and events are given no secrets.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="client">The adapter's client.</param>
    public static IOrchestrationClient Redacted(this IServiceProvider services, IOrchestrationClient client) =>
        services.GetService<Redactor>() is { } redactor ? new RedactingOrchestrationClient(client, redactor) : client;
}

internal sealed class RedactingLogStore(ILogStore inner, Redactor redactor) : ILogStore
{
    public Task<long> AppendAsync(
        string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries, long? expectedPosition = null, CancellationToken cancellationToken = default) =>
        inner.AppendAsync(stream, [.. entries.Select(redactor.Redact)], expectedPosition, cancellationToken);

    public IAsyncEnumerable<LogEntry> ReadAsync(
        string stream, long fromPosition = 0, int? maxCount = null, CancellationToken cancellationToken = default) =>
        inner.ReadAsync(stream, fromPosition, maxCount, cancellationToken);

    public Task<long> GetLengthAsync(string stream, CancellationToken cancellationToken = default) =>
        inner.GetLengthAsync(stream, cancellationToken);

    public Task WaitForAppendAsync(string stream, long length, CancellationToken cancellationToken) =>
        inner.WaitForAppendAsync(stream, length, cancellationToken);

    public Task DeleteAsync(string stream, CancellationToken cancellationToken = default) => inner.DeleteAsync(stream, cancellationToken);
}

internal sealed class RedactingRecordStore(IRecordStore inner, Redactor redactor) : IRecordStore
{
    /// <summary>The one kind of record that is a secret by trade: the host's own signing keys.</summary>
    private const string SigningKeys = "signing-keys/";

    public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken = default) => inner.GetAsync(key, cancellationToken);

    public Task<string> PutAsync(
        string key, ReadOnlyMemory<byte> value, RecordCondition condition = default, CancellationToken cancellationToken = default) =>
        inner.PutAsync(
            key, key.StartsWith(SigningKeys, StringComparison.Ordinal) ? value : redactor.Redact(value), condition, cancellationToken);

    public Task DeleteAsync(string key, RecordCondition condition = default, CancellationToken cancellationToken = default) =>
        inner.DeleteAsync(key, condition, cancellationToken);

    public IAsyncEnumerable<StoredRecord> ListAsync(string prefix, string? after = null, CancellationToken cancellationToken = default) =>
        inner.ListAsync(prefix, after, cancellationToken);
}

internal sealed class RedactingBlobStore(IBlobStore inner, Redactor redactor) : IBlobStore
{
    public Task<string> PutAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        inner.PutAsync(redactor.Redact(content), cancellationToken);

    public Task<ReadOnlyMemory<byte>?> GetAsync(string hash, CancellationToken cancellationToken = default) =>
        inner.GetAsync(hash, cancellationToken);
}
