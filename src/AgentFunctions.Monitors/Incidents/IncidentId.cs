using System.Globalization;

namespace AgentFunctions.Monitors.Incidents;

/// <summary>Ids of incidents: <c>monitor_key_20260104T101500Z</c>; names have no underscore.</summary>
internal static class IncidentId
{
    public static string Of(string monitor, string key, DateTimeOffset due) =>
        $"{monitor}_{key}_{due.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}";

    /// <summary>Whether a text has the form of an id; asked before it becomes part of a key.</summary>
    public static bool IsValid(string? id) =>
        id is { Length: > 0 and <= 200 } && id.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
