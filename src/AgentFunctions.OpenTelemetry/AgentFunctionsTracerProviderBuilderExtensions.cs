using AgentFunctions.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace OpenTelemetry.Trace;

/// <summary>Adds the traces of runs to OpenTelemetry.</summary>
public static class AgentFunctionsTracerProviderBuilderExtensions
{
    /// <summary>
    /// Adds the spans of runs: <c>invoke_agent</c>, <c>chat</c>, <c>execute_tool</c>, and one for each run as a whole. All of a
    /// run and of its sub-agents are in one trace.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="configure">What the spans tell, beyond the configuration; for the host that the builder belongs to.</param>
    public static TracerProviderBuilder AddAgentFunctionsInstrumentation(
        this TracerProviderBuilder builder, Action<TelemetryOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (configure is not null)
        {
            builder.ConfigureServices(services => services.PostConfigure(configure));
        }

        return builder.AddSource(AgentTelemetry.SourceName);
    }
}
