namespace AgentFunctions.Diagnostics;

/// <summary>What traces tell; bound to the configuration section <c>Telemetry</c>.</summary>
public sealed class TelemetryOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Telemetry";

    /// <summary>
    /// Gets or sets whether spans hold what models are shown and say, and the arguments and results of tools. Known secrets are
    /// masked, and each part is cut after 16,000 characters.
    /// </summary>
    /// <value>
    /// The default is that of <c>OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT</c>, or <see langword="false"/>.
    /// </value>
    public bool MessageContent { get; set; }
}
