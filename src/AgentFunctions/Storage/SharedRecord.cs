using System.Runtime.ExceptionServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace AgentFunctions.Storage;

/// <summary>
/// One record that many change at once. Changes of this process that come together are joined in one write; those of another host
/// are noticed by the record's version, and made again upon what it wrote.
/// </summary>
/// <param name="records">Where it is.</param>
/// <param name="key">Under which key.</param>
/// <param name="type">Gets how it is written. Asked when it is: it takes a process long to prepare.</param>
/// <param name="empty">What it says before it was first written.</param>
/// <param name="time">The clock.</param>
internal sealed class SharedRecord<T>(IRecordStore records, string key, Func<JsonTypeInfo<T>> type, T empty, TimeProvider time)
    where T : class
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _writer = new(1, 1);
    private List<Change> _waiting = [];
    private volatile Known? _known;

    /// <summary>What it said at most this long ago; this process's own changes are always seen.</summary>
    public async ValueTask<T> ReadAsync(TimeSpan maxAge, CancellationToken cancellationToken)
    {
        if (_known is { } known && time.GetElapsedTime(known.ReadAt) <= maxAge)
        {
            return known.Value;
        }

        await _writer.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return (await FetchAsync(cancellationToken).ConfigureAwait(false)).Value;
        }
        finally
        {
            _writer.Release();
        }
    }

    /// <summary>Changes it. Durable when it returns.</summary>
    /// <param name="change">
    /// Says what it shall be, and what to tell the one who asked; asked again where another host was quicker. What it returns
    /// unchanged is not written.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the wait; the change may be made.</param>
    public async Task<TResult> ChangeAsync<TResult>(Func<T, (T Value, TResult Result)> change,
        CancellationToken cancellationToken)
    {
        TResult result = default!;
        var mine = new Change(value =>
        {
            (T next, result) = change(value);
            return next;
        });
        lock (_lock)
        {
            _waiting.Add(mine);
        }

        await _writer.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!mine.IsOver)
            {
                // Others wait for this write too: it is not this caller's alone to stop.
                await WriteAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _writer.Release();
        }

        mine.Failure?.Throw();
        return result;
    }

    private async Task WriteAsync()
    {
        List<Change> changes;
        lock (_lock)
        {
            (changes, _waiting) = (_waiting, []);
        }

        try
        {
            while (!await TryWriteAsync(changes).ConfigureAwait(false))
            {
                _known = null;
            }
        }
        catch (Exception e)
        {
            _known = null;
            changes.ForEach(change => change.Failure = ExceptionDispatchInfo.Capture(e));
        }

        changes.ForEach(static change => change.IsOver = true);
    }

    private async Task<bool> TryWriteAsync(List<Change> changes)
    {
        bool isFresh = _known is null;
        Known before = _known ?? await FetchAsync(CancellationToken.None).ConfigureAwait(false);
        T value = before.Value;
        foreach (Change change in changes)
        {
            value = change.Apply(value);
        }

        if (ReferenceEquals(value, before.Value))
        {
            // That nothing is to change was judged by what this process remembers: only the record itself can say so.
            return isFresh || !records.IsShared;
        }

        if (await records.TryPutAsync(
            key, JsonSerializer.SerializeToUtf8Bytes(value, type()), RecordCondition.Since(before.Etag), CancellationToken.None)
            .ConfigureAwait(false) is not { } etag)
        {
            return false;
        }

        _known = new Known(value, etag, time.GetTimestamp());
        return true;
    }

    private async Task<Known> FetchAsync(CancellationToken cancellationToken)
    {
        StoredRecord? record = await records.GetAsync(key, cancellationToken).ConfigureAwait(false);
        return _known = record is null
            ? new Known(empty, null, time.GetTimestamp())
            : new Known(JsonSerializer.Deserialize(record.Value.Span, type())!, record.Etag, time.GetTimestamp());
    }

    private sealed record Known(T Value, string? Etag, long ReadAt);

    private sealed class Change(Func<T, T> apply)
    {
        public bool IsOver { get; set; }

        public ExceptionDispatchInfo? Failure { get; set; }

        public T Apply(T value) => apply(value);
    }
}
