using System.Runtime.CompilerServices;
using AgentFunctions.Durability;
using AgentFunctions.Records;

namespace AgentFunctions.Views;

/// <summary>Provides the events of runs as they happen.</summary>
public sealed class RunFeed
{
    private readonly RunReader _reader;
    private readonly Journal _journal;
    private readonly IOrchestrationClient _orchestrations;

    internal RunFeed(RunReader reader, Journal journal, IOrchestrationClient orchestrations)
    {
        _reader = reader;
        _journal = journal;
        _orchestrations = orchestrations;
    }

    /// <summary>
    /// Follows the events of a run from a position on. Ends when the run has ended and its last event was delivered.
    /// </summary>
    /// <param name="id">The run.</param>
    /// <param name="from">The first position.</param>
    /// <param name="cancellationToken">The token to stop following.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/>.</exception>
    public async IAsyncEnumerable<(long Position, JournalEvent Event)> FollowAsync(
        string id, long from = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await _reader.GetAsync(id, cancellationToken).ConfigureAwait(false);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task ended = _orchestrations.WaitForCompletionAsync(id, stop.Token);
        try
        {
            while (true)
            {
                // Asked before the journal is read: a run's last event is written before the run ends.
                bool isLast = ended.IsCompleted;
                await foreach ((long position, JournalEvent e) in _journal.ReadAsync(id, from, null, cancellationToken).ConfigureAwait(false))
                {
                    from = position + 1;
                    yield return (position, e);
                }

                if (isLast)
                {
                    await ended.ConfigureAwait(false);
                    yield break;
                }

                Task next = await Task.WhenAny(_journal.WaitAsync(id, from, stop.Token), ended).ConfigureAwait(false);
                await next.ConfigureAwait(false);
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
        }
    }
}
