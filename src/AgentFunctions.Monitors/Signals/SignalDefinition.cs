using System.Text.Json.Serialization;
using AgentFunctions.Monitors.Incidents;

namespace AgentFunctions.Monitors.Signals;

/// <summary>One check that needs no model: exactly one of <see cref="Http"/> to <see cref="Tool"/>.</summary>
public sealed record SignalDefinition
{
    /// <summary>Gets the name, unique in its monitor: lower-case letters, digits and <c>-</c>, at most 64 characters.</summary>
    public required string Name { get; init; }

    /// <summary>Asks an HTTP server.</summary>
    public HttpSignal? Http { get; init; }

    /// <summary>Opens a TCP connection.</summary>
    public TcpSignal? Tcp { get; init; }

    /// <summary>Looks how long a certificate is still valid.</summary>
    public TlsSignal? Tls { get; init; }

    /// <summary>Looks for a pattern in what was appended to a file.</summary>
    public FileSignal? File { get; init; }

    /// <summary>Looks whether a process runs.</summary>
    public ProcessSignal? Process { get; init; }

    /// <summary>Reads a metric in the Prometheus text format.</summary>
    public MetricSignal? Metric { get; init; }

    /// <summary>Calls a tool of the host that has no effects.</summary>
    public ToolSignal? Tool { get; init; }

    /// <summary>Gets how bad a breach is; error by default.</summary>
    public Severity Severity { get; init; } = Severity.Error;

    /// <summary>
    /// The cause that a breach points to: signals of one key share an incident. By default <see langword="null"/>: the
    /// signal's own name.
    /// </summary>
    public string? Key { get; init; }

    /// <summary>Gets when the signal wakes the agent; on a breach by default.</summary>
    public WakeOn Wake { get; init; } = WakeOn.Breach;

    /// <summary>
    /// Also a breach: a value that is so many standard deviations from the usual one, once 20 values are known;
    /// <see langword="null"/>, the default, for never.
    /// </summary>
    public double? Deviation { get; init; }

    /// <summary>Gets how long the check may take; ten seconds by default.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets the key under which a breach is filed.</summary>
    [JsonIgnore]
    public string IncidentKey => Key ?? Name;
}

/// <summary>When a signal wakes the agent.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<WakeOn>))]
public enum WakeOn
{
    /// <summary>When its breach opens an incident.</summary>
    Breach,

    /// <summary>On a breach, and when what it sees is not what it saw the last time.</summary>
    Change,

    /// <summary>Never; incidents are opened and people are told.</summary>
    Never,
}
