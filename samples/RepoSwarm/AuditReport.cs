using System.Text;
using AgentFunctions.Samples;

namespace AgentFunctions.RepoSwarm;

/// <summary>
/// One report of what the rehearsed auditors answered: the worst findings first, and what was looked at without any.
/// </summary>
internal static class AuditReport
{
    public const string Unfinished = "Unfinished work:";
    public const string Secrets = "Likely secrets:";

    /// <summary>The report.</summary>
    /// <param name="pages">Pages of answers as the tool shows them: <c>## name</c>, then the answer.</param>
    public static string Of(IEnumerable<string> pages)
    {
        List<string> secrets = [];
        List<string> unfinished = [];
        List<string> clean = [];
        List<string> other = [];
        foreach (string answer in pages.SelectMany(static page => $"\n{page}".Split("\n## ").Skip(1)))
        {
            string[] lines = answer.Split('\n');
            int todo = Array.IndexOf(lines, Unfinished);
            int secret = Array.IndexOf(lines, Secrets);
            if (todo < 2 || secret < todo)
            {
                // One that failed, or was cut.
                other.Add(answer.Split("\n\n[")[0].Trim());
                continue;
            }

            string part = lines[1].Replace($"{RehearsedModel.Label} ", "", StringComparison.Ordinal);
            string[] found = [.. Findings(lines[(todo + 1)..secret])];
            string[] leaked = [.. Findings(lines[(secret + 1)..])];
            other.AddRange(lines.Distinct().Where(IsIncomplete).Select(line => $"{part} {line}"));
            unfinished.AddRange(found);
            secrets.AddRange(leaked);
            if (found.Length + leaked.Length == 0 && !lines.Any(IsIncomplete))
            {
                clean.Add($"{part} {lines[todo + 1]}");
            }
        }

        var report = new StringBuilder();
        Section(report, "Likely secrets", secrets);
        Section(report, "Unfinished work", unfinished);
        Section(report, "Parts that were not audited to the end", other);
        Section(report, "Parts without findings", clean);
        return report.ToString();
    }

    private static IEnumerable<string> Findings(IEnumerable<string> lines) =>
        lines.TakeWhile(static line => line.Length > 0)
            .Where(static line => !line.StartsWith("(no matches in ", StringComparison.Ordinal) && !IsIncomplete(line));

    private static bool IsIncomplete(string line) =>
        line.StartsWith('(') && line.EndsWith("could not be read)", StringComparison.Ordinal);

    private static void Section(StringBuilder report, string title, List<string> lines)
    {
        if (lines.Count > 0)
        {
            report.Append($"## {title}: {lines.Count}\n\n").AppendJoin('\n', lines.Select(static line => $"- {line}"))
                .Append("\n\n");
        }
    }
}
