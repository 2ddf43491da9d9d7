using System.ComponentModel;
using System.Globalization;
using System.Text;
using AgentFunctions.Core.Text;
using AgentFunctions.Records;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tools.Memory;

/// <summary>
/// The tool by which an agent gets back what its context no longer shows: all its messages, and results that were cut.
/// </summary>
internal static class RecallTool
{
    private const int PageLength = 8_000;
    private const int MaxHits = 20;
    private const int Around = 200;
    private const int MaxContent = 4_000;

    public static AgentTool Create() => AgentTool.Create(
        "recall",
        "Gets back what you no longer see. With 'artifact': a page of a kept result or file. With 'query': where a text occurs in all "
        + "messages of this run, however old. With 'turn': the messages of that turn. Go on with 'offset' as the answer says.",
        ToolEffect.None,
        RecallAsync).WithReach(ToolReach.Runtime);

    private static async Task<string> RecallAsync(
        ToolContext context,
        [Description("The name of an artifact.")] string? artifact = null,
        [Description("A text to search for; letter case does not count.")] string? query = null,
        [Description("The number of a turn.")] int? turn = null,
        [Description("Where to go on: characters of the artifact, or occurrences of the text; 0 by default.")] int offset = 0,
        CancellationToken cancellationToken = default)
    {
        if (offset < 0)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid, "offset: use 0 or above.");
        }

        Transcript transcript = context.Services.GetRequiredService<Transcript>();
        return (artifact, query, turn) switch
        {
            (not null, null, null) => await PageAsync(context, artifact, offset, cancellationToken).ConfigureAwait(false),
            (null, { Length: > 0 }, null) =>
                await SearchAsync(transcript, context.RunId, query, offset, cancellationToken).ConfigureAwait(false),
            (null, null, not null) =>
                await TurnAsync(transcript, context.RunId, turn.Value, cancellationToken).ConfigureAwait(false),
            _ => throw new AgentException(ErrorCode.ToolArgumentsInvalid, "give exactly one of artifact, query and turn."),
        };
    }

    private static async Task<string> PageAsync(ToolContext context, string name, int offset, CancellationToken cancellationToken)
    {
        if (await context.Artifacts.GetAsync(context.RunId, name, cancellationToken)
            .ConfigureAwait(false) is not var (_, content))
        {
            IEnumerable<string> names = (await context.Artifacts.ListAsync(context.RunId, cancellationToken)
                .ConfigureAwait(false)).Select(static file => file.Name);
            throw new AgentException(ErrorCode.ToolArgumentsInvalid,
                $"artifact: there is no '{name}'; there are: {string.Join(", ", names.Take(100))}.");
        }

        string text = Encoding.UTF8.GetString(content.Span);
        int start = TextCut.At(text, offset);
        int end = TextCut.At(text, start + PageLength);
        string next = end < text.Length ? $"; go on with offset {end}" : "; this is the end";
        return string.Create(CultureInfo.InvariantCulture,
            $"{text.AsSpan(start, end - start)}\n[characters {start} to {end} of {text.Length}{next}]");
    }

    private static async Task<string> SearchAsync(
        Transcript transcript, string runId, string query, int offset, CancellationToken cancellationToken)
    {
        var found = new StringBuilder();
        int hits = 0;
        await foreach (TranscriptEntry entry in transcript.ReadAsync(runId, 0, null, cancellationToken).ConfigureAwait(false))
        {
            foreach (string line in entry.SummaryKeepsFrom is null ? Conversation.Lines(entry, int.MaxValue) : [])
            {
                for (int at = line.IndexOf(query, StringComparison.OrdinalIgnoreCase); at >= 0;
                    at = line.IndexOf(query, at + query.Length, StringComparison.OrdinalIgnoreCase))
                {
                    hits++;
                    if (hits > offset && hits <= offset + MaxHits)
                    {
                        found.Append(CultureInfo.InvariantCulture, $"turn {entry.Turn}: {Excerpt(line, at, query.Length)}\n");
                    }
                }
            }
        }

        string next = hits > offset + MaxHits ? $"; go on with offset {offset + MaxHits}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{found}[{hits} occurrences{next}]");
    }

    private static async Task<string> TurnAsync(Transcript transcript, string runId, int turn,
        CancellationToken cancellationToken)
    {
        List<string> lines = [];
        await foreach (TranscriptEntry entry in transcript.ReadAsync(runId, 0, null, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Turn == turn && entry.SummaryKeepsFrom is null)
            {
                lines.AddRange(Conversation.Lines(entry, MaxContent));
            }
            else if (entry.Turn > turn)
            {
                break;
            }
        }

        return lines.Count == 0 ? $"There is no turn {turn}." : string.Join('\n', lines);
    }

    private static string Excerpt(string line, int at, int length)
    {
        int start = TextCut.At(line, at - Around);
        int end = TextCut.At(line, at + length + Around);
        return $"{(start > 0 ? "…" : "")}{line[start..end].ReplaceLineEndings(" ")}{(end < line.Length ? "…" : "")}";
    }
}
