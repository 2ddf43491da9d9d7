using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Snapshots;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>
/// Reads and deletes what is stored about a tree as it is stored: its key may be gone already, so nothing is opened.
/// </summary>
internal sealed class TreeContents(IRecordStore records, ILogStore logs)
{
    private readonly IRecordStore _records = records is RedactingRecordStore sealing ? sealing.Inner : records;
    private readonly ILogStore _logs = logs is RedactingLogStore sealing ? sealing.Inner : logs;

    /// <summary>Gets the store of logs.</summary>
    public ILogStore Logs => _logs;

    /// <summary>Reads the ids of a tree's runs in the order of their records, the root first.</summary>
    /// <param name="root">The root.</param>
    /// <param name="after">Only those after this one; <see langword="null"/> for all.</param>
    /// <param name="most">The most ids.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async Task<IReadOnlyList<string>> RunsAsync(string root, string? after, int most, CancellationToken cancellationToken)
    {
        var ids = new List<string>();
        if (after is null && await _records.GetAsync(RunKey(root), cancellationToken).ConfigureAwait(false) is not null)
        {
            ids.Add(root);
        }

        string? afterKey = after is null || after == root ? null : RunKey(after);
        await foreach (StoredRecord record in _records.ListAsync(RunKey(root + ChildName.Separator), afterKey, cancellationToken)
            .ConfigureAwait(false))
        {
            if (ids.Count >= most)
            {
                break;
            }

            ids.Add(record.Key[RunKey("").Length..]);
        }

        return ids;
    }

    /// <summary>Reads a member of the record of a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="member">The member.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async Task<string?> RunMemberAsync(string run, string member, CancellationToken cancellationToken) =>
        await _records.GetAsync(RunKey(run), cancellationToken).ConfigureAwait(false) is { } record
            ? Member(record.Value, member)
            : null;

    /// <summary>Reads the records of a kind that belong to a run.</summary>
    /// <param name="name">The kind: one of <see cref="RunNames.Records"/>.</param>
    /// <param name="run">The run.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async IAsyncEnumerable<StoredRecord> RecordsAsync(
        string name, string run, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await _records.GetAsync($"{name}/{run}", cancellationToken).ConfigureAwait(false) is { } own)
        {
            yield return own;
        }

        await foreach (StoredRecord record in _records.ListAsync($"{name}/{run}/", null, cancellationToken).ConfigureAwait(false))
        {
            yield return record;
        }
    }

    /// <summary>Lists records as they are stored.</summary>
    public IAsyncEnumerable<StoredRecord> ListAsync(string prefix, string? after, CancellationToken cancellationToken) =>
        _records.ListAsync(prefix, after, cancellationToken);

    /// <summary>Deletes a record.</summary>
    public Task DeleteAsync(string key, CancellationToken cancellationToken) =>
        _records.DeleteAsync(key, default, cancellationToken);

    /// <summary>
    /// Gets the hashes of the content that a run uses: of its files, of messages that were too large for its log, and of what was
    /// kept of its folder.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async Task<IReadOnlyCollection<string>> HashesAsync(string run, CancellationToken cancellationToken)
    {
        var hashes = new HashSet<string>(StringComparer.Ordinal);
        await foreach (StoredRecord file in RecordsAsync(RunNames.Artifacts, run, cancellationToken).ConfigureAwait(false))
        {
            Add(Member(file.Value, "hash"));
        }

        await foreach (LogEntry entry in _logs.ReadAsync($"{RunNames.Transcripts}/{run}", 0, null, cancellationToken)
            .ConfigureAwait(false))
        {
            if (entry.Data.Span.IndexOf("\"blob\":"u8) >= 0)
            {
                Add(Member(entry.Data, "blob"));
            }
        }

        await foreach (LogEntry entry in _logs.ReadAsync($"{RunNames.Snapshots}/{run}", 0, null, cancellationToken)
            .ConfigureAwait(false))
        {
            foreach (string hash in SnapshotLog.HashesIn(entry.Data))
            {
                Add(hash);
            }
        }

        return hashes;

        void Add(string? hash)
        {
            if (hash is { Length: 64 })
            {
                hashes.Add(hash);
            }
        }
    }

    /// <summary>Gets the ids of the questions of a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async Task<IReadOnlyList<string>> QuestionIdsAsync(string run, CancellationToken cancellationToken)
    {
        var ids = new List<string>();
        await foreach (StoredRecord asked in RecordsAsync(RunNames.AskedQuestions, run, cancellationToken).ConfigureAwait(false))
        {
            ids.Add(asked.Key[(asked.Key.LastIndexOf('/') + 1)..]);
        }

        return ids;
    }

    /// <summary>
    /// Gets the ids of the approvals of a run: the open ones, those that its calls name, and those that its journal tells of.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async Task<IReadOnlyCollection<string>> ApprovalsAsync(string run, CancellationToken cancellationToken)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        await foreach (StoredRecord open in RecordsAsync(RunNames.OpenApprovals, run, cancellationToken).ConfigureAwait(false))
        {
            ids.Add(open.Key[(open.Key.LastIndexOf('/') + 1)..]);
        }

        await foreach (StoredRecord call in RecordsAsync(RunNames.Ledger, run, cancellationToken).ConfigureAwait(false))
        {
            ids.Add(Member(call.Value, "approvalId") ?? "");
        }

        await foreach (LogEntry entry in _logs.ReadAsync($"{RunNames.Journals}/{run}", 0, null, cancellationToken)
            .ConfigureAwait(false))
        {
            ids.Add(entry.Data.Span.IndexOf("\"approval\":"u8) >= 0 ? Member(entry.Data, "approval") ?? "" : "");
        }

        ids.Remove("");
        return ids;
    }

    /// <summary>Reads a text of a JSON object; <see langword="null"/> if it has none, or is none that can be read.</summary>
    public static string? Member(ReadOnlyMemory<byte> json, string member)
    {
        try
        {
            // A truth that was sealed beside a text stands on a line of its own.
            var reader = new Utf8JsonReader(json.Span);
            using var document = JsonDocument.ParseValue(ref reader);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty(member, out JsonElement value)
                && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Gets the key of the record of a run.</summary>
    public static string RunKey(string run) => $"{RunNames.Runs}/{run}";
}
