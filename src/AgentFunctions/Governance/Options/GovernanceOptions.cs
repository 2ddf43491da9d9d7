namespace AgentFunctions.Governance.Options;

/// <summary>How this host governs what its agents do. Read from the configuration section <c>Governance</c>.</summary>
public sealed class GovernanceOptions
{
    /// <summary>
    /// A policy file, or a folder of them. By default <see langword="null"/>: what the host's own code registered may be
    /// called without asking.
    /// </summary>
    public string? PolicyPath { get; set; }

    /// <summary>
    /// Gets or sets who signs the agents' tokens: an address at which <c>/.well-known/jwks.json</c> is served;
    /// <c>agentfunctions</c> by default.
    /// </summary>
    public string Issuer { get; set; } = "agentfunctions";

    /// <summary>
    /// Over which of <c>Notifications:Channels</c> people are told that an approval waits for them, by role; <c>*</c> for every
    /// role. Nobody is told by default: the inbox shows what waits.
    /// </summary>
    public IDictionary<string, IList<string>> ApprovalChannels { get; } = new Dictionary<string, IList<string>>(StringComparer.Ordinal);

    /// <summary>Gets the servers that the requests of a tool's own client carry the run's token to; none by default.</summary>
    public IList<IdentifiedServer> Identity { get; } = [];

    /// <summary>
    /// The folder of the keys that sign the audit log and the agents' tokens. By default <see langword="null"/>: they are kept
    /// as records beside everything else, where whoever can write the store could also sign.
    /// </summary>
    public string? KeyFolder { get; set; }

    /// <summary>
    /// The key vault that named secrets are looked up in after the configuration and the environment, for instance
    /// <c>https://agents.vault.azure.net</c>; read with the host's own identity. None by default.
    /// </summary>
    public Uri? KeyVault { get; set; }

    /// <summary>Gets where this host's HTTP clients may go beyond the public internet; nowhere by default.</summary>
    public NetworkOptions Network { get; } = new();
}
