using System.Text.Json.Serialization;

namespace AgentFunctions.Monitors.Signals;

/// <summary>Represents the value of a signal at one tick.</summary>
/// <param name="At">When the tick ran (UTC).</param>
/// <param name="Value">The value; <see langword="null"/> if the signal has none, or could not be read.</param>
/// <param name="IsBreach">Whether the signal was in breach.</param>
public sealed record SignalPoint(DateTimeOffset At, double? Value, [property: JsonPropertyName("breach")] bool IsBreach);
