namespace AgentFunctions.DurableTask;

/// <summary>Represents the settings of the runtime on Durable Task.</summary>
public sealed class DurableTaskEngineOptions
{
    /// <summary>
    /// Gets or sets how long a step may take before it is ended and delivered again.
    /// </summary>
    /// <value>
    /// The default is <see langword="null"/>, which is no limit. A function app takes it from <c>functionTimeout</c>.
    /// </value>
    public TimeSpan? StepTimeout { get; set; }
}
