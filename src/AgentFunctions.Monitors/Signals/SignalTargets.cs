using AgentFunctions.Network;


namespace AgentFunctions.Monitors.Signals;

/// <summary>Which hosts the checks of monitors ask.</summary>
internal static class SignalTargets
{
    /// <summary>
    /// Those of the monitors that the host's own program brings; what is put over the API names addresses like any request.
    /// </summary>
    public static NetworkConsents ConsentsOf(IEnumerable<MonitorDefinition> monitors) => new(
        HttpCheck.HttpClientName,
        [.. monitors.SelectMany(static monitor => monitor.Signals).Select(TargetOf).OfType<(string, int)>()]);

    private static (string Host, int Port)? TargetOf(SignalDefinition signal) => signal switch
    {
        { Http: { } http } => TargetOf(http.Url),
        { Metric: { } metric } => TargetOf(metric.Url),
        { Tcp: { } tcp } => (tcp.Host, tcp.Port),
        { Tls: { } tls } => (tls.Host, tls.Port),
        _ => null,
    };

    private static (string Host, int Port)? TargetOf(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out Uri? address) ? (address.IdnHost, address.Port) : null;
}
