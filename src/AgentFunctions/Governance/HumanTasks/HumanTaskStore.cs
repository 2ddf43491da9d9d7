using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AgentFunctions.Keys;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Governance.HumanTasks;

/// <summary>Keeps the tasks of one kind: a sealed record each, and a list of those that are not settled.</summary>
/// <typeparam name="TTask">The kind of task.</typeparam>
/// <param name="records">The store.</param>
/// <param name="seal">The seal of the records.</param>
/// <param name="names">The beginnings of the records' keys.</param>
/// <param name="json">Gets how a task is stored. Asked when one is: it takes a process long to prepare.</param>
/// <param name="auditEnd">
/// Gets the end of the audit log of a task's run: what it says of the task's end stands behind that.
/// </param>
/// <param name="log">The log.</param>
internal abstract class HumanTaskStore<TTask>(
    IRecordStore records, RecordSeal seal, HumanTaskKeys names, Func<JsonTypeInfo<TTask>> json,
    Func<TTask, CancellationToken, Task<long>> auditEnd, ILogger log)
    where TTask : class, IHumanTask<TTask>
{
    private readonly SealedRecords _sealed = new(records, seal, names.Tasks);

    /// <summary>Finds a task. One that was altered outside the host says so, and nothing else that it says counts.</summary>
    /// <param name="id">The task.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<(TTask Task, string Etag)?> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (id.Length is 0 or > 64 || !id.All(char.IsAsciiLetterOrDigit))
        {
            return null;
        }

        if (await _sealed.FindAsync(names.Tasks + id, cancellationToken).ConfigureAwait(false) is not var (record, isTrue))
        {
            return null;
        }

        TTask task = JsonSerializer.Deserialize(record.Value.Span, json())!;
        // Whatever is written from here on says so too: no later write makes it good again.
        return (isTrue && task.Id == id ? task : Altered(task, id, record.Key), record.Etag);
    }

    /// <summary>Adds a task; one that is there stays as it is.</summary>
    /// <param name="task">The task.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task AddAsync(TTask task, CancellationToken cancellationToken)
    {
        // Listed before it exists: a crash in between leaves an entry that leads nowhere, never a task that nobody sees.
        await records.PutAsync(OpenKey(task), ReadOnlyMemory<byte>.Empty, default, cancellationToken).ConfigureAwait(false);
        // One that is there was asked before a crash.
        await TryPutAsync(task, RecordCondition.IfNew, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Changes a task; <paramref name="change"/> is asked again where somebody else was quicker.</summary>
    /// <param name="id">The task.</param>
    /// <param name="change">The change; the same task for none.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">There is no task of that id.</exception>
    public async Task<TTask> ChangeAsync(string id, Func<TTask, TTask> change, CancellationToken cancellationToken)
    {
        while (true)
        {
            (TTask before, string etag) = await FindAsync(id, cancellationToken).ConfigureAwait(false) ?? throw NotFound(id);
            TTask after = change(before);
            if (ReferenceEquals(after, before))
            {
                return before;
            }

            if (before.IsPending && !after.IsPending)
            {
                after = after.EndedAfter(await auditEnd(before, cancellationToken).ConfigureAwait(false));
            }

            // Otherwise what the other one wrote is read and judged anew.
            if (await TryPutAsync(after, RecordCondition.IfMatch(etag), cancellationToken).ConfigureAwait(false) is not null)
            {
                return after;
            }
        }
    }

    /// <summary>Takes a task from the list of those that are not settled.</summary>
    /// <param name="task">The task.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task SettleAsync(TTask task, CancellationToken cancellationToken) =>
        records.DeleteAsync(OpenKey(task), default, cancellationToken);

    /// <summary>Lists the tasks that are not settled: pending ones, and decided ones whose run has not heard of it.</summary>
    /// <param name="runId">Only those of this run; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<IReadOnlyList<TTask>> ListOpenAsync(string? runId, CancellationToken cancellationToken) =>
        ListAsync(runId is null ? names.Open : $"{names.Open}{runId}/", cancellationToken);

    /// <summary>Lists the tasks of a run and those below it that are not settled.</summary>
    /// <param name="rootId">The run at the root of the tree.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<IReadOnlyList<TTask>> ListOpenOfTreeAsync(string rootId, CancellationToken cancellationToken) =>
        // The id of a sub-agent begins with that of the run that asked for it.
        ListAsync(names.Open + rootId, cancellationToken);

    /// <summary>Lists the tasks that the keys of records name, by their last part.</summary>
    /// <param name="prefix">The beginning of the keys.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    protected async Task<IReadOnlyList<TTask>> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        var found = new List<TTask>();
        await foreach (StoredRecord entry in records.ListAsync(prefix, null, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                if (await FindAsync(entry.Key[(entry.Key.LastIndexOf('/') + 1)..], cancellationToken)
                    .ConfigureAwait(false) is var (task, _))
                {
                    found.Add(task);
                }
            }
            catch (Exception e) when (e is JsonException or AgentException { Code: ErrorCode.DataFileUnusable })
            {
                RecordLog.Unreadable(log, entry.Key, e.Message);
            }
        }

        return found;
    }

    /// <summary>Makes a task of a record that was altered outside the host.</summary>
    /// <param name="task">What the record says.</param>
    /// <param name="id">The id that it was looked for by.</param>
    /// <param name="key">The key of the record.</param>
    protected abstract TTask Altered(TTask task, string id, string key);

    /// <summary>Makes the error for a task that there is not.</summary>
    /// <param name="id">The id.</param>
    protected abstract AgentException NotFound(string id);

    private string OpenKey(TTask task) => $"{names.Open}{task.RunId}/{task.Id}";

    private Task<string?> TryPutAsync(TTask task, RecordCondition condition, CancellationToken cancellationToken) =>
        _sealed.TryPutAsync(
        names.Tasks + task.Id, JsonSerializer.SerializeToUtf8Bytes(task, json()), condition, cancellationToken);
}

/// <summary>Represents the beginnings of the keys of one kind of task.</summary>
/// <param name="Tasks">Of the tasks.</param>
/// <param name="Open">Of the list of those that are not settled.</param>
internal sealed record HumanTaskKeys(string Tasks, string Open);
