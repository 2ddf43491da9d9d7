using System.Text.Json.Serialization;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>What became of a request for several runs.</summary>
/// <param name="Done">How many times it was done.</param>
/// <param name="Failed">How many times not.</param>
/// <param name="Items">Each run, in the order of the request.</param>
internal sealed record BulkResource(int Done, int Failed, IReadOnlyList<BulkItemResource> Items);

/// <summary>What became of it for one run.</summary>
/// <param name="Id">The run.</param>
/// <param name="Ok">Whether it was done.</param>
internal sealed record BulkItemResource(string Id, bool Ok)
{
    /// <summary>The stable code of why not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code { get; init; }

    /// <summary>Why not, in words.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Detail { get; init; }
}
