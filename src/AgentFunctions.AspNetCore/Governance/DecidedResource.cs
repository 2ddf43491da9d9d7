using System.Text.Json.Serialization;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>What became of several approvals.</summary>
/// <param name="Items">Each, in the order of the request.</param>
internal sealed record DecidedListResource(IReadOnlyList<DecidedResource> Items);

/// <summary>What became of one approval.</summary>
/// <param name="Id">The approval.</param>
/// <param name="Ok">Whether the decision was recorded.</param>
internal sealed record DecidedResource(string Id, bool Ok)
{
    /// <summary>Where it stands now.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? State { get; init; }

    /// <summary>The stable code of why it was not decided.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code { get; init; }

    /// <summary>Why not, in words.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Detail { get; init; }
}
