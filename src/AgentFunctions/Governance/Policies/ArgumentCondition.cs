using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Governance.Policies;

/// <summary>What an argument must be for a rule to apply. All that is set must hold for one and the same value.</summary>
/// <remarks>
/// Where a value cannot be told (an optional argument is left out and has no known default, a number is no number, a path leads
/// astray), the condition answers what its caller says: true for a rule that forbids or asks, false for one that allows. Of
/// several values (a list's items, the names of a file), one that fits is enough for a rule that forbids; a rule that allows must
/// fit all.
/// </remarks>
internal sealed record ArgumentCondition(ArgumentPath Path)
{
    /// <summary>One of these patterns.</summary>
    public Glob? Is { get; init; }

    /// <summary>None of these patterns; holds for an absent argument too, so that leaving it out evades nothing.</summary>
    public Glob? Not { get; init; }

    /// <summary>Contains a match of this expression.</summary>
    public Regex? Matches { get; init; }

    private Regex? InAnyCase => field ??= Matches is null
        ? null
        : new Regex(Matches.ToString(), Matches.Options | RegexOptions.IgnoreCase);

    /// <summary>Gets a number above this.</summary>
    public decimal? Above { get; init; }

    /// <summary>Gets a number below this.</summary>
    public decimal? Below { get; init; }

    /// <summary>Gets a path within one of these folders.</summary>
    public IReadOnlyList<string>? Under { get; init; }

    /// <summary>Gets a path outside all of these folders, or absent.</summary>
    public IReadOnlyList<string>? NotUnder { get; init; }

    /// <summary>Gets whether it is there at all.</summary>
    public bool? Exists { get; init; }

    /// <summary>Only what forbids ("not", "notUnder") holds for an argument that is not there.</summary>
    private bool HoldsForAbsent => Is is null && Matches is null && Above is null && Below is null && Under is null;

    /// <summary>Determines whether the condition holds for a call.</summary>
    /// <param name="action">The call.</param>
    /// <param name="whenUnknown">The answer if a value cannot be told.</param>
    public bool Holds(ActionContext action, bool whenUnknown)
    {
        bool present = Path.Any(action.Arguments, static value => value.ValueKind != JsonValueKind.Null);
        bool isPath = Path.IsOf(action.PathArguments);
        if (isPath && action is { FilesBelow: { } below, Paths: { } names })
        {
            return HoldsBelow(below, names, whenUnknown);
        }

        if (Exists is { } exists && exists != (present && !(isPath && Path.Any(action.Arguments, IsWhole))))
        {
            return false;
        }

        if (present)
        {
            bool Fits(JsonElement value) => isPath && action.Paths is { } paths
                ? HoldsForPath(value, paths, whenUnknown)
                : HoldsFor(value, action, whenUnknown);

            return whenUnknown
                ? Path.Any(action.Arguments, Fits)
                : Path.All(action.Arguments, value => value is { } at ? Fits(at) : HoldsForAbsent);
        }

        return HoldsForAbsent
            || (whenUnknown && action.Schema is { } schema
                && Path.MayHaveOtherDefault(schema, action.Written ?? action.Arguments));
    }

    /// <summary>Whether the condition holds for a file of which nothing is known but a folder that it lies in.</summary>
    private bool HoldsBelow(string below, PathNames paths, bool whenUnknown) =>
        Exists != false
        && (Is is null || (Is.CoversBelow(below, paths) ?? whenUnknown))
        && (Not is null || !(Not.CoversBelow(below, paths) ?? !whenUnknown))
        && ((Matches is null && Above is null && Below is null) || whenUnknown)
        && HoldsForFolders(
            folder => paths.IsUnder(below, folder) == true ? true
                : paths.NameOf(folder) is { } name && paths.IsUnder(name, below) != false ? null : false,
            whenUnknown);

    private static bool IsWhole(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && value.ValueEquals(PathNames.Whole);

    private bool HoldsForPath(JsonElement value, PathNames paths, bool whenUnknown)
    {
        if (value.ValueKind != JsonValueKind.String || paths.NameOf(value.GetString()!) is not { } name)
        {
            string text = ArgumentNumber.TextOf(value);
            return HoldsForText(text, null, whenUnknown)
                && HoldsForFolders(folder => LeadsAstray(text, folder, paths), whenUnknown);
        }

        bool HoldsForName(string one) =>
            (Is is null || Is.MatchesPath(one, paths))
            && (Not is null || !Not.MatchesPath(one, paths))
            && (Matches is null || Matches.IsMatch(one) || (paths.IgnoresCaseOf(one) && InAnyCase!.IsMatch(one)))
            && HoldsForFolders(folder => paths.IsUnder(one, folder), whenUnknown)
            && ((Above is null && Below is null) || HoldsForNumber(one, whenUnknown));

        IReadOnlyList<string> names = paths.AllNamesOf(name);
        return whenUnknown ? names.Any(HoldsForName) : names.All(HoldsForName);
    }

    /// <summary>
    /// A path that the workspace refuses lies in no folder for sure: the text may find one, but never rule it out.
    /// </summary>
    private static bool? LeadsAstray(string text, string folder, PathNames paths) =>
        TextualPath.IsUnder(text, folder, paths.Workspace.Root) == true ? true : null;

    private bool HoldsFor(JsonElement value, ActionContext action, bool whenUnknown)
    {
        string text = ArgumentNumber.TextOf(value);
        bool isStructure = value.ValueKind is JsonValueKind.Object or JsonValueKind.Array;
        return HoldsForText(text, value.ValueKind == JsonValueKind.Number ? value.GetRawText() : null, whenUnknown, isStructure)
            && HoldsForFolders(folder => isStructure ? null : TextualPath.IsUnder(text, folder, action.Paths?.Workspace.Root),
                whenUnknown);
    }

    private bool HoldsForText(string text, string? number, bool whenUnknown, bool isStructure = false) =>
        (Is is null || IsOneOf(Is, text, number) || (isStructure && whenUnknown))
        && (Not is null || !IsOneOf(Not, text, number))
        && (Matches is null || Matches.IsMatch(text) || (number is not null && Matches.IsMatch(number)))
        && ((Above is null && Below is null) || HoldsForNumber(text, whenUnknown));

    /// <summary>Whether a pattern fits a text, or a number however it is written.</summary>
    private static bool IsOneOf(Glob glob, string text, string? number) => glob.Matches(text)
        || (number is not null
            && (glob.Matches(number) || (ArgumentNumber.TryRead(number, out decimal value) && glob.MatchesNumber(value))));

    private bool HoldsForFolders(Func<string, bool?> isUnder, bool whenUnknown) =>
        (Under is null || Under.Any(folder => isUnder(folder) ?? whenUnknown))
        && (NotUnder is null || !NotUnder.Any(folder => isUnder(folder) ?? !whenUnknown));

    private bool HoldsForNumber(string text, bool whenUnknown)
    {
        // A number that is too large to read is above every bound: 1e400 must not slip past "above: 100".
        if (!ArgumentNumber.TryRead(text, out decimal number))
        {
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double large)
                && !double.IsNaN(large)
                ? large > 0 ? Above is not null && Below is null : Below is not null && Above is null
                : whenUnknown;
        }

        return (Above is null || number > Above) && (Below is null || number < Below);
    }
}
