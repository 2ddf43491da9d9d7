namespace AgentFunctions.Governance.Options;

/// <summary>Where this host's HTTP clients may go beyond the public internet. Read from <c>Governance:Network</c>.</summary>
public sealed class NetworkOptions
{
    /// <summary>
    /// What may be reached although it is not public, for addresses that a request or a model chose too: host names
    /// (<c>orders.corp.example</c>, <c>*.corp.example</c>), addresses (<c>127.0.0.1</c>) and networks (<c>10.1.0.0/16</c>), names and
    /// addresses with a port where only that is meant (<c>127.0.0.1:8080</c>). None by default, this machine included. A name never
    /// leads to link-local and platform addresses; only their address itself does.
    /// </summary>
    public IList<string> Allow { get; } = [];

    /// <summary>
    /// Whether requests go through the system's proxy; false by default. A proxy resolves names by itself, so it is then the proxy
    /// that must keep agents away from the inner network.
    /// </summary>
    public bool UseProxy { get; set; }
}
