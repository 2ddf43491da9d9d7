using System.Globalization;

namespace AgentFunctions.Core;

/// <summary>
/// The names of sub-agents within their lead: <c>turn-call</c>, or <c>turn-call-item</c> for one of many that a call asks
/// for. They follow from the call alone, so a call that is made again after a crash means the same sub-agents.
/// </summary>
internal static class ChildName
{
    /// <summary>What stands between a lead's run id and the name. Ids of a tree begin with the id of its root and this.</summary>
    public const char Separator = '.';

    public static string Of(int turn, int call, int? item) => item is null
        ? string.Create(CultureInfo.InvariantCulture, $"{turn}-{call}")
        : string.Create(CultureInfo.InvariantCulture, $"{turn}-{call}-{item}");

    /// <summary>The run id of a sub-agent.</summary>
    public static string RunId(string lead, string name) => $"{lead}{Separator}{name}";

    /// <summary>The name of a run within its lead; the id itself for a run that has none.</summary>
    public static string NameOf(string runId) => runId[(runId.LastIndexOf(Separator) + 1)..];

    /// <summary>The lead's run id; <see langword="null"/> for the root of a tree.</summary>
    public static string? LeadOf(string runId) => runId.LastIndexOf(Separator) is var dot and > 0 ? runId[..dot] : null;

    /// <summary>The run id of the root of the tree that a run belongs to.</summary>
    public static string RootOf(string runId) => runId.IndexOf(Separator, StringComparison.Ordinal) is var dot and > 0
        ? runId[..dot]
        : runId;

    public static bool TryParse(string name, out int turn, out int call, out int? item)
    {
        string[] parts = name.Split('-');
        int[] numbers = [.. parts.Select(static part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture,
            out int number) ? number : -1)];
        bool isName = numbers.Length is 2 or 3 && numbers.All(static number => number >= 0);
        (turn, call, item) = isName ? (numbers[0], numbers[1], numbers.Length == 3 ? numbers[2] : null) : (0, 0, (int?)null);
        return isName;
    }
}
