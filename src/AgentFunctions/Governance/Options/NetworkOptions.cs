namespace AgentFunctions.Governance.Options;

/// <summary>
/// Represents which addresses the host's HTTP clients may reach beyond the public internet, bound to <c>Governance:Network</c>.
/// </summary>
public sealed class NetworkOptions
{
    /// <summary>
    /// Gets what may be reached although it is not public, for addresses that a request or a model chose too: host names
    /// (<c>orders.corp.example</c>, <c>*.corp.example</c>), addresses (<c>127.0.0.1</c>) and networks (<c>10.1.0.0/16</c>), names
    /// and addresses with a port where only that is meant (<c>127.0.0.1:8080</c>). None by default, this machine included. A name
    /// never leads to link-local and platform addresses; only their address itself does.
    /// </summary>
    public IList<string> Allow { get; } = [];

    /// <summary>
    /// Gets or sets whether requests go through the system's proxy; false by default. A proxy resolves names itself, so it must
    /// then keep agents away from the inner network.
    /// </summary>
    public bool UseProxy { get; set; }
}
