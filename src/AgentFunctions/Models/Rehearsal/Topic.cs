namespace AgentFunctions.Models.Rehearsal;

/// <summary>Something that an audit searches for.</summary>
/// <param name="Title">What the report calls it.</param>
/// <param name="Pattern">The regular expression.</param>
/// <param name="Advice">What to do about a finding.</param>
/// <param name="IsSecret">Whether the text of a finding must not be repeated.</param>
internal sealed record Topic(string Title, string Pattern, string Advice, bool IsSecret = false)
{
    public static readonly IReadOnlyList<Topic> All =
    [
        new("Unfinished work", @"\b(TODO|FIXME|HACK|XXX)\b", "Finish it, or turn it into an issue that somebody owns."),
        new(
            "Possible secrets",
            """(api[_-]?key|secret|password|passwd|token)["']?\s*[:=]\s*["'][A-Za-z0-9_/+=.-]{12,}["']""",
            "Move it to a secret store and change it; what was committed once is known.",
            IsSecret: true),
        new("Private keys", "BEGIN [A-Z ]*PRIVATE KEY", "Remove the key from the repository and replace it.", IsSecret: true),
        new("Swallowed errors", @"catch\s*(\([^)]*\))?\s*\{\s*\}|except:\s*pass",
            "Handle the error, or say why it does not matter."),
    ];
}
