namespace AgentFunctions.Monitors.Orchestration;

/// <summary>Names the orchestrators of monitors. A host with a trigger for each orchestrator has one for every name.</summary>
public static class MonitorOrchestratorNames
{
    /// <summary>Runs the ticks of a monitor.</summary>
    public const string Monitor = "Monitor";

    /// <summary>Notifies and escalates while an incident is open.</summary>
    public const string WatchIncident = "WatchIncident";

    /// <summary>Runs the response to an incident and verifies it.</summary>
    public const string RespondToIncident = "RespondToIncident";
}
