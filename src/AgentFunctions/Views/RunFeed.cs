using System.Runtime.CompilerServices;
using AgentFunctions.Durability;
using AgentFunctions.Records;
using AgentFunctions.Views.Live;

namespace AgentFunctions.Views;

/// <summary>Provides the events of runs as they happen.</summary>
public sealed class RunFeed
{
    private readonly RunReader _reader;
    private readonly Journal _journal;
    private readonly IOrchestrationClient _orchestrations;
    private readonly PerRun<SharedEvents> _newest;

    internal RunFeed(RunReader reader, Journal journal, IOrchestrationClient orchestrations, TimeProvider time)
    {
        _newest = new(id => new SharedEvents(id, journal, time));
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
        SharedEvents newest = _newest.Enter(id);
        try
        {
            while (true)
            {
                // Asked before the journal is read: a run's last event is written before the run ends.
                bool isLast = ended.IsCompleted;
                await foreach ((long position, JournalEvent e) in _journal.ReadAsync(id, from, null, cancellationToken)
                    .ConfigureAwait(false))
                {
                    from = position + 1;
                    yield return (position, e);
                }

                if (isLast)
                {
                    await ended.ConfigureAwait(false);
                    yield break;
                }

                // Whoever has read all that was there goes on with the others.
                Task<IReadOnlyList<(long Position, JournalEvent Event)>> next;
                while (await Task.WhenAny(next = newest.AfterAsync(from), ended).WaitAsync(cancellationToken)
                    .ConfigureAwait(false) == next
                    && await next.ConfigureAwait(false) is { Count: > 0 } read)
                {
                    foreach ((long position, JournalEvent e) in read.SkipWhile(one => one.Position < from))
                    {
                        from = position + 1;
                        yield return (position, e);
                    }
                }
            }
        }
        finally
        {
            _newest.Leave(id);
            await stop.CancelAsync().ConfigureAwait(false);
        }
    }
}
