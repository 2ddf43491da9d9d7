using AgentFunctions.Governance.Redaction;
using AgentFunctions.Keys;
using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Audit;

/// <summary>What the parts of one audit log share.</summary>
/// <param name="Logs">The store.</param>
/// <param name="Keys">The keys that sign.</param>
/// <param name="Time">The clock.</param>
/// <param name="Redactor">Masks what is written.</param>
/// <param name="Heads">The heads beside the keys, if this host has any.</param>
internal sealed record AuditChainContext(ILogStore Logs, SigningKeys Keys, TimeProvider Time, Redactor? Redactor,
    IHeadStore? Heads)
{
    private volatile AuditHead? _lastJoin;

    /// <summary>Gets or sets how far the chain of heads has grown, as far as this host knows.</summary>
    public AuditHead? LastJoin
    {
        get => _lastJoin;
        set => _lastJoin = value;
    }

    /// <summary>Gets or sets what is called with each new head of a part.</summary>
    public Action<AuditHead> Grown { get; set; } = static _ => { };

    /// <summary>Gets or sets what looks up a part in the chain of heads.</summary>
    public Func<string?, CancellationToken, ValueTask<Head?>> JoinedAsync { get; set; } =
        static (_, _) => ValueTask.FromResult<Head?>(null);
}
