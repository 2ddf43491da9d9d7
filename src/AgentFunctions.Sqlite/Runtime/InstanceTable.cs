using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Database;

namespace AgentFunctions.Sqlite.Runtime;

/// <summary>What is written about instances. Runs as the writer, within its transaction.</summary>
internal static class InstanceTable
{
    /// <summary>The row of an id and its status, or <see langword="null"/>.</summary>
    public static (long Seq, OrchestrationStatus Status, long? Parent)? Find(Connection connection, string id)
    {
        Statement find = connection.Prepare("SELECT seq, status, parent FROM instances WHERE id = ?").Bind(1, id);
        if (!find.Step())
        {
            return null;
        }

        var found = (find.Int64(0), (OrchestrationStatus)find.Int32(1), find.IsNull(2) ? (long?)null : find.Int64(2));
        find.Reset();
        return found;
    }

    /// <summary>Adds an instance that has not begun.</summary>
    /// <returns>The instance with its number.</returns>
    public static InstanceRow Insert(Connection connection, InstanceRow row)
    {
        connection.Prepare(
            """
            INSERT INTO instances (id, name, status, pending, created, updated, start_at, execution, execution_at,
                parent, parent_id, parent_execution, parent_task, input)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
            .Bind(1, row.Id).Bind(2, row.Name).Bind(3, (long)row.Status).Bind(4, row.IsPending ? 1 : 0)
            .Bind(5, row.CreatedAt.UtcTicks).Bind(6, row.UpdatedAt.UtcTicks).Bind(7, row.StartAt?.UtcTicks)
            .Bind(8, row.Execution).Bind(9, row.ExecutionAt.UtcTicks)
            .Bind(10, row.Parent?.Seq).Bind(11, row.Parent?.Id)
            .BindParentExecution(12, row.Parent).Bind(13, row.Parent?.TaskId).Bind(14, row.Input)
            .Run();
        return row with { Seq = connection.LastInsertRowId };
    }

    /// <summary>Writes what a turn changed of its instance.</summary>
    public static void Update(
        Connection connection, long seq, OrchestrationStatus status, bool isPending, DateTimeOffset at, string? customStatus) =>
        connection.Prepare("UPDATE instances SET status = ?, pending = ?, updated = ?, custom_status = ? WHERE seq = ?")
            .Bind(1, (long)status).Bind(2, isPending ? 1 : 0).Bind(3, at.UtcTicks).Bind(4, customStatus).Bind(5, seq).Run();

    /// <summary>Ends an instance.</summary>
    public static void End(
        Connection connection, long seq, OrchestrationStatus status, DateTimeOffset at, string? customStatus, string? output,
        FailureDetails? failure) =>
        connection.Prepare(
            "UPDATE instances SET status = ?, pending = 0, updated = ?, custom_status = ?, output = ?, failure = ? WHERE seq = ?")
            .Bind(1, (long)status).Bind(2, at.UtcTicks).Bind(3, customStatus).Bind(4, output)
            .Bind(5, failure is null ? null : JsonSerializer.Serialize(failure, DurableJson.Options)).Bind(6, seq).Run();

    /// <summary>Begins a new execution of an instance: its history so far is gone.</summary>
    public static void BeginAgain(Connection connection, InstanceRow next)
    {
        connection.Prepare("DELETE FROM history WHERE instance = ?").Bind(1, next.Seq).Run();
        connection.Prepare(
            "UPDATE instances SET status = ?, pending = 1, updated = ?, custom_status = ?, execution = ?, execution_at = ?, input = ?, start_at = NULL WHERE seq = ?")
            .Bind(1, (long)next.Status).Bind(2, next.UpdatedAt.UtcTicks).Bind(3, next.CustomStatus).Bind(4, next.Execution)
            .Bind(5, next.ExecutionAt.UtcTicks).Bind(6, next.Input).Bind(7, next.Seq).Run();
    }

    /// <summary>Deletes an instance and all that belongs to it alone.</summary>
    public static void Delete(WriteTransaction transaction, long seq, bool hasTimers)
    {
        Connection connection = transaction.Connection;
        connection.Prepare("DELETE FROM history WHERE instance = ?").Bind(1, seq).Run();
        connection.Prepare("DELETE FROM inbox WHERE instance = ?").Bind(1, seq).Run();
        if (hasTimers)
        {
            connection.Prepare("DELETE FROM timers WHERE instance = ?").Bind(1, seq).Run();
        }

        connection.Prepare("DELETE FROM instances WHERE seq = ?").Bind(1, seq).Run();
        transaction.Removed.Add(seq);
    }

    /// <summary>The sub-orchestrations of an instance.</summary>
    public static List<(long Seq, OrchestrationStatus Status)> Children(Connection connection, long parent)
    {
        List<(long, OrchestrationStatus)> children = [];
        Statement find = connection.Prepare("SELECT seq, status FROM instances WHERE parent = ?").Bind(1, parent);
        while (find.Step())
        {
            children.Add((find.Int64(0), (OrchestrationStatus)find.Int32(1)));
        }

        return children;
    }

    public static void AppendHistory(Connection connection, long seq, DateTimeOffset at, ReadOnlySpan<byte> events) =>
        connection.Prepare("INSERT INTO history (instance, at, events) VALUES (?, ?, ?)")
            .Bind(1, seq).Bind(2, at.UtcTicks).Bind(3, events).Run();

    /// <summary>Keeps a message for an instance until a turn of it has recorded the message.</summary>
    /// <returns>The row.</returns>
    public static long AddToInbox(Connection connection, long seq, InboxMessage message)
    {
        connection.Prepare("INSERT INTO inbox (instance, message) VALUES (?, ?)").Bind(1, seq).Bind(2, message.ToBytes()).Run();
        return connection.LastInsertRowId;
    }

    public static void RemoveFromInbox(Connection connection, long position) =>
        connection.Prepare("DELETE FROM inbox WHERE pos = ?").Bind(1, position).Run();

    public static void AddTimer(Connection connection, TimerKey timer) =>
        connection.Prepare("INSERT OR IGNORE INTO timers (fire_at, instance, task) VALUES (?, ?, ?)")
            .Bind(1, timer.FireAt).Bind(2, timer.Instance).Bind(3, timer.TaskId).Run();

    public static void RemoveTimer(Connection connection, TimerKey timer) =>
        connection.Prepare("DELETE FROM timers WHERE fire_at = ? AND instance = ? AND task = ?")
            .Bind(1, timer.FireAt).Bind(2, timer.Instance).Bind(3, timer.TaskId).Run();

    private static Statement BindParentExecution(this Statement statement, int index, ParentLink? parent) =>
        parent is null ? statement.BindNull(index) : statement.Bind(index, parent.Execution);
}

/// <summary>One timer. Ordered by time.</summary>
/// <param name="FireAt">When (UTC ticks).</param>
/// <param name="Instance">Whose.</param>
/// <param name="TaskId">Which step; <see cref="Start"/> for a scheduled start.</param>
internal readonly record struct TimerKey(long FireAt, long Instance, int TaskId) : IComparable<TimerKey>
{
    /// <summary>The step number of a scheduled start.</summary>
    public const int Start = -1;

    public int CompareTo(TimerKey other) =>
        (FireAt, Instance, TaskId).CompareTo((other.FireAt, other.Instance, other.TaskId));
}
