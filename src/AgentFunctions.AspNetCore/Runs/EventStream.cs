using System.Runtime.CompilerServices;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Records;
using AgentFunctions.Views;
using AgentFunctions.Views.Live;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>What happens in a run in the format of the HTML standard's server-sent events, until the run has ended.</summary>
internal sealed class EventStream : IResult, IUnmasked
{
    public const string MediaType = "text/event-stream";

    private static readonly byte[] SignOfLife = ": still here\n\n"u8.ToArray();

    /// <summary>How long a client that hears of the end may take to do so.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    private readonly string? _runId;
    private readonly bool _isLive;
    private readonly Func<IServiceProvider, CancellationToken, IAsyncEnumerable<byte[]>> _follow;

    private EventStream(string? runId, bool isLive, Func<IServiceProvider, CancellationToken, IAsyncEnumerable<byte[]>> follow) =>
        (_runId, _isLive, _follow) = (runId, isLive, follow);

    /// <summary>The events of a run.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="from">The first position.</param>
    public static EventStream Of(string runId, long from) => new(
        runId, false, (services, cancellationToken) => EventsAsync(services.GetRequiredService<RunFeed>(), runId, from,
            cancellationToken));

    /// <summary>The events of a run, and what goes on before it is recorded.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="from">The first position.</param>
    /// <param name="isResumed">Whether the client was here before.</param>
    public static EventStream Live(string runId, long from, bool isResumed) => new(
        runId, true, (services, cancellationToken) =>
            SignalsAsync(services.GetRequiredService<LiveFeed>().FollowAsync(runId, from, isResumed, cancellationToken),
                cancellationToken));

    /// <summary>A list of runs as it changes.</summary>
    /// <param name="feed">The list.</param>
    public static EventStream Watch(WatchFeed feed) =>
        new(null, true, (_, cancellationToken) => feed.FollowAsync(cancellationToken));

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        IServiceProvider services = httpContext.RequestServices;
        using IDisposable place = services.GetRequiredService<OpenStreams>().Open(httpContext.Caller());
        ApiOptions options = services.GetRequiredService<IOptions<ApiOptions>>().Value;
        // A stopping host must not wait for streams; clients come back with the position that they have.
        CancellationToken stopping = services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        // What ends a stream before its run is over ends the wait for events, never an event that is half written: the server
        // breaks the connection off then.
        TimeProvider time = services.GetRequiredService<TimeProvider>();
        using var late = new CancellationTokenSource(options.StreamLifetime ?? Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping, late.Token);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted);
        await using ITimer farewell = time.CreateTimer(
            _ => cut.Cancel(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        using CancellationTokenRegistration soon = stopping.Register(() => farewell.Change(Farewell, Timeout.InfiniteTimeSpan));
        HttpResponse response = httpContext.Response;
        response.ContentType = MediaType;
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        string reason = "access";
        try
        {
            await response.StartAsync(cut.Token);
            if (options.StreamLifetime is not null)
            {
                await response.Body.WriteAsync(EventText.Retry, cut.Token);
            }

            var access = new StreamAccess(httpContext, _runId, time);
            if (await WriteAsync(response, _follow(services, either.Token), access, options.Heartbeat, time, either, cut.Token))
            {
                reason = "runEnded";
            }
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // The client has left, the host stops, the stream has reached its age, or its follower may not see the run any more.
            reason = stopping.IsCancellationRequested ? "stopping" : late.IsCancellationRequested ? "lifetime" : reason;
        }

        if (_isLive && !httpContext.RequestAborted.IsCancellationRequested)
        {
            await SayGoodbyeAsync(response, reason, time, httpContext.RequestAborted);
        }
    }

    private static async Task SayGoodbyeAsync(HttpResponse response, string reason, TimeProvider time,
        CancellationToken cancellationToken)
    {
        try
        {
            await response.Body.WriteAsync(EventText.End(reason), cancellationToken).AsTask()
                .WaitAsync(Farewell, time, cancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or TimeoutException or IOException)
        {
            // It comes back all the same.
        }
    }

    /// <summary>Writes until there is nothing more.</summary>
    /// <returns>Whether the run has ended; otherwise its follower may not see it any more.</returns>
    private static async Task<bool> WriteAsync(
        HttpResponse response, IAsyncEnumerable<byte[]> follow, StreamAccess access, TimeSpan heartbeat, TimeProvider time,
        CancellationTokenSource end, CancellationToken cancellationToken)
    {
        await using IAsyncEnumerator<byte[]> events = follow.GetAsyncEnumerator(CancellationToken.None);
        while (true)
        {
            Task<bool> next = events.MoveNextAsync().AsTask();
            if (!next.IsCompleted)
            {
                await BeatUntilAsync(next, response, access, heartbeat, time, end, cancellationToken);
            }

            if (!await next)
            {
                return true;
            }

            if (!await access.HoldsAsync())
            {
                return false;
            }

            await response.Body.WriteAsync(events.Current, cancellationToken);
        }
    }

    /// <summary>
    /// Sends what there is, and signs of life until there is more: proxies close connections that are silent, and clients cannot tell
    /// silence from a lost host.
    /// </summary>
    private static async Task BeatUntilAsync(
        Task next, HttpResponse response, StreamAccess access, TimeSpan heartbeat, TimeProvider time, CancellationTokenSource end,
        CancellationToken cancellationToken)
    {
        try
        {
            await response.Body.FlushAsync(cancellationToken);
            while (!await TimedWait.HasEndedAsync(next, heartbeat, time, CancellationToken.None))
            {
                if (!await access.HoldsAsync())
                {
                    await end.CancelAsync();
                    throw new OperationCanceledException(end.Token);
                }

                await response.Body.WriteAsync(SignOfLife, cancellationToken);
                await response.Body.FlushAsync(cancellationToken);
            }
        }
        catch when (!next.IsCompleted)
        {
            // The enumerator cannot be disposed of while it moves, and the next event may be days away.
            await end.CancelAsync();
            await next.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    private static async IAsyncEnumerable<byte[]> EventsAsync(
        RunFeed feed, string runId, long from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach ((long position, JournalEvent e) in feed.FollowAsync(runId, from, cancellationToken))
        {
            yield return EventText.Of(position, e);
        }
    }

    private static async IAsyncEnumerable<byte[]> SignalsAsync(
        IAsyncEnumerable<RunSignal> signals, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (RunSignal signal in signals.WithCancellation(cancellationToken))
        {
            yield return EventText.Of(signal);
        }
    }
}
