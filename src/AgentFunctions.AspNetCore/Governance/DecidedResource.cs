using System.Text.Json.Serialization;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>The outcome of one decision about several approvals.</summary>
/// <param name="Items">The outcome of each approval, in the order of the request.</param>
internal sealed record DecidedListResource(IReadOnlyList<DecidedResource> Items);

/// <summary>The outcome for one approval.</summary>
/// <param name="Id">The approval.</param>
/// <param name="Ok">Whether the decision was recorded.</param>
internal sealed record DecidedResource(string Id, bool Ok)
{
    /// <summary>The state of the approval now.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? State { get; init; }

    /// <summary>The stable code of the error, if it was not decided.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code { get; init; }

    /// <summary>The message of the error.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Detail { get; init; }
}
