using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Database;

namespace AgentFunctions.Sqlite.Runtime;

/// <summary>One row of the table of instances.</summary>
internal sealed record InstanceRow
{
    public required long Seq { get; init; }

    public required string Id { get; init; }

    public required string Name { get; init; }

    public required OrchestrationStatus Status { get; init; }

    public required bool IsPending { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? StartAt { get; init; }

    public required Guid Execution { get; init; }

    public required DateTimeOffset ExecutionAt { get; init; }

    public ParentLink? Parent { get; init; }

    public string? CustomStatus { get; init; }

    public FailureDetails? Failure { get; init; }

    public string? Output { get; init; }

    public string? Input { get; init; }

    public bool IsEnded => IsEndedStatus(Status);

    public static bool IsEndedStatus(OrchestrationStatus status) =>
        status is OrchestrationStatus.Completed or OrchestrationStatus.Failed or OrchestrationStatus.Terminated;

    /// <summary>Gets the first event of the present execution.</summary>
    public ExecutionStarted Started => new(ExecutionAt, Name, Execution.ToString("N"), Input, Parent?.Id, StartAt, Id);

    /// <summary>The columns that <see cref="Read"/> reads, in its order.</summary>
    /// <remarks>The time of the last turn is that of its history row, so a turn need not update this table.</remarks>
    public const string Columns = """
        seq, id, name, status, pending, created,
        max(updated, coalesce((SELECT at FROM history WHERE instance = seq ORDER BY pos DESC LIMIT 1), 0)),
        start_at, execution, execution_at, parent, parent_id, parent_execution, parent_task, custom_status, failure, output, input
        """;

    public static InstanceRow Read(Statement row, bool includePayloads = true) => new()
    {
        Seq = row.Int64(0),
        Id = row.Text(1)!,
        Name = row.Text(2)!,
        Status = (OrchestrationStatus)row.Int32(3),
        IsPending = row.Int64(4) == 1,
        CreatedAt = Time(row.Int64(5)),
        UpdatedAt = Time(row.Int64(6)),
        StartAt = row.IsNull(7) ? null : Time(row.Int64(7)),
        Execution = row.Guid(8),
        ExecutionAt = Time(row.Int64(9)),
        Parent = row.IsNull(10) ? null : new ParentLink(row.Int64(10), row.Text(11)!, row.Guid(12), row.Int32(13)),
        CustomStatus = includePayloads ? row.Text(14) : null,
        Failure = row.Text(15) is { } failure ? JsonSerializer.Deserialize<FailureDetails>(failure, DurableJson.Options) : null,
        Output = includePayloads ? row.Text(16) : null,
        Input = includePayloads ? row.Text(17) : null,
    };

    public OrchestrationState ToState() => new(Id, Name, Status, CreatedAt, UpdatedAt)
    {
        ParentInstanceId = Parent?.Id,
        Input = Input,
        Output = Output,
        CustomStatus = CustomStatus,
        Failure = Failure,
    };

    public static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}

/// <summary>Who started a sub-orchestration, and which step waits for it.</summary>
/// <param name="Seq">The parent's row.</param>
/// <param name="Id">The parent's id.</param>
/// <param name="Execution">The parent's execution.</param>
/// <param name="TaskId">The step.</param>
internal sealed record ParentLink(long Seq, string Id, Guid Execution, int TaskId);
