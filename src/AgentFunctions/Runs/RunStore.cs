using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Core;
using AgentFunctions.Runs.Index;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Runs;

/// <summary>What runs were started with: one record each, their agent definitions kept once by content.</summary>
internal sealed class RunStore(IRecordStore records, IBlobStore blobs, ILogger<RunStore>? log = null)
{
    private const string Prefix = "runs/";

    /// <summary>How many runs' records stay in memory. They never change, so no entry is ever stale.</summary>
    private const int CacheSize = 4096;

    /// <summary>Gets the index that runs are entered in; <see langword="null"/> for none.</summary>
    internal RunIndexLog? Index { get; init; }

    /// <summary>Gets the runs that were erased.</summary>
    internal ErasedRuns Erased { get; } = new(records);

    private readonly LruCache<string, RunRecord> _runs = new(CacheSize);
    private readonly LruCache<string, AgentDefinition> _definitions = new(CacheSize);

    /// <summary>Keeps a definition by its content.</summary>
    /// <param name="definition">The definition.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The hash to find it by.</returns>
    public Task<string> PutDefinitionAsync(AgentDefinition definition, CancellationToken cancellationToken = default) =>
        blobs.PutAsync(JsonSerializer.SerializeToUtf8Bytes(definition, AgentsJsonContext.Default.AgentDefinition),
            cancellationToken);

    /// <summary>Writes a run's record; a record of the same id is left as it is.</summary>
    /// <param name="run">The record.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task AddAsync(RunRecord run, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        // Handed over together; only what is in both may start.
        await Task.WhenAll(PutAsync(run, cancellationToken), Index?.AdmittedAsync(run, cancellationToken) ?? Task.CompletedTask)
            .ConfigureAwait(false);
    }

    /// <summary>Of a repeated submission the first one's record stands.</summary>
    private Task PutAsync(RunRecord run, CancellationToken cancellationToken) => records.TryPutAsync(
        Prefix + run.Id, JsonSerializer.SerializeToUtf8Bytes(run, RunsJsonContext.Default.RunRecord), RecordCondition.IfNew,
        cancellationToken);

    /// <summary>A run's record, or <see langword="null"/>.</summary>
    /// <param name="id">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<RunRecord?> FindAsync(string id, CancellationToken cancellationToken = default)
    {
        if (_runs.TryGet(id, out RunRecord? cached))
        {
            return cached;
        }

        if (!RunId.IsValid(id)
            || await records.GetAsync(Prefix + id, cancellationToken).ConfigureAwait(false) is not { } record)
        {
            return null;
        }

        RunRecord run = Read(record);
        _runs.Set(id, run);
        return run;
    }

    /// <summary>A run's record.</summary>
    /// <param name="id">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/>, <see cref="ErrorCode.RunErased"/>.</exception>
    public async Task<RunRecord> GetAsync(string id, CancellationToken cancellationToken = default) =>
        await FindAsync(id, cancellationToken).ConfigureAwait(false)
        ?? throw await MissingAsync(id, cancellationToken).ConfigureAwait(false);

    /// <summary>Gets the error of whoever asks for a run that has no record.</summary>
    internal async Task<AgentException> MissingAsync(string id, CancellationToken cancellationToken) =>
        await Erased.FindAsync(id, cancellationToken).ConfigureAwait(false) is { } erased
            ? ErasedRuns.Gone(id, erased)
            : new AgentException(ErrorCode.RunNotFound, $"There is no run '{id}'.");

    /// <summary>Ensures that a run is not erased, nor being erased.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunErased"/>.</exception>
    internal async Task EnsureNotErasedAsync(string id, CancellationToken cancellationToken)
    {
        if (await Erased.FindAsync(id, cancellationToken).ConfigureAwait(false) is { } erased)
        {
            throw ErasedRuns.Gone(id, erased);
        }
    }

    /// <summary>Ensures that what was said and done in a run is there: only then can it, or a fork of it, go on.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunErased"/>. <see cref="ErrorCode.RunStateForbids"/>: its retention has deleted that.
    /// </exception>
    internal async Task EnsureKeptAsync(string id, CancellationToken cancellationToken)
    {
        await EnsureNotErasedAsync(id, cancellationToken).ConfigureAwait(false);
        if (await EmptiedRuns.FindAsync(records, id, cancellationToken).ConfigureAwait(false) is { } at)
        {
            throw new AgentException(
                ErrorCode.RunStateForbids,
                $"The messages and files of run '{id}' were erased at {at.UtcDateTime:yyyy-MM-dd HH:mm}Z, as its retention says. Submit a new run.");
        }
    }

    /// <summary>Ensures that the agent of a run keeps no session beside its messages, which another run would not have.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunStateForbids"/>: it keeps one.</exception>
    internal async Task EnsureNoSessionAsync(string id, CancellationToken cancellationToken)
    {
        string session = $"{RunNames.AgentFramework}/{id}/session";
        if (await records.GetAsync(session, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new AgentException(
                ErrorCode.RunStateForbids,
                $"turn: the agent of run '{id}' remembers it in a session of Agent Framework, which another run would not have. "
                + "Send the run a message, or use turn 0.");
        }
    }

    /// <summary>Forgets a run: it is being erased.</summary>
    internal void Forget(string id) => _runs.Remove(id);

    /// <summary>The definition that a run is pinned to.</summary>
    /// <param name="run">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<AgentDefinition> GetDefinitionAsync(RunRecord run, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (_definitions.TryGet(run.DefinitionHash, out AgentDefinition? cached))
        {
            return cached;
        }

        ReadOnlyMemory<byte> json = await blobs.GetAsync(run.DefinitionHash, cancellationToken).ConfigureAwait(false)
            ?? throw new AgentException(ErrorCode.DataFileUnusable,
                $"The definition {run.DefinitionHash} of run '{run.Id}' is gone.");
        AgentDefinition definition = JsonSerializer.Deserialize(json.Span, AgentsJsonContext.Default.AgentDefinition)!;
        _definitions.Set(run.DefinitionHash, definition);
        return definition;
    }

    /// <summary>The runs, newest first.</summary>
    /// <param name="after">Only runs older than this id; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async IAsyncEnumerable<RunRecord> ListAsync(
        string? after = null,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string? afterKey = after is null ? null : Prefix + after;
        await foreach (RunRecord run in records.ReadAllAsync(Prefix, Read, log, cancellationToken, afterKey)
            .ConfigureAwait(false))
        {
            yield return run;
        }
    }

    /// <summary>
    /// The runs below one in its tree: its sub-agents, theirs, and so on, each after the one that it works for.
    /// </summary>
    /// <param name="id">The run.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async IAsyncEnumerable<RunRecord> ListDescendantsAsync(
        string id, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (!RunId.IsValid(id))
        {
            yield break;
        }

        await foreach (RunRecord run in records.ReadAllAsync($"{Prefix}{id}{ChildName.Separator}", Read, log, cancellationToken)
            .ConfigureAwait(false))
        {
            if (run.Parent is not null)
            {
                yield return run;
            }
        }
    }

    private static RunRecord Read(StoredRecord record)
    {
        try
        {
            return JsonSerializer.Deserialize(record.Value.Span, RunsJsonContext.Default.RunRecord)!;
        }
        catch (JsonException e)
        {
            throw new AgentException(ErrorCode.DataFileUnusable,
                $"The record '{record.Key}' cannot be read: {e.Message} Restore it from a backup.", e);
        }
    }
}
