using System.Runtime.CompilerServices;
using AgentFunctions.Storage;

namespace AgentFunctions.Tests.Views.Live;

/// <summary>A log in memory that counts who waits and reads.</summary>
internal sealed class CountingLog : ILogStore
{
    private readonly Lock _gate = new();
    private readonly List<LogEntry> _entries = [];
    private TaskCompletionSource _added = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Waits { get; private set; }

    public int Reads { get; private set; }

    public bool Fails { get; set; }

    /// <summary>Gets or sets what is waited for before each reading.</summary>
    public Task Reading { get; set; } = Task.CompletedTask;

    /// <summary>Gets or sets what is done when the length is asked for.</summary>
    public Action LengthAsked { get; set; } = static () => { };

    public Task<long> AppendAsync(
        string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries, long? expectedPosition,
        CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            foreach (ReadOnlyMemory<byte> data in entries)
            {
                _entries.Add(new LogEntry(_entries.Count, data));
            }

            _added.TrySetResult();
            _added = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return Task.FromResult((long)_entries.Count);
        }
    }

    public async IAsyncEnumerable<LogEntry> ReadAsync(
        string stream, long fromPosition = 0, int? maxCount = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        await Reading;
        LogEntry[] found;
        lock (_gate)
        {
            Reads++;
            found = Fails
                ? throw new IOException("no")
                : [.. _entries.Skip((int)fromPosition).Take(maxCount ?? int.MaxValue)];
        }

        foreach (LogEntry entry in found)
        {
            yield return entry;
        }
    }

    public Task<long> GetLengthAsync(string stream, CancellationToken cancellationToken = default)
    {
        LengthAsked();
        return Task.FromResult((long)_entries.Count);
    }

    public async Task WaitForAppendAsync(string stream, long length, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            Waits++;
        }

        while (true)
        {
            Task added;
            lock (_gate)
            {
                added = _entries.Count > length ? Task.CompletedTask : _added.Task;
            }

            if (added.IsCompleted)
            {
                return;
            }

            await added.WaitAsync(cancellationToken);
        }
    }

    public Task DeleteAsync(string stream, CancellationToken cancellationToken = default) => Task.CompletedTask;
}
