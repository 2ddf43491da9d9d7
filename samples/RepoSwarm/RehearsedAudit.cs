using System.Globalization;
using System.Text.RegularExpressions;
using AgentFunctions.Samples;
using Microsoft.Extensions.AI;

namespace AgentFunctions.RepoSwarm;

/// <summary>A script for the lead and one for its sub-agents, by what the tools return.</summary>
internal sealed class RehearsedAudit : RehearsedModel
{
    private const string Report = ".agentfunctions/swarm-report.md";
    private const int PageLength = 10;
    private const string Template = "Audit the files {item} of this workspace.";

    protected override ChatResponse Next(string[] results, IReadOnlyList<ChatMessage> messages, ChatOptions? options) =>
        options?.Tools?.Any(static tool => tool.Name == "spawn") == true
            ? Lead(results)
            : Auditor(messages.First(static message => message.Role == ChatRole.User).Text, results);

    private static ChatResponse Lead(string[] results) => results switch
    {
        [] => Call("I look at the tree.", "list_parts", 1),
        [var listing] when Parts(listing) is { Length: > 0 } parts =>
            Call($"I give {parts.Length} parts to as many sub-agents.", "spawn", 2, ("items", parts), ("template", Template),
                ("agent", "auditor")),
        [var listing] => Write($"There is nothing to audit.\n{Unreadable(listing)}", 2),
        [var listing, _] when Parts(listing).Length == 0 => Say($"There is nothing to audit; {Report} says so."),
        [_, _] => Call("I wait for them.", "wait", 3),
        [var listing, _, var overview, .. var pages] => Collect(pages) switch
        {
            { Next: { } next } => Call(
                pages.Length == 0 ? $"All have ended: {overview.Split('\n')[0]} I read what they found." : "I read on.",
                "results", 4 + pages.Length, ("offset", next.Offset), ("limit", next.Limit)),
            { IsWritten: false } read => Write($"{AuditReport.Of(read.Pages)}{Unreadable(listing)}", 4 + pages.Length),
            _ => Say($"The report is in {Report}. Set OPENAI_API_KEY for a real model. {overview.Split('\n')[0]}"),
        },
    };

    /// <summary>
    /// Goes through the pages of answers: one on which something was cut is asked for again with fewer answers.
    /// </summary>
    private static (IReadOnlyList<string> Pages, (int Offset, int Limit)? Next, bool IsWritten) Collect(string[] results)
    {
        List<string> pages = [];
        (int Offset, int Limit)? next = (0, PageLength);
        foreach (string result in results)
        {
            if (next is not { } asked)
            {
                return (pages, null, true);
            }

            if (result.Contains("[cut: ask for fewer at once]", StringComparison.Ordinal) && asked.Limit > 1)
            {
                next = (asked.Offset, asked.Limit / 2);
                continue;
            }

            pages.Add(result);
            next = Regex.Match(result, @" Go on with offset (\d+)\.\]\z") is { Success: true } more
                ? (int.Parse(more.Groups[1].Value, CultureInfo.InvariantCulture), PageLength)
                : null;
        }

        return (pages, next, false);
    }

    private static ChatResponse Auditor(string goal, string[] results)
    {
        string part = goal.Split("the files ", 2)[1].Split(" of this workspace")[0];
        return results switch
        {
            [] => Call($"I search {part} for unfinished work.", "search_files", 1, ("pattern", @"\b(TODO|FIXME|HACK|XXX)\b"),
                ("glob", part), ("max", 20)),
            [_] => Call($"I search {part} for likely secrets.", "search_files", 2,
                ("pattern", "(?i)(password|secret|api_?key)\\s*[:=]\\s*[\"'][^\"']{8,}"), ("glob", part), ("max", 20)),
            [var todos, var secrets, ..] => Say($"{part}\n{AuditReport.Unfinished}\n{todos}\n{AuditReport.Secrets}\n{secrets}"),
        };
    }

    /// <summary>The patterns that the tool lists, each with a number behind it.</summary>
    private static string[] Parts(string listing) =>
        [.. listing.Split('\n').Select(static line => Regex.Match(line, @"\A(.+)  \d+\z")).Where(static line => line.Success)
            .Select(static line => line.Groups[1].Value)];

    private static string Unreadable(string listing) => string.Concat(
        listing.Split('\n').Where(static line => line.EndsWith($"  {PartsTool.Unreadable}", StringComparison.Ordinal))
            .Select(static line => $"\nNot audited: {line}\n"));

    private static ChatResponse Write(string report, int number) => Call(
        "I write the report.", "write_file", number, ("path", Report),
        ("content", $"# Audit\n\nBy a script, not a language model.\n\n{report}"));
}
