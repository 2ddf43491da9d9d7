using AgentFunctions.Keys;
using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Audit;

/// <summary>Reads the heads of an audit log that a host keeps beside its keys.</summary>
public static class AuditHeads
{
    /// <summary>Reads the heads of all parts of the log.</summary>
    /// <param name="keyFolder">The folder of the host's keys.</param>
    /// <returns>The heads; none if the folder has none.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.DataFileUnusable"/>: one of them does not carry the host's seal.
    /// </exception>
    public static AuditHead[] Read(string keyFolder)
    {
        using var heads = new FileHeadStore(keyFolder);
        return [.. AuditParts.InOrder.Prepend(AuditShards.Heads)
            .Select(shard => (Shard: shard, Head: heads.Read(AuditShards.HeadOf(shard))))
            .Where(static part => part.Head is not null)
            .Select(static part => new AuditHead(part.Shard, part.Head!.Count, part.Head.Chain))];
    }
}
