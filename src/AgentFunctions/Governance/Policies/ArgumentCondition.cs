using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace AgentFunctions.Governance.Policies;

/// <summary>What an argument must be for a rule to apply. All that is set must hold for one and the same value.</summary>
internal sealed record ArgumentCondition(ArgumentPath Path)
{
    /// <summary>One of these patterns.</summary>
    public Glob? Is { get; init; }

    /// <summary>None of these patterns; holds for an absent argument too, so that leaving it out evades nothing.</summary>
    public Glob? Not { get; init; }

    /// <summary>Contains a match of this expression.</summary>
    public Regex? Matches { get; init; }

    /// <summary>A number above this.</summary>
    public decimal? Above { get; init; }

    /// <summary>A number below this.</summary>
    public decimal? Below { get; init; }

    /// <summary>A path within one of these folders, after <c>..</c> and backslashes are resolved.</summary>
    public IReadOnlyList<string>? Under { get; init; }

    /// <summary>A path outside all of these folders, or absent.</summary>
    public IReadOnlyList<string>? NotUnder { get; init; }

    /// <summary>Whether it is there at all.</summary>
    public bool? Exists { get; init; }

    public bool Holds(JsonElement arguments)
    {
        bool present = Path.Any(arguments, static value => value.ValueKind != JsonValueKind.Null);
        if (Exists is { } exists && exists != present)
        {
            return false;
        }

        if (!present)
        {
            // Only what forbids ("not", "notUnder") holds for an argument that is not there.
            return Is is null && Matches is null && Above is null && Below is null && Under is null;
        }

        return Path.Any(arguments, HoldsFor);
    }

    private bool HoldsFor(JsonElement value)
    {
        string text = TextOf(value);
        return (Is is null || Is.Matches(text))
            && (Not is null || !Not.Matches(text))
            && (Matches is null || Matches.IsMatch(text))
            && (Under is null || IsUnder(text, Under))
            && (NotUnder is null || !IsUnder(text, NotUnder))
            && ((Above is null && Below is null) || HoldsForNumber(text));
    }

    private bool HoldsForNumber(string text)
    {
        // A number that is too large to read is above every bound: 1e400 must not slip past "above: 100".
        if (!decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number))
        {
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double large)
                && (large > 0 ? Above is not null && Below is null : Below is not null && Above is null);
        }

        return (Above is null || number > Above) && (Below is null || number < Below);
    }

    private static string TextOf(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    private static bool IsUnder(string path, IReadOnlyList<string> folders)
    {
        if (Normalize(path) is not { } normal)
        {
            return false;
        }

        foreach (string folder in folders)
        {
            if (Normalize(folder) is { } root
                && (root.Length == 0 ? !normal.StartsWith('/') : normal == root || normal.StartsWith(root + "/", StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The path without <c>.</c> and <c>..</c>; <see langword="null"/> where it leads out of where it begins.</summary>
    private static string? Normalize(string path)
    {
        string text = path.Replace('\\', '/');
        var parts = new List<string>();
        foreach (string part in text.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                if (parts.Count == 0)
                {
                    return null;
                }

                parts.RemoveAt(parts.Count - 1);
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        return (text.StartsWith('/') ? "/" : "") + string.Join('/', parts);
    }
}
