using System.Text.Json.Serialization;
using AgentFunctions.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>What to do with several runs.</summary>
internal enum BulkAction
{
    /// <summary>Hold them.</summary>
    Pause,

    /// <summary>Let them go on.</summary>
    Resume,

    /// <summary>Ask them to end.</summary>
    Cancel,

    /// <summary>Erase them.</summary>
    Delete,
}

/// <summary>What to do with which runs.</summary>
internal sealed record BulkSubmission
{
    /// <summary>What to do.</summary>
    [JsonConverter(typeof(CamelCaseEnumConverter<BulkAction>))]
    public required BulkAction Action { get; init; }

    /// <summary>The runs; at most 500. Left out for all that match the filters of the address, which are those of <c>GET /api/runs/rows</c>.</summary>
    public IReadOnlyList<string>? Ids { get; init; }

    /// <summary>How many runs the person was shown; if the filters match another number, nothing is done (409).</summary>
    public int? Expect { get; init; }

    /// <summary>Why; at most 1,000 characters. Needed to erase.</summary>
    public string? Reason { get; init; }
}
