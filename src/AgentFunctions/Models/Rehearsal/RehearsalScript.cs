using System.Text.RegularExpressions;
using AgentFunctions.Core.Text;

namespace AgentFunctions.Models.Rehearsal;

/// <summary>
/// The script: an ordered list of stages, each of which names the calls that it wants. The first stage with a call that was not
/// made yet is next, so a lost, failed or repeated step leads nowhere else than on.
/// </summary>
internal static partial class RehearsalScript
{
    private const int LinesRead = 200;
    private const int FilesInspected = 3;

    private static readonly string[] Plan =
    [
        "List the files",
        "Read the most telling files and search for known problems",
        "Look closer at the files with most findings",
        "Write the report",
    ];

    public static RehearsalTurn Next(Conversation conversation)
    {
        string[] needed = [Audit.List, Audit.Read, Audit.Search];
        if (!AsksForAudit().IsMatch(conversation.Goal) || !(needed.Any(conversation.Offers) || conversation.Attempts.Count > 0))
        {
            return new(Honestly(conversation), []);
        }

        var audit = new Audit(conversation, ReportPath(conversation.Goal));
        // Where the report is written, all before it is done, even if a compaction took it out of the messages.
        Func<Conversation, Audit, Stage>[] stages = Written(conversation, audit) is null
            ? [Explore, Survey, Inspect, Report]
            : [];
        for (int stage = 0; stage < stages.Length; stage++)
        {
            (string text, IEnumerable<RehearsalCall> wanted) = stages[stage](conversation, audit);
            List<RehearsalCall> calls = [.. wanted.Where(call => conversation.Offers(call.Tool) && !conversation.Tried(call))];
            if (calls.Count > 0)
            {
                RehearsalCall[] plan = [.. PlanTool.Update(conversation, Plan, stage).Where(call => !conversation.Tried(call))];
                return new($"Step {stage + 1} of {Plan.Length}: {text}", [.. plan, .. calls]);
            }
        }

        RehearsalCall[] done = [.. PlanTool.Update(conversation, Plan, Plan.Length).Where(call => !conversation.Tried(call))];
        return done.Length > 0 ? new("All steps are done.", done) : new(Answer(conversation, audit), []);
    }

    /// <summary>Where the goal wants the report; <c>audit-report.md</c> by default.</summary>
    internal static string ReportPath(string goal) =>
        Directive().Match(goal) is { Success: true } match ? match.Groups["path"].Value : "audit-report.md";

    private static Stage Explore(Conversation conversation, Audit audit)
    {
        RehearsalCall many = conversation.Call(Audit.List, ("max", 1000));
        RehearsalCall[] wanted = audit.Listing.Files.Count == 0 && conversation.Tried(many)
            && conversation.Of(Audit.List).All(static attempt => attempt.Failed)
            ? [conversation.Call(Audit.List)]
            : audit.Listing.Files.Count == 0 ? [many] : [];
        return new("I list the files of the workspace.", wanted);
    }

    private static Stage Survey(Conversation conversation, Audit audit)
    {
        // Without a list, a file that most folders have is worth the attempt.
        string[] files = audit.Listing.Files.Count > 0 || conversation.Offers(Audit.List)
            ? [.. audit.Listing.MostTelling()]
            : ["README.md"];
        // Once a part of the survey is known, a compacted history is no reason to begin again.
        IEnumerable<RehearsalCall> reads = audit.Reads.Count > 0
            ? []
            : files.Select(path => conversation.Call(Audit.Read, ("path", path), ("limit", LinesRead)));
        IEnumerable<RehearsalCall> searches =
            Topic.All.Select(topic => conversation.Call(Audit.Search, ("pattern", topic.Pattern), ("max", 100)));
        return new($"I read {files.Length} files and search for {Topic.All.Count} kinds of problems.", [.. reads, .. searches]);
    }

    private static Stage Inspect(Conversation conversation, Audit audit)
    {
        HashSet<string> read = [.. audit.Reads.Select(static attempt => attempt.Argument("path")!)];
        // Chosen from findings alone, so that this stage's own reads do not change the choice.
        Finding[] worst = [.. audit.Findings.Where(static finding => !finding.Topic.IsSecret)
            .GroupBy(static finding => finding.Path)
            .OrderByDescending(static file => file.Count()).ThenBy(static file => file.Key, StringComparer.Ordinal)
            .Take(FilesInspected)
            .Select(static file => file.First())
            .Where(finding => !read.Contains(finding.Path))];
        return new(
            $"I look closer at {worst.Length} files with findings.",
            worst.Select(finding => conversation.Call(
                Audit.Read, ("path", finding.Path), ("offset", Math.Max(1, finding.Line - 5)), ("limit", 40))));
    }

    private static Stage Report(Conversation conversation, Audit audit) => new(
        $"I write what the tools found to {audit.ReportPath}.",
        [conversation.Call(Audit.Write, ("path", audit.ReportPath), ("content", AuditReport.Write(audit)))]);

    private static Attempt? Written(Conversation conversation, Audit audit) =>
        conversation.Of(Audit.Write).LastOrDefault(attempt => attempt.Argument("path") == audit.ReportPath);

    private static string Answer(Conversation conversation, Audit audit)
    {
        string summary = AuditReport.Summary(audit);
        return Written(conversation, audit) switch
        {
            { Failed: false } => $"The report is in {audit.ReportPath}. {summary} A script of rules wrote it, not a language model; "
                + "set OPENAI_API_KEY for a real one.",
            null => $"{summary} There is no tool to write a file, so here is the report:\n\n{AuditReport.Write(audit)}",
            { } written => $"{summary} {audit.ReportPath} could not be written ({AuditReport.FirstLine(written.Result)}), so here is the report:\n\n"
                + AuditReport.Write(audit),
        };
    }

    private static string Honestly(Conversation conversation)
    {
        string goal = TextCut.Shorten(conversation.Goal, 300);
        string tools = conversation.Tools.Count == 0 ? "no tools" : "the tools " + string.Join(", ", conversation.Tools);
        return $"I am a script of rules, not a language model, and I know how to audit a folder only. You asked: \"{goal.Trim()}\". "
            + $"A real model would work on it with {tools}; set OPENAI_API_KEY (and OPENAI_BASE_URL), AZURE_OPENAI_ENDPOINT or "
            + "MOONSHOT_API_KEY and run again. For a rehearsal, ask me to audit the workspace, with tools to list, read and search files.";
    }

    [GeneratedRegex(
        @"\b(audit|review|inspect|analy[sz]e|analysis|report|folder|directory|repo|repository|files?|code|codebase|workspace|project|source|todos?|scan|survey|examine)\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex AsksForAudit();

    [GeneratedRegex(
        @"\b(?:write|save|store|put|report|output|summari[sz]e|produce)\b[^.\n]*?\b(?:to|into|as|named|called)\s+(?:the\s+)?(?:a\s+)?(?:file\s+)?[""'`“]?(?<path>[\w.][\w./-]*\.(?:md|markdown|txt))\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex Directive();

    /// <summary>A stage: what it says, and the calls that it wants made.</summary>
    private readonly record struct Stage(string Text, IEnumerable<RehearsalCall> Wanted);
}
