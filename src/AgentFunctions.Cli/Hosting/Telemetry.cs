using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace AgentFunctions.Cli.Hosting;

/// <summary>Sends traces and metrics over OTLP where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says where to.</summary>
internal static class Telemetry
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Adds the exporters, which the other <c>OTEL_</c> variables configure.</summary>
    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        if (builder.Configuration[Endpoint] is not { Length: > 0 })
        {
            return;
        }

        // The variables OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come after it, and win.
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(static resource => resource.AddService("agentfunctions").AddEnvironmentVariableDetector())
            .WithTracing(static traces => traces.AddAgentFunctionsInstrumentation().AddOtlpExporter())
            .WithMetrics(static metrics => metrics.AddAgentFunctionsInstrumentation().AddOtlpExporter());
    }
}
