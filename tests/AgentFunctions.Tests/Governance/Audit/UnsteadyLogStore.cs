using System.Runtime.CompilerServices;
using AgentFunctions.Storage;

namespace AgentFunctions.Tests.Governance.Audit;

/// <summary>
/// A store that several hosts share: calls of one take turns with those of others by chance, and at times the answer to an append
/// is lost, so that the adapter's own retry finds the position taken.
/// </summary>
internal sealed class UnsteadyLogStore(ILogStore inner, int seed) : ILogStore
{
    private readonly Random _random = new(seed);
    private readonly Lock _gate = new();

    /// <summary>Gets how many answers were lost.</summary>
    public int Lost { get; private set; }

    public bool IsShared => true;

    public async Task<long> AppendAsync(
        string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries, long? expectedPosition = null,
        CancellationToken cancellationToken = default)
    {
        await PauseAsync();
        long position = await inner.AppendAsync(stream, entries, expectedPosition, cancellationToken);
        await PauseAsync();
        lock (_gate)
        {
            if (_random.Next(6) != 0)
            {
                return position;
            }

            Lost++;
        }

        throw new AgentException(ErrorCode.PositionConflict, "The answer was lost, and the retry found the position taken.");
    }

    public async IAsyncEnumerable<LogEntry> ReadAsync(
        string stream, long fromPosition = 0, int? maxCount = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await PauseAsync();
        await foreach (LogEntry entry in inner.ReadAsync(stream, fromPosition, maxCount, cancellationToken))
        {
            yield return entry;
        }
    }

    public async Task<long> GetLengthAsync(string stream, CancellationToken cancellationToken = default)
    {
        await PauseAsync();
        return await inner.GetLengthAsync(stream, cancellationToken);
    }

    public Task WaitForAppendAsync(string stream, long length, CancellationToken cancellationToken) =>
        inner.WaitForAppendAsync(stream, length, cancellationToken);

    public Task DeleteAsync(string stream, CancellationToken cancellationToken = default) =>
        inner.DeleteAsync(stream, cancellationToken);

    private async Task PauseAsync()
    {
        int yields;
        lock (_gate)
        {
            yields = _random.Next(4);
        }

        for (int i = 0; i < yields; i++)
        {
            await Task.Yield();
        }
    }
}
