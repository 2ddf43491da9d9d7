using System.Text.Json.Serialization;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>The outcome of an action on several runs.</summary>
/// <param name="Done">The number of runs for which it was done.</param>
/// <param name="Failed">The number of runs for which it failed.</param>
/// <param name="Items">The outcome for each run, in the order of the request.</param>
internal sealed record BulkResource(int Done, int Failed, IReadOnlyList<BulkItemResource> Items);

/// <summary>The outcome for one run.</summary>
/// <param name="Id">The run.</param>
/// <param name="Ok">Whether it was done.</param>
internal sealed record BulkItemResource(string Id, bool Ok)
{
    /// <summary>The stable code of the error, if it failed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code { get; init; }

    /// <summary>The message of the error.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Detail { get; init; }
}
