using static AgentFunctions.Monitors.MonitorDefinitionRules;

namespace AgentFunctions.Monitors.Signals;

/// <summary>What must hold for a signal.</summary>
internal static class SignalRules
{
    public static void Check(SignalDefinition signal, string field)
    {
        Require(IsName(signal.Name), $"{field}.name", "use 1 to 64 lower-case letters, digits and '-'");
        Require(signal.Key is null || IsName(signal.Key), $"{field}.key", "use 1 to 64 lower-case letters, digits and '-'");
        object?[] kinds = [signal.Http, signal.Tcp, signal.Tls, signal.File, signal.Process, signal.Metric, signal.Tool];
        Require(kinds.Count(kind => kind is not null) == 1, field,
            "set exactly one of http, tcp, tls, file, process, metric and tool");
        Require(signal.Timeout > TimeSpan.Zero && signal.Timeout <= TimeSpan.FromMinutes(10), $"{field}.timeout",
            "use up to ten minutes");
        Require(signal.Deviation is null or > 0, $"{field}.deviation", "use a number above 0");
        CheckKind(signal, field);
    }

    private static void CheckKind(SignalDefinition signal, string field)
    {
        switch (signal)
        {
            case { Http: { } http }:
                Require(IsHttp(http.Url), $"{field}.http.url", "use an absolute http or https address");
                Require(http.Method is "GET" or "HEAD" or "OPTIONS", $"{field}.http.method",
                    "a check must not change anything; use GET, HEAD or OPTIONS");
                Require(http.Status is null or (>= 100 and <= 599), $"{field}.http.status", "use 100 to 599");
                Require(http.LatencyBelow is null || http.LatencyBelow > TimeSpan.Zero, $"{field}.http.latencyBelow",
                    "use a time span above zero");
                CheckCondition(http.Body, $"{field}.http.body");
                break;
            case { Tcp: { } tcp }:
                CheckEndpoint(tcp.Host, tcp.Port, $"{field}.tcp");
                break;
            case { Tls: { } tls }:
                CheckEndpoint(tls.Host, tls.Port, $"{field}.tls");
                break;
            case { File: { } file }:
                Require(!string.IsNullOrWhiteSpace(file.Path), $"{field}.file.path", "name a file");
                RequirePattern(file.Pattern, $"{field}.file.pattern");
                break;
            case { Process: { } process }:
                Require(!string.IsNullOrWhiteSpace(process.Name), $"{field}.process.name", "name a process");
                break;
            case { Metric: { } metric }:
                Require(IsHttp(metric.Url), $"{field}.metric.url", "use an absolute http or https address");
                Require(MetricQuery.IsValid(metric.Query), $"{field}.metric.query",
                    "use a name with labels, as in name{label=\"value\"}");
                Require(
                    metric.Above is not null || metric.Below is not null || signal.Deviation is not null
                        || signal.Wake == WakeOn.Change,
                    $"{field}.metric", "set above, below, a deviation or wake: change; nothing would ever come of it");
                break;
            case { Tool: { } tool }:
                Require(!string.IsNullOrWhiteSpace(tool.Name), $"{field}.tool.name", "name a tool");
                Require(
                    tool.Arguments is null or { ValueKind: System.Text.Json.JsonValueKind.Object }, $"{field}.tool.arguments",
                    "use a JSON object");
                CheckCondition(tool.Result, $"{field}.tool.result");
                break;
        }
    }

    private static void CheckCondition(ValueCondition? condition, string field)
    {
        Require(condition?.Path is null || JsonPath.IsValid(condition.Path), $"{field}.path",
            "use members and indexes, as in $.checks[0].state");
        RequirePattern(condition?.Matches, $"{field}.matches");
    }

    private static void CheckEndpoint(string host, int port, string field)
    {
        Require(Uri.CheckHostName(host) != UriHostNameType.Unknown, $"{field}.host", "use a host name or an address");
        Require(port is >= 1 and <= 65_535, $"{field}.port", "use 1 to 65,535");
    }

    private static bool IsHttp(string? url) =>
        url is { Length: <= 2048 } && Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) && (uri.Scheme is "http" or "https");
}
