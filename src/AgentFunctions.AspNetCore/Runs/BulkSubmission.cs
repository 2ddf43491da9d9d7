using System.Text.Json.Serialization;
using AgentFunctions.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>What to do with several runs.</summary>
internal enum BulkAction
{
    /// <summary>Pauses the runs.</summary>
    Pause,

    /// <summary>Resumes the runs.</summary>
    Resume,

    /// <summary>Cancels the runs.</summary>
    Cancel,

    /// <summary>Erases the runs.</summary>
    Delete,
}

/// <summary>What to do with which runs.</summary>
internal sealed record BulkSubmission
{
    /// <summary>What to do.</summary>
    [JsonConverter(typeof(CamelCaseEnumConverter<BulkAction>))]
    public required BulkAction Action { get; init; }

    /// <summary>
    /// The ids of the runs; at most 500. Without them, all runs that match the filters of the address, which are those of
    /// <c>GET /api/runs/rows</c>.
    /// </summary>
    public IReadOnlyList<string>? Ids { get; init; }

    /// <summary>
    /// The number of runs that the person was shown; required without ids. If the number differs, nothing is done (409).
    /// </summary>
    public int? Expect { get; init; }

    /// <summary>The reason; at most 1,000 characters. Required to erase.</summary>
    public string? Reason { get; init; }
}
