using System.Text.Json.Serialization;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Gateway.Jobs;
using AgentFunctions.Runs;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>The same is done with many runs.</summary>
internal sealed record JobResource
{
    /// <summary>The id.</summary>
    public required string Id { get; init; }

    /// <summary>What is done.</summary>
    [JsonConverter(typeof(CamelCaseEnumConverter<BulkAction>))]
    public required BulkAction Action { get; init; }

    /// <summary>Who asked.</summary>
    public required string By { get; init; }

    /// <summary>When (UTC).</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When it ended (UTC); null while it works.</summary>
    public required DateTime? EndedAt { get; init; }

    /// <summary>The number of runs.</summary>
    public required int Total { get; init; }

    /// <summary>The number of runs for which it was done.</summary>
    public required int Done { get; init; }

    /// <summary>The number of runs for which it failed.</summary>
    public required int Failed { get; init; }

    /// <summary>The outcome for each run, in the order of the request; empty until it has ended.</summary>
    public required IReadOnlyList<BulkItemResource> Items { get; init; }

    /// <summary>The address of the job.</summary>
    public required string Self { get; init; }

    public static JobResource Of(RunJob job, string root) => new()
    {
        Id = job.Id,
        Action = job.Action switch
        {
            RunsAction.Pause => BulkAction.Pause,
            RunsAction.Resume => BulkAction.Resume,
            RunsAction.Cancel => BulkAction.Cancel,
            _ => BulkAction.Delete,
        },
        By = job.By,
        CreatedAt = job.CreatedAt.UtcDateTime,
        EndedAt = job.EndedAt?.UtcDateTime,
        Total = job.Runs.Count,
        Done = job.Done - job.Failed,
        Failed = job.Failed,
        Items = job.EndedAt is null ? [] : [.. job.Runs.Take(job.Done).Select(run => job.Faults.TryGetValue(run,
            out RunJobFault? fault)
            ? new BulkItemResource(run, false) { Code = CamelCase.Of(fault.Code), Detail = fault.Message }
            : new BulkItemResource(run, true))],
        Self = $"{root}/api/jobs/{job.Id}",
    };
}
