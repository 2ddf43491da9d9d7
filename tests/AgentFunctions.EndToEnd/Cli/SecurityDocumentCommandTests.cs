using System.Text.RegularExpressions;

namespace AgentFunctions.EndToEnd.Cli;

/// <summary>The commands of docs/security.md are commands of the program, with these options.</summary>
[CancelAfter(300_000)]
internal sealed partial class SecurityDocumentCommandTests
{
    private static readonly string[] Verbs = ["approvals", "approve", "deny", "reviews", "audit", "kill", "engine"];

    /// <summary>What the text names without its arguments.</summary>
    private static readonly string[] Mentions = ["audit verify"];

    private static IEnumerable<string> Commands => Spans().Matches(Repository.Text("docs/security.md"))
        .Select(static match => match.Groups[1].Value)
        .Select(static span => span.StartsWith("agentfunctions ", StringComparison.Ordinal)
            ? span["agentfunctions ".Length..]
            : span)
        .Where(static span => Verbs.Contains(span.Split(' ')[0]) && span.Contains(' ') && !Mentions.Contains(span))
        .SelectMany(Alternatives).Distinct();

    [Test]
    public void Commands_AreFound() => Assert.That(Commands.Count(), Is.GreaterThan(12));

    [TestCaseSource(nameof(Commands))]
    public async Task Command_OfTheDocument_IsUnderstood(string command)
    {
        using var folder = new TemporaryFolder();
        string[] arguments = [.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static word => word switch
        {
            "…" => "x",
            "NAME" => "n",
            "ID…" or "ID" or "RUN" or "HASH" => "0000",
            _ => word,
        })];

        (int exitCode, _, string errors) = await ProgramProcess.RunAsync(null, folder.Path, arguments);

        // There is no server and no file: it fails, but not because nobody knows it.
        Assert.That(errors, Does.Not.Contain("Unrecognized").And.Not.Contain("Required").And.Not.Contain("--help says more"),
            $"{exitCode}");
    }

    /// <summary>Writes out what stands in brackets, and what is separated by bars.</summary>
    private static IEnumerable<string> Alternatives(string span)
    {
        span = span.Split('>')[0].Trim();
        string[] whole = [Optional().Replace(span, ""), Optional().Replace(span, " $1 ")];
        return whole.SelectMany(static one => one.Contains(" | ", StringComparison.Ordinal)
                ? one.Split(" | ").Index()
                    .Select(part => part.Index == 0 ? part.Item : $"{string.Join(' ', one.Split(' ').Take(2))} {part.Item}")
                : [one])
            .SelectMany(static one => one.Split(' ').FirstOrDefault(static word => word.Contains('|')) is { } choice
                ? choice.Split('|').Select(word => one.Replace(choice, word == "all" ? "all" : $"{word} n",
                    StringComparison.Ordinal).Replace(" NAME", "", StringComparison.Ordinal))
                : [one])
            .Select(static one => one.Trim());
    }

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Spans();

    [GeneratedRegex(@"\s*\[([^\]]*)\]")]
    private static partial Regex Optional();
}
