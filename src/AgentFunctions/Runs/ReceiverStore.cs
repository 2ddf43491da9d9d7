using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Keys;
using AgentFunctions.Storage;

namespace AgentFunctions.Runs;

/// <summary>Stores the receivers of runs, encrypted with the key of the run's tree: they have credentials of others.</summary>
internal sealed class ReceiverStore(IRecordStore records, TreeKeys keys)
{
    /// <summary>Stores a receiver in place of one with the same id.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="receiver">The receiver.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task PutAsync(string runId, RunReceiver receiver, CancellationToken cancellationToken)
    {
        string key = KeyOf(runId, receiver.Id);
        TreeKey secret = await keys.GetAsync(TreeKeys.RootOf(runId), cancellationToken).ConfigureAwait(false);
        byte[] plain = JsonSerializer.SerializeToUtf8Bytes(receiver, ReceiversJsonContext.Default.RunReceiver);
        var stored = new SealedReceiver(secret.Seal(plain, Encoding.UTF8.GetBytes(key)));
        await records.PutAsync(
            key, JsonSerializer.SerializeToUtf8Bytes(stored, ReceiversJsonContext.Default.SealedReceiver), default,
            cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Finds a receiver; <see langword="null"/> if there is none.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<RunReceiver?> FindAsync(string runId, string id, CancellationToken cancellationToken) =>
        await records.GetAsync(KeyOf(runId, id), cancellationToken).ConfigureAwait(false) is { } record
            ? await OpenAsync(runId, record, cancellationToken).ConfigureAwait(false)
            : null;

    /// <summary>Lists the receivers of a run.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<RunReceiver>> ListAsync(string runId, CancellationToken cancellationToken)
    {
        var found = new List<RunReceiver>();
        await foreach (StoredRecord record in records.ListAsync($"receivers/{runId}/", null, cancellationToken)
            .ConfigureAwait(false))
        {
            if (await OpenAsync(runId, record, cancellationToken).ConfigureAwait(false) is { } receiver)
            {
                found.Add(receiver);
            }
        }

        return found;
    }

    /// <summary>Removes a receiver, if there is one.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task RemoveAsync(string runId, string id, CancellationToken cancellationToken) =>
        records.DeleteAsync(KeyOf(runId, id), default, cancellationToken);

    /// <summary>Gets what stands for an id that somebody else has chosen, in keys and names of instances.</summary>
    /// <param name="id">The id.</param>
    public static string MarkOf(string id) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)).AsSpan(0, 12));

    private static string KeyOf(string runId, string id) => $"receivers/{runId}/{MarkOf(id)}";

    /// <summary>A record that somebody else wrote opens with no key, and is none.</summary>
    private async Task<RunReceiver?> OpenAsync(string runId, StoredRecord record, CancellationToken cancellationToken)
    {
        SealedReceiver stored = JsonSerializer.Deserialize(record.Value.Span, ReceiversJsonContext.Default.SealedReceiver)!;
        TreeKey? secret = await keys.FindAsync(TreeKeys.RootOf(runId), cancellationToken).ConfigureAwait(false);
        return secret?.Open(stored.Sealed, Encoding.UTF8.GetBytes(record.Key)) is { } plain
            ? JsonSerializer.Deserialize(plain, ReceiversJsonContext.Default.RunReceiver)
            : null;
    }
}

/// <summary>Represents a receiver as it is stored.</summary>
/// <param name="Sealed">The encrypted receiver.</param>
internal sealed record SealedReceiver(byte[] Sealed);

/// <summary>Source-generated JSON of receivers.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RunReceiver))]
[JsonSerializable(typeof(SealedReceiver))]
internal sealed partial class ReceiversJsonContext : JsonSerializerContext;
