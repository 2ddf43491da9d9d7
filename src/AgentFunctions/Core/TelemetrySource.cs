namespace AgentFunctions.Core;

/// <summary>The name of the library's activity source and of its meters.</summary>
internal static class TelemetrySource
{
    public const string Name = "AgentFunctions";
}
