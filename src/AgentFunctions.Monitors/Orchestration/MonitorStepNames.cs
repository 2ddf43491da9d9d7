namespace AgentFunctions.Monitors.Orchestration;

/// <summary>Names the activities of monitors. A host with a trigger for each activity has one for every name.</summary>
public static class MonitorStepNames
{
    /// <summary>Plans which ticks are due.</summary>
    public const string PlanTicks = "PlanTicks";

    /// <summary>Runs a tick.</summary>
    public const string RunTick = "RunTick";

    /// <summary>Sends a notification of an incident to one channel.</summary>
    public const string NotifyIncident = "NotifyIncident";

    /// <summary>Keeps a notification that could not be delivered.</summary>
    public const string DeadLetter = "DeadLetter";

    /// <summary>Admits the run that responds to an incident.</summary>
    public const string StartResponse = "StartResponse";

    /// <summary>Records the outcome of a response.</summary>
    public const string RecordResponse = "RecordResponse";
}
