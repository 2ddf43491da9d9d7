namespace AgentFunctions.Monitors.Signals;

/// <summary>Represents what a signal was at one tick.</summary>
/// <param name="At">When the tick ran (UTC).</param>
/// <param name="Value">The value; <see langword="null"/> if the signal has none, or could not be read.</param>
/// <param name="IsBreach">Whether it was in breach.</param>
public sealed record SignalPoint(DateTimeOffset At, double? Value, [property: System.Text.Json.Serialization.JsonPropertyName("breach")] bool IsBreach);
