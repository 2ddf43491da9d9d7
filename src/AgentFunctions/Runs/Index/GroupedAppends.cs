using System.Runtime.ExceptionServices;
using AgentFunctions.Storage;

namespace AgentFunctions.Runs.Index;

/// <summary>
/// Appends to one log of a shared store. What comes while an append is under way goes with the next one: an append is on the
/// condition that the log ends where the writer believes, so appends of one process side by side would only refuse each other.
/// </summary>
internal sealed class GroupedAppends(ILogStore logs, string stream)
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _writer = new(1, 1);
    private Group _waiting = new();

    /// <summary>Adds entries at the end, together and in their order.</summary>
    public async Task AppendAsync(IReadOnlyList<ReadOnlyMemory<byte>> entries, CancellationToken cancellationToken)
    {
        Group mine;
        lock (_lock)
        {
            mine = _waiting;
            mine.Entries.AddRange(entries);
        }

        await _writer.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!mine.IsOver)
            {
                await WriteAsync(mine).ConfigureAwait(false);
            }
        }
        finally
        {
            _writer.Release();
        }

        mine.Failure?.Throw();
    }

    private async Task WriteAsync(Group group)
    {
        lock (_lock)
        {
            _waiting = new Group();
        }

        try
        {
            // Others wait for this append too: it is not this caller's alone to stop.
            await logs.AppendAsync(stream, group.Entries, null, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            group.Failure = ExceptionDispatchInfo.Capture(e);
        }

        group.IsOver = true;
    }

    private sealed class Group
    {
        public List<ReadOnlyMemory<byte>> Entries { get; } = [];

        public bool IsOver { get; set; }

        public ExceptionDispatchInfo? Failure { get; set; }
    }
}
