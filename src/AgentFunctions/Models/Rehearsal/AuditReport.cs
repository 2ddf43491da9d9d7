using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using AgentFunctions.Core.Text;

namespace AgentFunctions.Models.Rehearsal;

/// <summary>Words what an audit found. Every figure and every line comes from a tool's result.</summary>
internal static partial class AuditReport
{
    private const int LargestShown = 8;
    private const int FindingsShown = 20;
    private const int TextShown = 160;
    private const long LargeFile = 100_000;

    public static string Write(Audit audit)
    {
        var report = new StringBuilder();
        report.AppendLine("# Audit of the workspace").AppendLine()
            .Append("> ").Append(RehearsalChatClient.Label)
            .AppendLine(" A script of rules wrote this from what the tools returned; no language model took part.").AppendLine()
            .AppendLine("## Summary").AppendLine().AppendLine(Summary(audit)).AppendLine();
        Files(report, audit.Listing);
        Findings(report, audit);
        Read(report, audit.Reads);
        Advice(report, audit);
        NotDone(report, audit);
        return report.ToString().ReplaceLineEndings("\n").TrimEnd() + "\n";
    }

    /// <summary>The audit in two sentences.</summary>
    public static string Summary(Audit audit)
    {
        if (!audit.KnowsAnything)
        {
            return "The tools told nothing about the workspace that is still at hand.";
        }

        string files = audit.Listing.Files.Count == 0
            ? "The list of files is empty or unknown."
            : Line($"{audit.Listing.Files.Count} files were listed ({Size(audit.Listing.Files.Sum(static file => file.Size ?? 0))}), {Distinct(audit.Reads)} were read.");
        string findings = audit.Searched.Count == 0
            ? "No search was made."
            : "Found: " + string.Join(", ", audit.Searched.Select(topic =>
                Line($"{topic.Title.ToLowerInvariant()} {audit.Findings.Count(finding => finding.Topic == topic)}"))) + ".";
        return $"{files} {findings}";
    }

    public static string FirstLine(string text) => Shortened(text.Trim().Split('\n')[0]);

    private static void Files(StringBuilder report, Listing listing)
    {
        if (listing.Files.Count == 0)
        {
            return;
        }

        report.AppendLine("## Files").AppendLine().AppendLine("| type | files | size |").AppendLine("|---|---:|---:|");
        foreach (IGrouping<string, ListedFile> type in listing.Files
            .GroupBy(static file => file.Type.Length > 0 ? file.Type : "(none)")
            .OrderByDescending(static type => type.Count()).ThenBy(static type => type.Key, StringComparer.Ordinal)
            .Take(LargestShown))
        {
            report.AppendLine(Line($"| {type.Key} | {type.Count()} | {Size(type.Sum(static file => file.Size ?? 0))} |"));
        }

        report.AppendLine().AppendLine("The largest:").AppendLine();
        foreach (ListedFile file in listing.Files
            .OrderByDescending(static file => file.Size ?? 0).ThenBy(static file => file.Path, StringComparer.Ordinal)
            .Take(LargestShown))
        {
            report.AppendLine(Line($"- `{file.Path}` ({Size(file.Size ?? 0)})"));
        }

        report.AppendLine();
    }

    private static void Findings(StringBuilder report, Audit audit)
    {
        foreach (Topic topic in audit.Searched)
        {
            Finding[] findings = [.. audit.Findings.Where(finding => finding.Topic == topic)];
            report.AppendLine(Line($"## {topic.Title}: {findings.Length}")).AppendLine();
            foreach (Finding finding in findings.Take(FindingsShown))
            {
                string text = topic.IsSecret ? Masked(finding.Text) : finding.Text;
                report.AppendLine(Line($"- `{finding.Path}:{finding.Line}`: {Shortened(text)}"));
            }

            if (findings.Length > FindingsShown)
            {
                report.AppendLine(Line($"- and {findings.Length - FindingsShown} more"));
            }

            if (findings.Length == 0)
            {
                report.AppendLine("None.");
            }

            report.AppendLine();
        }
    }

    private static void Read(StringBuilder report, IReadOnlyList<Attempt> reads)
    {
        if (reads.Count == 0)
        {
            return;
        }

        report.AppendLine("## Files that were read").AppendLine();
        foreach (Attempt read in reads)
        {
            string[] lines = [.. read.Result.Split('\n').Select(static line => Numbered().Replace(line, "").Trim())];
            string opening = lines.FirstOrDefault(static line => line.Any(char.IsLetter)) ?? "";
            report.AppendLine(Line($"- `{read.Argument("path")}`: {lines.Length} lines seen, beginning with: {Shortened(Masked(opening))}"));
        }

        report.AppendLine();
    }

    private static void Advice(StringBuilder report, Audit audit)
    {
        List<string> advice = [.. audit.Searched
            .Where(topic => audit.Findings.Any(finding => finding.Topic == topic))
            .Select(static topic => $"{topic.Title}: {topic.Advice}")];
        if (audit.Listing.Files.Count > 0)
        {
            Missing(advice, audit.Listing, "README", "a README that says what this is and how to run it");
            Missing(advice, audit.Listing, "LICENSE", "a licence");
            Missing(advice, audit.Listing, "test", "tests");
            advice.AddRange(audit.Listing.Files.Where(static file => Listing.IsSource(file) && file.Size > LargeFile)
                .Select(static file => Line($"`{file.Path}` has {Size(file.Size ?? 0)}: look for a second idea in it.")));
        }

        report.AppendLine("## Advice").AppendLine();
        foreach (string line in advice.DefaultIfEmpty("Nothing that these rules know of."))
        {
            report.Append("- ").AppendLine(line);
        }

        report.AppendLine();
    }

    private static void Missing(List<string> advice, Listing listing, string name, string what)
    {
        if (!listing.Has(file => file.Path.Contains(name, StringComparison.OrdinalIgnoreCase)))
        {
            advice.Add($"No path contains \"{name}\": add {what}.");
        }
    }

    private static void NotDone(StringBuilder report, Audit audit)
    {
        if (audit.Failures.Count == 0)
        {
            return;
        }

        report.AppendLine("## What did not work").AppendLine();
        foreach (Attempt failure in audit.Failures)
        {
            report.AppendLine(Line($"- {failure.Tool} {failure.Argument("path") ?? failure.Argument("pattern")}: {FirstLine(failure.Result)}"));
        }
    }

    private static int Distinct(IReadOnlyList<Attempt> reads) =>
        reads.Select(static read => read.Argument("path")).Distinct().Count();

    private static string Size(long bytes) => bytes < 10_000 ? Line($"{bytes} B") : Line($"{bytes / 1000} kB");

    private static string Shortened(string text) => TextCut.Shorten(text, TextShown);

    // A report travels further than the file it is about.
    private static string Masked(string text) => Value().Replace(text, "***");

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(?<=[:=]\s*[""'])[^""']{8,}(?=[""'])")]
    private static partial Regex Value();

    [GeneratedRegex(@"^\s*\d+\s*[\t|:→]\s?")]
    private static partial Regex Numbered();
}
