using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Runtime;

namespace AgentFunctions.Sqlite.Client;

/// <summary>Deletes an ended instance, and its ended sub-orchestrations with it.</summary>
/// <param name="engine">The engine.</param>
/// <param name="instanceId">The instance.</param>
internal sealed class PurgeJob(EngineCore engine, string instanceId) : WriteJob<int>
{
    private int _count;

    protected override int Result => _count;

    public override void Apply(WriteTransaction transaction)
    {
        _count = 0;
        if (InstanceTable.Find(transaction.Connection, instanceId) is { } found)
        {
            Purge(transaction, found.Seq, found.Status);
        }
    }

    public override void Committed()
    {
        if (_count > 0)
        {
            engine.Ends.Raise(instanceId);
        }

        base.Committed();
    }

    private void Purge(WriteTransaction transaction, long seq, OrchestrationStatus status)
    {
        if (!InstanceRow.IsEndedStatus(status))
        {
            return;
        }

        foreach ((long child, OrchestrationStatus childStatus) in InstanceTable.Children(transaction.Connection, seq))
        {
            Purge(transaction, child, childStatus);
        }

        InstanceTable.Delete(transaction, seq, hasTimers: false);
        _count++;
    }
}
