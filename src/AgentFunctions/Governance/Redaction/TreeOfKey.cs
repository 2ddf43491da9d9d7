using System.Text.Json;
using AgentFunctions.Keys;
using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Redaction;

/// <summary>Tells by the name of a stream or a record which run tree it belongs to.</summary>
internal static class TreeOfKey
{
    /// <summary>The tree of a name; that of the host if it belongs to no run.</summary>
    /// <param name="name">The name of the stream or record.</param>
    public static string Root(string name)
    {
        string[] parts = name.Split('/', 3);
        return parts.Length > 1 && RunNames.IsOfRun(parts[0]) ? TreeKeys.RootOf(parts[1]) : TreeKeys.HostTree;
    }

    /// <summary>The tree of a record: some name it in their text alone.</summary>
    /// <param name="key">The record's key.</param>
    /// <param name="value">Its value.</param>
    public static string Root(string key, ReadOnlyMemory<byte> value) => NamesRoot(key) && RootIn(value) is { } root
        ? TreeKeys.RootOf(root)
        : Root(key);

    private static bool NamesRoot(string key) =>
        key.StartsWith("approvals/", StringComparison.Ordinal) || key.StartsWith("questions/", StringComparison.Ordinal);

    private static string? RootIn(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.TryGetProperty("rootId", out JsonElement root) ? root.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
