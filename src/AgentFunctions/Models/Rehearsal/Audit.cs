namespace AgentFunctions.Models.Rehearsal;

/// <summary>All that the tools told about a workspace so far.</summary>
internal sealed class Audit
{
    public const string List = "list_files";
    public const string Read = "read_file";
    public const string Search = "search_files";
    public const string Write = "write_file";

    public Audit(Conversation conversation, string reportPath)
    {
        ReportPath = reportPath;
        Listing = Listing.Parse(conversation.Of(List).Where(static attempt => !attempt.Failed)
            .Select(static attempt => attempt.Result), reportPath);
        Searched = [.. Topic.All.Where(topic => Succeeded(conversation, topic).Any())];
        Findings =
        [
            .. Topic.All.SelectMany(topic => Succeeded(conversation, topic)
                .SelectMany(attempt => Finding.Parse(topic, attempt.Result, reportPath)))
                .DistinctBy(static finding => (finding.Topic, finding.Path, finding.Line)),
        ];
        Reads = [.. conversation.Of(Read).Where(static attempt => !attempt.Failed && attempt.Argument("path") is not null)];
        Failures = [.. conversation.Attempts.Where(static attempt => attempt.Failed)];
    }

    public string ReportPath { get; }

    public Listing Listing { get; }

    /// <summary>Gets what was searched for with success, found or not.</summary>
    public IReadOnlyList<Topic> Searched { get; }

    public IReadOnlyList<Finding> Findings { get; }

    public IReadOnlyList<Attempt> Reads { get; }

    public IReadOnlyList<Attempt> Failures { get; }

    public bool KnowsAnything => Listing.Files.Count + Searched.Count + Reads.Count > 0;

    private static IEnumerable<Attempt> Succeeded(Conversation conversation, Topic topic) =>
        conversation.Of(Search).Where(attempt => !attempt.Failed && attempt.Argument("pattern") == topic.Pattern);
}
