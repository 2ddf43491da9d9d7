using AgentFunctions.Core;
using AgentFunctions.Runs;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway.Exports;

/// <summary>The names of the parts of an exported file, and what of a run belongs in it.</summary>
internal static class ExportNames
{
    public const string Manifest = "manifest.json";

    public const string Signature = "manifest.sig";

    public const string Keys = "keys.json";

    public const string Audit = "audit.ndjson";

    public const string Content = "content/";

    private const string Runs = "runs/";

    /// <summary>
    /// Gets the records of a run that show what it did. What it was steered by, and where it sends its end, is not for others.
    /// </summary>
    public static IReadOnlyList<string> Records { get; } =
    [
        RunNames.Artifacts, RunNames.Ledger, RunNames.OpenApprovals, RunNames.AskedQuestions, "acceptance", "budgets",
        "conversations", "emptied", "pins",
        "plans", "rewinds", "sub-agents",
    ];

    /// <summary>Gets the records that are not named after their run: what leads to them is.</summary>
    public static IReadOnlyList<string> Others { get; } = ["approvals", "questions"];

    public static string RecordOf(string run) => $"{Runs}{run}/record.json";

    public static string StateOf(string run) => $"{Runs}{run}/state.json";

    public static string RecordsOf(string run) => $"{Runs}{run}/records.ndjson";

    public static string StreamOf(string run, string stream) => $"{Runs}{run}/{stream}.ndjson";

    /// <summary>Reads the run and the kind of a part; <see langword="null"/> if it is no part of a run of this tree.</summary>
    public static (string Run, string Kind)? TryRead(string name, string root)
    {
        string[] parts = name.Split('/');
        return parts.Length == 3 && $"{parts[0]}/" == Runs && RunId.IsValid(parts[1]) && ChildName.RootOf(parts[1]) == root
            ? (parts[1], parts[2])
            : null;
    }

    /// <summary>Determines whether a key is that of a record which an exported run may bring along.</summary>
    public static bool IsRecordOf(string key, string run)
    {
        string[] parts = key.Split('/', 3);
        return parts.Length > 1
            && (Others.Contains(parts[0]) ? parts.Length == 2 : Records.Contains(parts[0]) && parts[1] == run);
    }
}
