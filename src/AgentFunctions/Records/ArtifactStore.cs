using System.Text.Json;
using AgentFunctions.Storage;

namespace AgentFunctions.Records;

/// <summary>Represents a file that a run produced.</summary>
/// <param name="Name">Its name, unique in the run.</param>
/// <param name="MediaType">Its media type.</param>
/// <param name="Length">Its size in bytes.</param>
/// <param name="Hash">Its SHA-256 as hexadecimal digits: the key of its content.</param>
/// <param name="CreatedAt">When it was saved (UTC).</param>
public sealed record Artifact(string Name, string MediaType, long Length, string Hash, DateTimeOffset CreatedAt);

/// <summary>Stores the files that runs produced: a record each, with the content stored by its hash.</summary>
public sealed class ArtifactStore
{
    private readonly IRecordStore _records;
    private readonly IBlobStore _blobs;
    private readonly TimeProvider _time;
    private readonly ContentRefs _refs;

    internal ArtifactStore(IRecordStore records, IBlobStore blobs, TimeProvider time)
    {
        _records = records;
        _blobs = blobs;
        _time = time;
        _refs = new ContentRefs(records);
    }

    /// <summary>Saves a file under a name; a file of that name is replaced.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="name">The name: <c>A-Z a-z 0-9 . _ -</c>, at most 200 characters.</param>
    /// <param name="mediaType">The media type.</param>
    /// <param name="content">The content.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: the name has other characters.</exception>
    public async Task<Artifact> SaveAsync(
        string runId, string name, string mediaType, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        string key = Key(runId, name);
        await _refs.AddAsync(ContentRefs.HashOf(content.Span), runId, cancellationToken).ConfigureAwait(false);
        string hash = await _blobs.PutAsync(content, cancellationToken).ConfigureAwait(false);
        var artifact = new Artifact(name, mediaType, content.Length, hash, _time.GetUtcNow());
        await _records.PutAsync(
            key, JsonSerializer.SerializeToUtf8Bytes(artifact, StoredRecordsJsonContext.Default.Artifact), default,
            cancellationToken)
            .ConfigureAwait(false);
        return artifact;
    }

    /// <summary>Gives a run a file whose content is kept already.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="artifact">The file of another run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    internal async Task LinkAsync(string runId, Artifact artifact, CancellationToken cancellationToken)
    {
        await _refs.AddAsync(artifact.Hash, runId, cancellationToken).ConfigureAwait(false);
        await _records.PutAsync(
            Key(runId, artifact.Name), JsonSerializer.SerializeToUtf8Bytes(artifact, StoredRecordsJsonContext.Default.Artifact),
            default, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Lists the files of a run, by name.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async Task<IReadOnlyList<Artifact>> ListAsync(string runId, CancellationToken cancellationToken = default)
    {
        var artifacts = new List<Artifact>();
        await foreach (StoredRecord record in _records.ListAsync($"artifacts/{runId}/", null, cancellationToken)
            .ConfigureAwait(false))
        {
            artifacts.Add(JsonSerializer.Deserialize(record.Value.Span, StoredRecordsJsonContext.Default.Artifact)!);
        }

        return artifacts;
    }

    /// <summary>Finds a file and its content; <see langword="null"/> if there is none.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<(Artifact Artifact, ReadOnlyMemory<byte> Content)?> GetAsync(
        string runId, string name, CancellationToken cancellationToken = default)
    {
        StoredRecord? record = IsName(name)
            ? await _records.GetAsync(Key(runId, name), cancellationToken).ConfigureAwait(false)
            : null;
        if (record is null)
        {
            return null;
        }

        Artifact artifact = JsonSerializer.Deserialize(record.Value.Span, StoredRecordsJsonContext.Default.Artifact)!;
        ReadOnlyMemory<byte>? content = await _blobs.GetAsync(artifact.Hash, cancellationToken).ConfigureAwait(false);
        return content is null ? null : (artifact, content.Value);
    }

    private static string Key(string runId, string name) =>
        IsName(name)
            ? $"artifacts/{runId}/{name}"
            : throw new AgentException(
                ErrorCode.InvalidInput,
                $"name: '{name}' is not a valid artifact name. Use letters, digits, '.', '_' and '-', at most 200 characters.");

    /// <summary>Determines whether a text can be the name of an artifact.</summary>
    internal static bool IsName(string name) =>
        name.Length is > 0 and <= 200 && name is not ("." or "..")
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}
