using System.Text.Json;

namespace AgentFunctions.Monitors.Signals;

/// <summary>Asks an HTTP server. Its value is the latency in milliseconds.</summary>
public sealed record HttpSignal
{
    /// <summary>Gets an absolute http or https address.</summary>
    public required string Url { get; init; }

    /// <summary>Gets the method; GET by default.</summary>
    public string Method { get; init; } = "GET";

    /// <summary>Gets the status that is expected; <see langword="null"/>, the default, for any from 200 to 299.</summary>
    public int? Status { get; init; }

    /// <summary>Gets the latency to stay below; <see langword="null"/>, the default, for the check's time-out alone.</summary>
    public TimeSpan? LatencyBelow { get; init; }

    /// <summary>Gets what must hold of the body; its first MiB is looked at.</summary>
    public ValueCondition? Body { get; init; }
}

/// <summary>Opens a TCP connection. Its value is the time that took in milliseconds.</summary>
public sealed record TcpSignal
{
    /// <summary>Gets the host name or address.</summary>
    public required string Host { get; init; }

    /// <summary>Gets the port.</summary>
    public required int Port { get; init; }
}

/// <summary>Checks how long a server's certificate is valid. Its value is the number of days left.</summary>
public sealed record TlsSignal
{
    /// <summary>Gets the host name.</summary>
    public required string Host { get; init; }

    /// <summary>Gets the port; 443 by default.</summary>
    public int Port { get; init; } = 443;

    /// <summary>Gets how long it must still be valid; 14 days by default.</summary>
    public TimeSpan ValidFor { get; init; } = TimeSpan.FromDays(14);
}

/// <summary>Checks what was appended to a file since the last check. Its value is the number of lines that match.</summary>
public sealed record FileSignal
{
    /// <summary>Gets the file's path on the host. A missing file is a breach.</summary>
    public required string Path { get; init; }

    /// <summary>
    /// Gets a regular expression; a line that matches is a breach. <see langword="null"/>, the default: the file must exist.
    /// </summary>
    public string? Pattern { get; init; }

    /// <summary>Gets the most lines that may match in one look; 0 by default.</summary>
    public int Allowed { get; init; }

    /// <summary>Gets whether the first look begins at the file's start; by default at its end.</summary>
    public bool FromStart { get; init; }
}

/// <summary>Checks whether a process runs on the host. Its value is the number of processes.</summary>
public sealed record ProcessSignal
{
    /// <summary>Gets the process's name, without a path or <c>.exe</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Gets how many must run at least; 1 by default.</summary>
    public int AtLeast { get; init; } = 1;
}

/// <summary>Reads a metric in the Prometheus text format: the sum of the samples that match.</summary>
public sealed record MetricSignal
{
    /// <summary>Gets the address of the metrics page.</summary>
    public required string Url { get; init; }

    /// <summary>Gets the metric's name with labels to match, as in <c>http_requests_total{code="500"}</c>.</summary>
    public required string Query { get; init; }

    /// <summary>Gets whether the value is the increase per second since the last look, for counters; false by default.</summary>
    public bool Rate { get; init; }

    /// <summary>Gets the value must be above this.</summary>
    public double? Above { get; init; }

    /// <summary>Gets the value must be below this.</summary>
    public double? Below { get; init; }
}

/// <summary>Calls a tool of the host that has no effects.</summary>
public sealed record ToolSignal
{
    /// <summary>Gets the tool's name.</summary>
    public required string Name { get; init; }

    /// <summary>Gets its arguments: a JSON object.</summary>
    public JsonElement? Arguments { get; init; }

    /// <summary>Gets what must hold of the result; without it, that the call does not fail.</summary>
    public ValueCondition? Result { get; init; }
}
