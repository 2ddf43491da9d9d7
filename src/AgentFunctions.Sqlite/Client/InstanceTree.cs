using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Runtime;

namespace AgentFunctions.Sqlite.Client;

/// <summary>
/// An instance with all below it: its sub-orchestrations, and the instances whose ids begin with its id and a dot, whoever
/// started them. Runs as the writer.
/// </summary>
internal sealed class InstanceTree
{
    private readonly Dictionary<long, InstanceNode> _nodes = [];

    public static InstanceTree Read(Connection connection, string rootId)
    {
        var tree = new InstanceTree();
        var next = new Stack<InstanceNode>(InstanceNode.AtOrBelow(connection, rootId));
        while (next.TryPop(out InstanceNode? node))
        {
            if (tree._nodes.TryAdd(node.Seq, node))
            {
                foreach (InstanceNode child in InstanceNode.ChildrenOf(connection, node.Seq))
                {
                    next.Push(child);
                }
            }
        }

        return tree;
    }

    /// <summary>The nodes that have nothing alive at, above or below them.</summary>
    public IEnumerable<InstanceNode> WithoutLive()
    {
        InstanceNode[] alive = [.. _nodes.Values.Where(static node => !InstanceRow.IsEndedStatus(node.Status))];
        return _nodes.Values.Where(node => !Array.Exists(
            alive, other => other.Seq == node.Seq || IsBelow(node, other) || IsBelow(other, node)));
    }

    private bool IsBelow(InstanceNode node, InstanceNode lead)
    {
        InstanceNode? above = node;
        while (above is not null)
        {
            if (above.Id.StartsWith(lead.Id + '.', StringComparison.Ordinal) || above.Parent == lead.Seq)
            {
                return true;
            }

            above = above.Parent is { } parent ? _nodes.GetValueOrDefault(parent) : null;
        }

        return false;
    }
}
