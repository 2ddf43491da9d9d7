using System.Runtime.CompilerServices;
using AgentFunctions.Live;
using AgentFunctions.Records;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Views.Live;

/// <summary>
/// What happens in a run, and what goes on in it before that is recorded: the journal, and beside it what models and tools say
/// while they are at work, where the run stands, and its sub-agents.
/// </summary>
public sealed class LiveFeed
{
    /// <summary>How many events before the first one are looked at to tell what is at work.</summary>
    private const int Background = 200;

    private readonly RunFeed _events;
    private readonly Journal _journal;
    private readonly LiveStates _states;
    private readonly ILiveStore _store;
    private readonly LiveOptions _options;
    private readonly TimeProvider _time;
    private int _followers;

    internal LiveFeed(RunFeed events, Journal journal, LiveStates states, ILiveStore store, IOptions<LiveOptions> options,
        TimeProvider time) =>
        (_events, _journal, _states, _store, _options, _time) = (events, journal, states, store, options.Value, time);

    /// <summary>
    /// Follows a run: its events from a position on, and, once those that are there have been delivered, what goes on. It ends
    /// when the run has ended and its last event was delivered.
    /// </summary>
    /// <param name="id">The run.</param>
    /// <param name="from">The first position.</param>
    /// <param name="isResumed">
    /// Whether the follower was here before: then what it was shown of an answer that is not recorded is void.
    /// </param>
    /// <param name="cancellationToken">Stops following.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/>.</exception>
    public IAsyncEnumerable<RunSignal> FollowAsync(
        string id, long from = 0, bool isResumed = false, CancellationToken cancellationToken = default) =>
        FollowAsync(id, from, isResumed, _options.Enabled, cancellationToken);

    /// <summary>
    /// Follows a run without what its models and tools say while they are at work: its events from a position on, where it
    /// stands, and its sub-agents. Nothing is prepared for such a follower that is not for others.
    /// </summary>
    /// <param name="id">The run.</param>
    /// <param name="from">The first position.</param>
    /// <param name="cancellationToken">Stops following.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/>.</exception>
    public IAsyncEnumerable<RunSignal> FollowStateAsync(string id, long from = 0, CancellationToken cancellationToken = default) =>
        FollowAsync(id, from, isResumed: false, withText: false, cancellationToken);

    /// <summary>
    /// Counts the events of a run that are recorded. A follower that has been told the one before the returned position has been
    /// told them all.
    /// </summary>
    /// <param name="id">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The position of the next event.</returns>
    public Task<long> LengthAsync(string id, CancellationToken cancellationToken = default) =>
        _journal.LengthAsync(id, cancellationToken);

    private async IAsyncEnumerable<RunSignal> FollowAsync(
        string id, long from, bool isResumed, bool withText, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(id);
        var now = new RunNow();
        var cursor = new LiveCursor();
        await foreach ((_, JournalEvent e) in ReadBeforeAsync(id, from, cancellationToken).ConfigureAwait(false))
        {
            now.Take(e);
            // An answer that is recorded is not shown live, to whomever it was not shown.
            cursor.Take(e);
        }

        long there = from + await CountAsync(id, from, cancellationToken).ConfigureAwait(false);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        IAsyncEnumerator<(long Position, JournalEvent Event)> events = _events.FollowAsync(id, from, stop.Token)
            .GetAsyncEnumerator(CancellationToken.None);
        IAsyncEnumerator<LiveFrame> frames = Frames(id, withText, stop.Token).GetAsyncEnumerator(CancellationToken.None);
        Task<bool> nextEvent = events.MoveNextAsync().AsTask();
        Task<bool>? nextFrame = null;
        Task<IReadOnlyList<RunSignal>>? look = null;
        using LiveState state = _states.Of(id);
        int follower = withText ? 1 : 0;
        Interlocked.Add(ref _followers, follower);
        try
        {
            Task pause = Task.CompletedTask;
            Task news = state.News;
            bool isReset = !isResumed;
            bool isDue = true;
            while (true)
            {
                if (nextEvent.IsCompleted && (from < there || !IsLastOf(cursor, nextEvent, events, nextFrame, frames)))
                {
                    if (!await nextEvent.ConfigureAwait(false))
                    {
                        break;
                    }

                    (from, isDue) = (events.Current.Position + 1, true);
                    cursor.Take(events.Current.Event);
                    now.Take(events.Current.Event);
                    yield return new JournalSignal(events.Current.Position, events.Current.Event);
                    nextEvent = events.MoveNextAsync().AsTask();
                    continue;
                }

                if (from < there)
                {
                    await Task.WhenAny(nextEvent).ConfigureAwait(false);
                    continue;
                }

                if (!isReset)
                {
                    isReset = true;
                    yield return new ModelReset(null, null, "reconnected");
                }

                nextFrame ??= frames.MoveNextAsync().AsTask();
                if (nextFrame.IsCompleted)
                {
                    await nextFrame.ConfigureAwait(false);
                    if (cursor.IsAhead(frames.Current))
                    {
                        // The answer before this one is recorded, and is told first.
                        there = from + await CountAsync(id, from, stop.Token).ConfigureAwait(false);
                        if (from < there)
                        {
                            continue;
                        }
                    }

                    foreach (RunSignal signal in cursor.Take(frames.Current))
                    {
                        isDue |= now.Take(signal);
                        yield return signal;
                    }

                    nextFrame = NextAsync(frames, stop.Token);
                    continue;
                }

                if (news.IsCompleted)
                {
                    (news, isDue) = (state.TakeNews(), true);
                }

                // A look takes its time: meanwhile the text goes on.
                if (look is { IsCompleted: true })
                {
                    foreach (RunSignal signal in await look.ConfigureAwait(false))
                    {
                        yield return signal;
                    }

                    (look, pause) = (null, Task.Delay(state.Pause, _time, stop.Token));
                    continue;
                }

                if (look is null && (isDue || pause.IsCompleted))
                {
                    bool isIdle = !isDue;
                    isDue = false;
                    look = state.LookAsync(now.Step, false, isIdle, stop.Token);
                    continue;
                }

                await Task.WhenAny(nextEvent, nextFrame, look ?? pause, news).ConfigureAwait(false);
            }

            foreach (RunSignal signal in look is null ? [] : await look.ConfigureAwait(false))
            {
                yield return signal;
            }

            look = null;
            foreach (RunSignal signal in await state.LookAsync(null, true, false, stop.Token).ConfigureAwait(false))
            {
                yield return signal;
            }
        }
        finally
        {
            Interlocked.Add(ref _followers, -follower);
            await stop.CancelAsync().ConfigureAwait(false);
            // None can be disposed of while it moves.
            await ((Task)nextEvent).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await (nextFrame ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await ((Task?)look ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await events.DisposeAsync().ConfigureAwait(false);
            await frames.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Whether an event says that an answer is recorded of which a last frame is at hand: that comes first.</summary>
    private static bool IsLastOf(
        LiveCursor cursor, Task<bool> nextEvent, IAsyncEnumerator<(long Position, JournalEvent Event)> events,
        Task<bool>? nextFrame, IAsyncEnumerator<LiveFrame> frames) =>
        nextFrame is { IsCompletedSuccessfully: true, Result: true } && nextEvent is { IsCompletedSuccessfully: true, Result: true }
        && events.Current.Event is { Type: JournalEventTypes.ModelCompleted, Turn: { } turn } && turn == cursor.OpenTurn
        && frames.Current.Turn == turn;

    /// <summary>
    /// The next frame, but not at once: calls that take no time would be a frame each. Where very many follow, each is shown
    /// fewer, and more at a time.
    /// </summary>
    private async Task<bool> NextAsync(IAsyncEnumerator<LiveFrame> frames, CancellationToken cancellationToken)
    {
        int over = Volatile.Read(ref _followers) / _options.MaxFollowers;
        await Task.Delay(_options.PaceOf(_store) * (over > 0 ? over * 4 : 0.5), _time, cancellationToken).ConfigureAwait(false);
        return await frames.MoveNextAsync().ConfigureAwait(false);
    }

    private IAsyncEnumerable<LiveFrame> Frames(string id, bool withText, CancellationToken cancellationToken) =>
        withText ? _store.FollowAsync(id, cancellationToken) : NoneAsync(cancellationToken);

    private static async IAsyncEnumerable<LiveFrame> NoneAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await new TaskCompletionSource().Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        yield break;
    }

    private IAsyncEnumerable<(long Position, JournalEvent Event)> ReadBeforeAsync(string id, long from,
        CancellationToken cancellationToken) =>
        from == 0 ? AsyncEnumerable.Empty<(long, JournalEvent)>()
        : _journal.ReadAsync(id, Math.Max(0, from - Background), (int)Math.Min(from, Background), cancellationToken);

    private async Task<long> CountAsync(string id, long from, CancellationToken cancellationToken) =>
        Math.Max(0, await LengthAsync(id, cancellationToken).ConfigureAwait(false) - from);
}
