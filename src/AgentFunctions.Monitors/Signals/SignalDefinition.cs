using System.Text.Json.Serialization;
using AgentFunctions.Monitors.Incidents;

namespace AgentFunctions.Monitors.Signals;

/// <summary>Represents a check that needs no model. Exactly one of <see cref="Http"/> to <see cref="Tool"/> is set.</summary>
public sealed record SignalDefinition
{
    /// <summary>Gets the name, unique in its monitor: lower-case letters, digits and <c>-</c>, at most 64 characters.</summary>
    public required string Name { get; init; }

    /// <summary>Asks an HTTP server.</summary>
    public HttpSignal? Http { get; init; }

    /// <summary>Opens a TCP connection.</summary>
    public TcpSignal? Tcp { get; init; }

    /// <summary>Gets the check of how long a certificate is valid.</summary>
    public TlsSignal? Tls { get; init; }

    /// <summary>Gets the check for a pattern in what was appended to a file.</summary>
    public FileSignal? File { get; init; }

    /// <summary>Gets the check whether a process runs.</summary>
    public ProcessSignal? Process { get; init; }

    /// <summary>Reads a metric in the Prometheus text format.</summary>
    public MetricSignal? Metric { get; init; }

    /// <summary>Calls a tool of the host that has no effects.</summary>
    public ToolSignal? Tool { get; init; }

    /// <summary>Gets how bad a breach is; error by default.</summary>
    public Severity Severity { get; init; } = Severity.Error;

    /// <summary>
    /// Gets the cause that a breach points to: signals of one key share an incident. By default <see langword="null"/>: the
    /// signal's own name.
    /// </summary>
    public string? Key { get; init; }

    /// <summary>Gets when the signal wakes the agent; on a breach by default.</summary>
    public WakeOn Wake { get; init; } = WakeOn.Breach;

    /// <summary>
    /// Gets the number of standard deviations from the usual value that counts as a breach, once 20 values are known;
    /// <see langword="null"/>, the default, for none.
    /// </summary>
    public double? Deviation { get; init; }

    /// <summary>Gets how long the check may take; ten seconds by default.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets the key under which a breach is filed.</summary>
    [JsonIgnore]
    public string IncidentKey => Key ?? Name;
}

/// <summary>Specifies when a signal wakes the agent.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<WakeOn>))]
public enum WakeOn
{
    /// <summary>When a breach opens an incident.</summary>
    Breach,

    /// <summary>On a breach, and when the signal differs from the last check.</summary>
    Change,

    /// <summary>Never. Incidents are opened and people are notified.</summary>
    Never,
}
