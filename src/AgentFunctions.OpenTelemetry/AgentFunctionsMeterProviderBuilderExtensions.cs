using AgentFunctions.Diagnostics;

namespace OpenTelemetry.Metrics;

/// <summary>Adds the metrics of runs to OpenTelemetry.</summary>
public static class AgentFunctionsMeterProviderBuilderExtensions
{
    /// <summary>Adds the metrics of model calls, tools, runs, queues, approvals and reviews.</summary>
    /// <param name="builder">The builder.</param>
    public static MeterProviderBuilder AddAgentFunctionsInstrumentation(this MeterProviderBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddMeter(AgentTelemetry.SourceName);
    }
}
