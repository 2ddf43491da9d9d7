using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Database;

namespace AgentFunctions.Sqlite.Client;

/// <summary>What places an instance in a tree.</summary>
/// <param name="Seq">The number of its row.</param>
/// <param name="Id">Its id.</param>
/// <param name="Status">Its status.</param>
/// <param name="Parent">The row of the instance that it is a sub-orchestration of.</param>
internal sealed record InstanceNode(long Seq, string Id, OrchestrationStatus Status, long? Parent)
{
    /// <summary>The instance of an id, and those whose ids begin with it and a dot.</summary>
    public static List<InstanceNode> AtOrBelow(Connection connection, string id) => Read(connection
        // A slash is what follows a dot: the range reads the index of ids.
        .Prepare("SELECT seq, id, status, parent FROM instances WHERE id = ?1 OR (id > ?1 || '.' AND id < ?1 || '/')")
        .Bind(1, id));

    /// <summary>The sub-orchestrations of an instance.</summary>
    public static List<InstanceNode> ChildrenOf(Connection connection, long parent) => Read(
        connection.Prepare("SELECT seq, id, status, parent FROM instances WHERE parent = ?").Bind(1, parent));

    private static List<InstanceNode> Read(Statement find)
    {
        List<InstanceNode> nodes = [];
        while (find.Step())
        {
            nodes.Add(new InstanceNode(
                find.Int64(0), find.Text(1)!, (OrchestrationStatus)find.Int32(2), find.IsNull(3) ? null : find.Int64(3)));
        }

        return nodes;
    }
}
