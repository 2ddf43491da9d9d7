namespace AgentFunctions.Monitors;

/// <summary>The identity under which a monitor asks for runs: it may submit, and nothing else.</summary>
internal static class MonitorCaller
{
    public static Caller Of(string monitor) => new($"monitor:{monitor}") { Roles = [CallerRoles.Submitter] };
}
