namespace AgentFunctions.Monitors.Responses;

/// <summary>Represents the response to a monitor's incidents.</summary>
public sealed record ResponseRules
{
    /// <summary>Gets the agent; <see langword="null"/>, the default, for the monitor's own.</summary>
    public string? Agent { get; init; }

    /// <summary>
    /// Gets the runbook: Markdown. Front matter with <c>actions</c> lists the tools with effects that the responder may call;
    /// without it, the responder may only look.
    /// </summary>
    public required string Runbook { get; init; }

    /// <summary>Gets how long the responder may take, waiting for approvals included; one hour by default.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Gets how soon after the response the signals must have recovered; ten minutes by default.</summary>
    public TimeSpan VerifyWithin { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Gets the least severity of incidents that are responded to; <see cref="Incidents.Severity.Warning"/> by default.
    /// </summary>
    public Incidents.Severity AtLeast { get; init; } = Incidents.Severity.Warning;
}
