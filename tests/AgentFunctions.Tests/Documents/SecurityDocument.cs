using System.Text.RegularExpressions;

namespace AgentFunctions.Tests.Documents;

/// <summary>The examples of docs/security.md.</summary>
internal static partial class SecurityDocument
{
    public static string Text { get; } = Repository.Text("docs/security.md");

    /// <summary>Gets the only fenced block of a language.</summary>
    public static string Block(string language)
    {
        Match[] found = [.. Blocks().Matches(Text).Where(match => match.Groups["language"].Value == language)];
        Assert.That(found, Has.Length.EqualTo(1), $"blocks of {language}: another one needs a test of its own");
        return found[0].Groups["text"].Value;
    }

    /// <summary>Gets the fenced blocks' languages.</summary>
    public static IEnumerable<string> Languages => Blocks().Matches(Text).Select(static match => match.Groups["language"].Value);

    /// <summary>Gets what stands between backticks, outside of fenced blocks.</summary>
    public static IReadOnlyList<string> Spans { get; } = [.. Inline().Matches(Blocks().Replace(Text, ""))
        .Select(static match => match.Groups[1].Value)];

    /// <summary>Gets the only span that begins so.</summary>
    public static string Span(string beginning) =>
        Spans.Where(span => span.StartsWith(beginning, StringComparison.Ordinal)).Distinct().Single();

    /// <summary>Gets the rows of the table under a head cell, as their cells.</summary>
    public static IReadOnlyList<string[]> Table(string firstHead) =>
        [.. Text[Text.IndexOf($"| {firstHead} |", StringComparison.Ordinal)..].Split('\n')
        .TakeWhile(static line => line.StartsWith('|')).Skip(2)
        .Select(static line => line.Replace("\\|", "¦", StringComparison.Ordinal).Trim('|').Split('|')
            .Select(static cell => cell.Trim()).ToArray())];

    [GeneratedRegex(@"^```(?<language>\w+)\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Inline();
}
