namespace AgentFunctions.Governance.Options;

/// <summary>Represents the settings of governance, bound to the configuration section <c>Governance</c>.</summary>
public sealed class GovernanceOptions
{
    /// <summary>
    /// Gets or sets a policy file, or a folder of policy files. By default <see langword="null"/>: tools that the host registered
    /// in code may be called without an approval.
    /// </summary>
    public string? PolicyPath { get; set; }

    /// <summary>
    /// Gets or sets who signs the agents' tokens: an address at which <c>/.well-known/jwks.json</c> is served;
    /// <c>agentfunctions</c> by default.
    /// </summary>
    public string Issuer { get; set; } = "agentfunctions";

    /// <summary>
    /// Gets the <c>Notifications:Channels</c> that announce an approval, by role; <c>*</c> for every role. None by default: the
    /// list of approvals shows what waits.
    /// </summary>
    public IDictionary<string, IList<string>> ApprovalChannels { get; } =
        new Dictionary<string, IList<string>>(StringComparer.Ordinal);

    /// <summary>Gets the servers that the requests of a tool's own client carry the run's token to; none by default.</summary>
    public IList<IdentifiedServer> Identity { get; } = [];

    /// <summary>
    /// Gets or sets the folder of the keys that sign the audit log and the agents' tokens. By default <see langword="null"/>:
    /// they are stored as records beside all other data, where anybody who can write the store could also sign.
    /// </summary>
    public string? KeyFolder { get; set; }

    /// <summary>
    /// Gets or sets the key vault that named secrets are looked up in after the configuration and the environment, for instance
    /// <c>https://agents.vault.azure.net</c>; read with the host's own identity. None by default.
    /// </summary>
    public Uri? KeyVault { get; set; }

    /// <summary>Gets where this host's HTTP clients may go beyond the public internet; nowhere by default.</summary>
    public NetworkOptions Network { get; } = new();
}
