using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Runtime;

namespace AgentFunctions.Sqlite.Client;

/// <summary>Adds an instance, in the place of another one of its id where that is allowed.</summary>
/// <param name="engine">The engine.</param>
/// <param name="replaceable">The statuses in which an existing instance may be replaced.</param>
/// <param name="row">The instance.</param>
internal sealed class ScheduleJob(EngineCore engine, IReadOnlyList<OrchestrationStatus> replaceable,
    InstanceRow row) : WriteJob<InstanceRow>
{
    private readonly List<(long Seq, Message Message)> _orphans = [];
    private InstanceRow? _inserted;
    private long _replaced;

    protected override InstanceRow Result => _inserted!;

    private TimerKey StartTimer => new(row.StartAt!.Value.UtcTicks, _inserted!.Seq, TimerKey.Start);

    public override void Apply(WriteTransaction transaction)
    {
        Connection connection = transaction.Connection;
        _orphans.Clear();
        _replaced = 0;
        if (InstanceTable.Find(connection, row.Id) is { } existing)
        {
            if (!replaceable.Contains(existing.Status))
            {
                throw new AgentException(
                    ErrorCode.InstanceExists,
                    $"The instance id '{row.Id}' is taken by one that is {existing.Status}; choose another id, or name the status among "
                    + $"{nameof(StartOptions.ReplaceableStatuses)}.");
            }

            Replace(transaction, existing.Seq);
        }

        _inserted = InstanceTable.Insert(connection, row);
        if (row.StartAt is not null)
        {
            InstanceTable.AddTimer(connection, StartTimer);
        }
    }

    public override void Committed()
    {
        if (_replaced != 0)
        {
            engine.Instances.Find(_replaced)?.Leave();
        }

        foreach ((long seq, Message message) in _orphans)
        {
            engine.Instances.Deliver(seq, message);
        }

        if (row.StartAt is null)
        {
            engine.Instances.Deliver(_inserted!.Seq, new Message { Fresh = _inserted });
        }
        else
        {
            engine.Timers.Add(StartTimer);
        }

        base.Committed();
    }

    // A running one ends with its sub-orchestrations, as in durabletask-go's reuse policy TERMINATE.
    private void Replace(WriteTransaction transaction, long seq)
    {
        foreach ((long child, OrchestrationStatus status) in InstanceTable.Children(transaction.Connection, seq))
        {
            if (!InstanceRow.IsEndedStatus(status))
            {
                var message = new InboxMessage(new ExecutionTerminated(row.CreatedAt), IsRecursive: true);
                _orphans.Add((child, message.ToMessage(InstanceTable.AddToInbox(transaction.Connection, child, message))));
            }
        }

        InstanceTable.Delete(transaction, seq, hasTimers: true);
        _replaced = seq;
    }
}
