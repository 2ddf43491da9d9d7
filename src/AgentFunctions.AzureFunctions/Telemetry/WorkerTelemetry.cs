using AgentFunctions.Diagnostics;
using Azure.Core;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace AgentFunctions.AzureFunctions.Telemetry;

/// <summary>
/// Sends the traces and metrics of the runs, which only the worker knows: to Application Insights where
/// <c>APPLICATIONINSIGHTS_CONNECTION_STRING</c> is set, and over OTLP where
/// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is. The Functions host sends its own, and the worker's log.
/// </summary>
internal sealed class WorkerTelemetry(IConfiguration configuration) : IHostedService, IDisposable
{
    private TracerProvider? _traces;
    private MeterProvider? _metrics;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        string? insights = configuration["APPLICATIONINSIGHTS_CONNECTION_STRING"];
        bool overOtlp = configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 };
        if (string.IsNullOrEmpty(insights) && !overOtlp)
        {
            return Task.CompletedTask;
        }

        ResourceBuilder resource = ResourceOf(configuration);
        TracerProviderBuilder traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource)
            .AddAgentFunctionsInstrumentation();
        MeterProviderBuilder metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource)
            .AddAgentFunctionsInstrumentation();
        if (overOtlp)
        {
            traces.AddOtlpExporter();
            metrics.AddOtlpExporter();
        }

        if (!string.IsNullOrEmpty(insights))
        {
            TokenCredential? credential = TelemetryCredential.Of(configuration[TelemetryCredential.Setting]);
            traces.AddAzureMonitorTraceExporter(options => (options.ConnectionString, options.Credential) = (insights,
                credential));
            metrics.AddAzureMonitorMetricExporter(options => (options.ConnectionString, options.Credential) = (insights,
                credential));
        }

        _traces = traces.Build();
        _metrics = metrics.Build();
        return Task.CompletedTask;
    }

    /// <summary>
    /// What sends: by default the app. The variables OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come after it, and win.
    /// </summary>
    internal static ResourceBuilder ResourceOf(IConfiguration configuration) => ResourceBuilder.CreateDefault()
        .AddService(configuration["WEBSITE_SITE_NAME"] ?? AgentTelemetry.SourceName)
        .AddEnvironmentVariableDetector();

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _traces?.ForceFlush();
        _metrics?.ForceFlush();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _traces?.Dispose();
        _metrics?.Dispose();
    }
}
