using System.Globalization;
using System.Text.RegularExpressions;

namespace AgentFunctions.Models.Rehearsal;

/// <summary>A line that a search found.</summary>
/// <param name="Topic">What was searched for.</param>
/// <param name="Path">The file.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Text">The line's text.</param>
internal sealed partial record Finding(Topic Topic, string Path, int Line, string Text)
{
    /// <summary>Reads the lines <c>path:line: text</c> that <c>search_files</c> printed; others are left out.</summary>
    public static IEnumerable<Finding> Parse(Topic topic, string result, string without) => result.Split('\n')
        .Select(static line => Shape().Match(line.TrimEnd('\r')))
        .Where(static match => match.Success)
        .Select(match => new Finding(
            topic,
            match.Groups["path"].Value,
            int.Parse(match.Groups["line"].Value, CultureInfo.InvariantCulture),
            match.Groups["text"].Value.Trim()))
        .Where(finding => finding.Path != without);

    [GeneratedRegex(@"^(?<path>[^:\s][^:]*):(?<line>\d{1,8}):(?<text>.*)$")]
    private static partial Regex Shape();
}
