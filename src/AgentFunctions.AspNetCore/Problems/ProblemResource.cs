using System.Text.Json.Serialization;

namespace AgentFunctions.AspNetCore.Problems;

/// <summary>Why a call did not succeed: problem details after RFC 9457.</summary>
internal sealed record ProblemResource
{
    /// <summary>Always <c>about:blank</c>: the code says which kind of problem this is.</summary>
    public string Type { get; init; } = "about:blank";

    /// <summary>The words that HTTP has for the status.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What went wrong and what would mend it; names the field, where one is to blame.</summary>
    public required string Detail { get; init; }

    /// <summary>The stable code, for programs.</summary>
    public required string Code { get; init; }

    /// <summary>What to look for in the host's log.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TraceId { get; init; }
}
