using System.Text;
using System.Text.Json;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>The events of a run in the format of the HTML standard's server-sent events, until the run has ended.</summary>
internal sealed class EventStream(string runId, long from) : IResult, IUnmasked
{
    public const string MediaType = "text/event-stream";

    private static readonly byte[] SignOfLife = ": still here\n\n"u8.ToArray();

    /// <summary>Clients come back after a second: the stream was not ended by a fault.</summary>
    private static readonly byte[] Retry = "retry: 1000\n\n"u8.ToArray();

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        IServiceProvider services = httpContext.RequestServices;
        ApiOptions options = services.GetRequiredService<IOptions<ApiOptions>>().Value;
        // A stopping host must not wait for streams; clients come back with the position that they have.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(
            httpContext.RequestAborted, services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        // What ends a stream before its run is over ends the wait for events, never an event that is half written.
        TimeProvider time = services.GetRequiredService<TimeProvider>();
        using var late = new CancellationTokenSource(options.StreamLifetime ?? Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, late.Token);
        HttpResponse response = httpContext.Response;
        response.ContentType = MediaType;
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            await response.StartAsync(stop.Token);
            if (options.StreamLifetime is not null)
            {
                await response.Body.WriteAsync(Retry, stop.Token);
            }

            IAsyncEnumerable<(long, JournalEvent)> events = services.GetRequiredService<RunFeed>().FollowAsync(runId, from, either.Token);
            await WriteAsync(response, events, new StreamAccess(httpContext, runId, time), options.Heartbeat, time, either, stop.Token);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // The client has left, the host stops, the stream has reached its age, or its follower may not see the run any more.
        }
    }

    private static async Task WriteAsync(
        HttpResponse response, IAsyncEnumerable<(long Position, JournalEvent Event)> follow, StreamAccess access, TimeSpan heartbeat, TimeProvider time,
        CancellationTokenSource end, CancellationToken cancellationToken)
    {
        await using IAsyncEnumerator<(long Position, JournalEvent Event)> events = follow.GetAsyncEnumerator(CancellationToken.None);
        while (true)
        {
            Task<bool> next = events.MoveNextAsync().AsTask();
            if (!next.IsCompleted)
            {
                await response.Body.FlushAsync(cancellationToken);
                await BeatUntilAsync(next, response, access, heartbeat, time, end, cancellationToken);
            }

            if (!await next || !await access.HoldsAsync())
            {
                return;
            }

            await response.Body.WriteAsync(Format(EventResource.Of(events.Current.Position, events.Current.Event)), cancellationToken);
        }
    }

    /// <summary>Proxies close connections that are silent, and clients cannot tell silence from a lost host.</summary>
    private static async Task BeatUntilAsync(
        Task next, HttpResponse response, StreamAccess access, TimeSpan heartbeat, TimeProvider time, CancellationTokenSource end,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await next.WaitAsync(heartbeat, time, CancellationToken.None);
                return;
            }
            catch (TimeoutException) when (!next.IsCompleted)
            {
                try
                {
                    if (!await access.HoldsAsync())
                    {
                        await end.CancelAsync();
                        throw new OperationCanceledException(end.Token);
                    }

                    await response.Body.WriteAsync(SignOfLife, cancellationToken);
                    await response.Body.FlushAsync(cancellationToken);
                }
                catch
                {
                    // The enumerator cannot be disposed of while it moves.
                    await next.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    throw;
                }
            }
        }
    }

    private static byte[] Format(EventResource e) => Encoding.UTF8.GetBytes(
        $"id: {e.Position}\nevent: {e.Type}\ndata: {JsonSerializer.Serialize(e, ApiJson.Options)}\n\n");
}
