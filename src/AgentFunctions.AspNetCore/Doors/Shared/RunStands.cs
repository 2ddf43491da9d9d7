using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Views;
using AgentFunctions.Views.Live;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>Reads where runs stand, and waits until they end or ask their caller.</summary>
internal sealed class RunStands(RunReader reader, LiveFeed feed, RunAccess access, Answerable answerable, ClientCalls calls,
    TimeProvider time)
{
    /// <summary>How long after a sign a run is looked at again.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>How long a run that was asked to end may take before its client is answered.</summary>
    private static readonly TimeSpan Ending = TimeSpan.FromSeconds(10);

    /// <summary>How long a run that says that it has ended may take until it shows it, unless it goes on by now.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    /// <summary>Gets where a run stands.</summary>
    /// <param name="id">The run.</param>
    /// <param name="caller">Who looks.</param>
    /// <param name="act">What the caller wants to do with it.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/>: there is none that this caller may see.</exception>
    public async Task<RunStand> GetAsync(string id, Caller caller, RunAct act, CancellationToken cancellationToken)
    {
        await access.EnsureAsync(caller, id, act, cancellationToken);
        Run run = await reader.GetAsync(id, cancellationToken);
        return new RunStand(run, await answerable.OfAsync(run, caller, cancellationToken))
        {
            Calls = await calls.ListOpenAsync(run, cancellationToken),
        };
    }

    /// <summary>Waits until a run has ended, or waits for something that the caller may answer.</summary>
    /// <param name="id">The run.</param>
    /// <param name="caller">Who waits.</param>
    /// <param name="longest">The longest time to wait.</param>
    /// <param name="seen">Told of each event of the run, in order.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Where the run stands then.</returns>
    public Task<RunStand> WaitAsync(
        string id, Caller caller, TimeSpan longest, Func<JournalEvent, Task>? seen, CancellationToken cancellationToken) =>
        WaitAsync(id, caller, longest, 0, [], seen, cancellationToken);

    /// <summary>Waits until a run has ended, or waits for people, whoever they are.</summary>
    /// <param name="id">The run.</param>
    /// <param name="caller">Who waits.</param>
    /// <param name="longest">The longest time to wait.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Where the run stands then.</returns>
    public Task<RunStand> WaitForPeopleAsync(
        string id, Caller caller, TimeSpan longest, CancellationToken cancellationToken) =>
        WaitAsync(
            id, caller, longest, 0, static stand => stand.Run.Status == RunStatus.Waiting && stand.Open.Count > 0, null,
            cancellationToken);

    /// <summary>Waits until a run has ended, or waits for something else that the caller may answer.</summary>
    /// <param name="id">The run.</param>
    /// <param name="caller">Who waits.</param>
    /// <param name="longest">The longest time to wait.</param>
    /// <param name="from">The position of the first event that is told of.</param>
    /// <param name="known">What the run waited for when the caller last looked.</param>
    /// <param name="seen">Told of each event of the run, in order.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Where the run stands then.</returns>
    public Task<RunStand> WaitAsync(
        string id, Caller caller, TimeSpan longest, long from, IReadOnlyList<OpenQuestion> known, Func<JournalEvent, Task>? seen,
        CancellationToken cancellationToken) =>
        WaitAsync(
            id, caller, longest, from, stand => stand.Answerable.Count > 0 && !AreSame(stand.Open, known), seen,
            cancellationToken);

    private async Task<RunStand> WaitAsync(
        string id, Caller caller, TimeSpan longest, long from, Func<RunStand, bool> isReached, Func<JournalEvent, Task>? seen,
        CancellationToken cancellationToken)
    {
        await access.EnsureAsync(caller, id, RunAct.See, cancellationToken);
        using var late = new CancellationTokenSource(longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        await using IAsyncEnumerator<RunSignal> signals =
            feed.FollowStateAsync(id, from, either.Token).GetAsyncEnumerator(CancellationToken.None);
        Task<bool> next = signals.MoveNextAsync().AsTask();
        var looks = new LookPauses(Look);
        try
        {
            while (true)
            {
                while (next.IsCompleted)
                {
                    looks.Begin();
                    if (!await TakeAsync())
                    {
                        return await GetAsync(id, caller, RunAct.See, cancellationToken);
                    }
                }

                RunStand stand = await GetAsync(id, caller, RunAct.See, cancellationToken);
                if (stand.Run.IsEnded || isReached(stand))
                {
                    // The feed may be behind: what was before it is told before it.
                    long there = seen is null ? from : await feed.LengthAsync(id, cancellationToken);
                    while (from < there && await TakeAsync())
                    {
                    }

                    return stand;
                }

                await TimedWait.HasEndedAsync(next, looks.Next(), time, either.Token);
                if (late.IsCancellationRequested)
                {
                    return stand;
                }
            }
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return await GetAsync(id, caller, RunAct.See, cancellationToken);
        }
        finally
        {
            // The enumerator cannot be disposed of while it moves.
            await either.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task<bool> TakeAsync()
        {
            if (!await next)
            {
                return false;
            }

            if (signals.Current is JournalSignal signal)
            {
                from = signal.Position + 1;
                await (seen?.Invoke(signal.Event) ?? Task.CompletedTask);
            }

            next = signals.MoveNextAsync().AsTask();
            return true;
        }
    }

    /// <summary>Gets a run whose journal tells of its end: that is written a moment before the run itself shows it.</summary>
    /// <param name="id">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<Run> EndedAsync(string id, CancellationToken cancellationToken)
    {
        await WaitBrieflyForEndAsync(id, Settling, cancellationToken);
        return await reader.GetAsync(id, cancellationToken);
    }

    /// <summary>Waits a little for a run that was asked to end.</summary>
    /// <param name="id">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task WaitBrieflyForEndAsync(string id, CancellationToken cancellationToken) =>
        WaitBrieflyForEndAsync(id, Ending, cancellationToken);

    private async Task WaitBrieflyForEndAsync(string id, TimeSpan longest, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            await reader.WaitForEndAsync(id, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It ends soon.
        }
    }

    private static bool AreSame(IReadOnlyList<OpenQuestion> some, IReadOnlyList<OpenQuestion> others) =>
        some.Select(static one => one.Id).SequenceEqual(others.Select(static one => one.Id), StringComparer.Ordinal);
}
