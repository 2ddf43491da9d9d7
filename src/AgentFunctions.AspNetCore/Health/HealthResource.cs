using System.Text.Json.Serialization;

namespace AgentFunctions.AspNetCore.Health;

/// <summary>A probe's answer.</summary>
/// <param name="Status">
/// <c>ok</c>, or <c>degraded</c> if the host serves runs but something needs a person; anything else is an error.
/// </param>
internal sealed record HealthResource(string Status)
{
    /// <summary>What was found of each thing that the host needs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<HealthCheckResource>? Checks { get; init; }
}

/// <summary>What was found of one thing that the host needs.</summary>
/// <param name="Name">
/// What it is: <c>store</c>, <c>policy</c>, <c>models</c>, <c>toolServers</c>, <c>clock</c> or <c>disk</c>.
/// </param>
/// <param name="Status"><c>ok</c> or <c>degraded</c>.</param>
/// <param name="Message">What is wrong and how to mend it; where more is said for a caller who may not see all runs.</param>
internal sealed record HealthCheckResource(string Name, string Status, string? Message);
