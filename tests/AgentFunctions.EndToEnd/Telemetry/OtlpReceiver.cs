using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.EndToEnd.Telemetry;

/// <summary>
/// A receiver of OTLP over HTTP, as any collector is. What it receives goes on to a viewer where
/// <c>AGENTFUNCTIONS_OTLP_VIEWER</c> names one, for people who want to see what a test looks at.
/// </summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly ConcurrentQueue<OtlpSpan> _spans = new();
    private readonly ConcurrentDictionary<string, bool> _metrics = new();
    private readonly WebApplication _app;
    private readonly HttpClient? _viewer =
        System.Environment.GetEnvironmentVariable("AGENTFUNCTIONS_OTLP_VIEWER") is { Length: > 0 } address
        ? new HttpClient { BaseAddress = new Uri(address) }
        : null;

    private OtlpReceiver()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Run(ReceiveAsync);
    }

    public IReadOnlyCollection<OtlpSpan> Spans => [.. _spans];

    public IReadOnlyCollection<string> Metrics => [.. _metrics.Keys];

    /// <summary>The variables that have a process send what it has at once.</summary>
    public Dictionary<string, string> Environment => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "50",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "200",
        // What is not taken in time is dropped.
        ["OTEL_EXPORTER_OTLP_TIMEOUT"] = "120000",
    };

    public static async Task<OtlpReceiver> StartAsync()
    {
        var receiver = new OtlpReceiver();
        await receiver._app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _viewer?.Dispose();
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        if (context.Request.Path == "/v1/traces")
        {
            foreach (OtlpSpan span in OtlpReader.Spans(body.ToArray()))
            {
                _spans.Enqueue(span);
            }
        }
        else
        {
            foreach (string name in OtlpReader.Metrics(body.ToArray()))
            {
                _metrics[name] = true;
            }
        }

        if (_viewer is not null)
        {
            using var content = new ByteArrayContent(body.ToArray()) { Headers = { ContentType = new("application/x-protobuf") } };
            using HttpResponseMessage shown = await _viewer.PostAsync(new Uri(context.Request.Path.Value!, UriKind.Relative),
                content, context.RequestAborted);
        }

        context.Response.ContentType = "application/x-protobuf";
    }
}
