using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Governance.Redaction;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>
/// A stream of server-sent events that answers a request. One that ends before its last event is broken off, since clients take a
/// clean end for the end. Secrets are masked: what leaves the host is a view of what it knows.
/// </summary>
internal sealed class DoorStream : IDisposable
{
    private static readonly byte[] SignOfLife = ": still here\n\n"u8.ToArray();

    private static ReadOnlySpan<byte> Data => "data: "u8;

    private static ReadOnlySpan<byte> End => "\n\n"u8;

    private readonly HttpContext _http;
    private readonly IDisposable _place;

    private DoorStream(HttpContext http, IDisposable place) => (_http, _place) = (http, place);

    /// <summary>
    /// Opens the stream of a request. A door does so before it starts anything, so that a refusal leaves nothing behind.
    /// </summary>
    /// <param name="http">The request.</param>
    /// <exception cref="AgentException">Too many are open: what <see cref="OpenStreams.Open"/> throws.</exception>
    public static DoorStream Open(HttpContext http) =>
        new(http, http.RequestServices.GetRequiredService<OpenStreams>().Open(http.Caller()));

    /// <summary>Makes room for another stream.</summary>
    public void Dispose() => _place.Dispose();

    /// <summary>Writes events until there are no more.</summary>
    /// <param name="runId">The run; who may not see it any more is told nothing more.</param>
    /// <param name="follow">Gets the events, each with its JSON as the last line.</param>
    public async Task WriteAsync(string runId, Func<CancellationToken, IAsyncEnumerable<DoorEvent>> follow)
    {
        HttpContext http = _http;
        IServiceProvider services = http.RequestServices;
        Redactor redactor = services.GetRequiredService<Redactor>();
        TimeProvider time = services.GetRequiredService<TimeProvider>();
        ApiOptions options = services.GetRequiredService<IOptions<ApiOptions>>().Value;
        CancellationToken stopping = services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var late = new CancellationTokenSource(options.StreamLifetime ?? Timeout.InfiniteTimeSpan, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping, late.Token);
        HttpResponse response = http.Response;
        response.ContentType = EventStream.MediaType;
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await using IAsyncEnumerator<DoorEvent> events = follow(stop.Token).GetAsyncEnumerator(CancellationToken.None);
        Task<bool> next = events.MoveNextAsync().AsTask();
        try
        {
            await response.StartAsync(stop.Token);
            var access = new StreamAccess(http, runId, time);
            while (true)
            {
                if (!next.IsCompleted)
                {
                    await response.Body.FlushAsync(stop.Token);
                    if (!await BeatUntilAsync(next, response, access, options.Heartbeat, time, stop.Token))
                    {
                        http.Abort();
                        return;
                    }
                }

                if (!await next)
                {
                    return;
                }

                if (!await access.HoldsAsync())
                {
                    http.Abort();
                    return;
                }

                await response.Body.WriteAsync(Masked(events.Current, redactor), stop.Token);
                next = events.MoveNextAsync().AsTask();
            }
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // The client has left, the host stops, or the stream has reached its age: the client comes back.
            http.Abort();
        }
        catch (Exception e) when (response.HasStarted)
        {
            // It cannot be read on. The client is told nothing but the end, so that the log has to say why.
            ApiLog.StreamBroken(services.GetRequiredService<ILogger<DoorStream>>(), http.Request.Method, http.Request.Path, e);
            http.Abort();
        }
        finally
        {
            // The enumerator cannot be disposed of while it moves.
            await stop.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static ReadOnlyMemory<byte> Masked(DoorEvent next, Redactor redactor)
    {
        byte[] told = next.Sent;
        if (next.IsPiece)
        {
            return told;
        }

        int at = told.AsSpan().IndexOf(Data) + Data.Length;
        ReadOnlyMemory<byte> shown = redactor.RedactJson(told.AsMemory(at..^End.Length));
        return shown.Length == told.Length - at - End.Length && shown.Span.SequenceEqual(told.AsSpan(at..^End.Length))
            ? told
            : (byte[])[.. told.AsSpan(..at), .. shown.Span, .. End];
    }

    /// <summary>Proxies close connections that are silent, and clients cannot tell silence from a lost host.</summary>
    /// <returns>Whether the follower may still see the run.</returns>
    private static async Task<bool> BeatUntilAsync(
        Task next, HttpResponse response, StreamAccess access, TimeSpan heartbeat, TimeProvider time,
        CancellationToken cancellationToken)
    {
        while (!await TimedWait.HasEndedAsync(next, heartbeat, time, cancellationToken))
        {
            if (!await access.HoldsAsync())
            {
                return false;
            }

            await response.Body.WriteAsync(SignOfLife, cancellationToken);
            await response.Body.FlushAsync(cancellationToken);
        }

        return true;
    }
}
