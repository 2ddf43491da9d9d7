using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Runtime;

namespace AgentFunctions.Sqlite.Client;

/// <summary>Deletes what has ended of a tree of instances. What is alive stays, with all that is above and below it.</summary>
/// <param name="engine">The engine.</param>
/// <param name="instanceId">The instance at the root, which need not exist.</param>
internal sealed class PurgeJob(EngineCore engine, string instanceId) : WriteJob<int>
{
    private readonly List<string> _deleted = [];

    protected override int Result => _deleted.Count;

    public override void Apply(WriteTransaction transaction)
    {
        _deleted.Clear();
        InstanceTree tree = InstanceTree.Read(transaction.Connection, instanceId);
        foreach (InstanceNode node in tree.WithoutLive())
        {
            InstanceTable.Delete(transaction, node.Seq, hasTimers: false);
            _deleted.Add(node.Id);
        }
    }

    public override void Committed()
    {
        foreach (string id in _deleted)
        {
            engine.Ends.Raise(id);
        }

        base.Committed();
    }
}
