using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Database;

namespace AgentFunctions.Sqlite.Runtime;

/// <summary>
/// What one turn tells other instances. It is written with the turn, so neither is ever there without the other, and
/// handed over once that is on disk.
/// </summary>
/// <param name="sender">The instance whose turn it is.</param>
/// <param name="now">The time of the turn.</param>
internal sealed class Outbox(InstanceRow sender, DateTimeOffset now)
{
    private readonly List<(long Seq, Message Message)> _messages = [];

    /// <summary>Forgets what was written by a transaction that failed.</summary>
    public void Clear() => _messages.Clear();

    /// <summary>Hands everything over.</summary>
    /// <param name="instances">To these.</param>
    public void Deliver(InstanceCache instances)
    {
        foreach ((long seq, Message message) in _messages)
        {
            instances.Deliver(seq, message);
        }
    }

    /// <summary>Raises an event at an instance, if there is one that has not ended.</summary>
    public void Send(Connection connection, EventSent sent)
    {
        if (InstanceTable.Find(connection, sent.InstanceId) is { } target && !InstanceRow.IsEndedStatus(target.Status))
        {
            Write(connection, target.Seq, new InboxMessage(new EventRaised(now, sent.Name, sent.Payload)));
        }
    }

    /// <summary>Makes a sub-orchestration, or tells the sender that the id is taken.</summary>
    public void Create(WriteTransaction transaction, SubOrchestrationCreated created)
    {
        Connection connection = transaction.Connection;
        if (InstanceTable.Find(connection, created.InstanceId) is { } existing)
        {
            // A further attempt of the same parent takes the place of the one before; nobody else's instance is touched.
            if (!InstanceRow.IsEndedStatus(existing.Status) || existing.Parent != sender.Seq)
            {
                var taken = new AgentException(
                    ErrorCode.InstanceExists,
                    $"The instance id '{created.InstanceId}' is taken; choose another one for the sub-orchestration.");
                Write(connection, sender.Seq, new InboxMessage(
                    new SubOrchestrationFailed(now, created.TaskId, FailureDetails.FromException(taken)), sender.Execution));
                return;
            }

            InstanceTable.Delete(transaction, existing.Seq, hasTimers: false);
        }

        InstanceRow child = InstanceTable.Insert(connection, new InstanceRow
        {
            Seq = 0,
            Id = created.InstanceId,
            Name = created.Name,
            Status = OrchestrationStatus.Pending,
            IsPending = true,
            CreatedAt = now,
            UpdatedAt = now,
            Execution = Guid.NewGuid(),
            ExecutionAt = now,
            Parent = new ParentLink(sender.Seq, sender.Id, sender.Execution, created.TaskId),
            Input = created.Input,
        });
        _messages.Add((child.Seq, new Message { Fresh = child }));
    }

    /// <summary>Tells the parent, if there is one that waits, how the sender has ended.</summary>
    public void TellParent(Connection connection, HistoryEvent last)
    {
        if (sender.Parent is not { } parent || !IsAlive(connection, parent.Seq))
        {
            return;
        }

        HistoryEvent outcome = last switch
        {
            ExecutionCompleted completed => new SubOrchestrationCompleted(now, parent.TaskId, completed.Output),
            ExecutionFailed failed => new SubOrchestrationFailed(now, parent.TaskId, failed.Failure),
            _ => new SubOrchestrationFailed(now, parent.TaskId, new FailureDetails(
                nameof(OrchestrationStatus.Terminated), $"Sub-orchestration '{sender.Id}' was terminated.")),
        };
        Write(connection, parent.Seq, new InboxMessage(outcome, parent.Execution));
    }

    /// <summary>Ends the sub-orchestrations that have not ended.</summary>
    public void TerminateChildren(Connection connection)
    {
        foreach ((long child, OrchestrationStatus status) in InstanceTable.Children(connection, sender.Seq))
        {
            if (!InstanceRow.IsEndedStatus(status))
            {
                Write(connection, child, new InboxMessage(new ExecutionTerminated(now), IsRecursive: true));
            }
        }
    }

    private void Write(Connection connection, long seq, InboxMessage message) =>
        _messages.Add((seq, message.ToMessage(InstanceTable.AddToInbox(connection, seq, message))));

    private static bool IsAlive(Connection connection, long seq)
    {
        Statement find = connection.Prepare("SELECT status FROM instances WHERE seq = ?").Bind(1, seq);
        bool isAlive = find.Step() && !InstanceRow.IsEndedStatus((OrchestrationStatus)find.Int32(0));
        find.Reset();
        return isAlive;
    }
}
