using System.Text;
using AgentFunctions.Core.Text;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Records;

/// <summary>Messages as plain text, for a model that reads them as data and for people who search them.</summary>
internal static class Conversation
{
    /// <summary>How much of one content is repeated, in characters: from generous to scarce.</summary>
    private static readonly int[] Limits = [4_000, 1_500, 500, 150];

    /// <summary>
    /// The messages within a size: each is shortened as far as the size asks for, and then the oldest are left out, but for the
    /// summary that they begin with.
    /// </summary>
    /// <param name="entries">The messages.</param>
    /// <param name="maxBytes">The most bytes (UTF-8).</param>
    public static string Render(IReadOnlyList<TranscriptEntry> entries, int maxBytes)
    {
        List<Row> rows = [];
        foreach (int limit in Limits)
        {
            rows = [.. entries.SelectMany(entry => Rows(entry, limit)).Select(Indented)];
            if (rows.Sum(static row => row.Bytes) <= maxBytes)
            {
                return Join(rows);
            }
        }

        // Nothing else tells of what a summary sums up, so it stays, though it is the oldest.
        List<Row> kept = [];
        int oldest = entries[0].SummaryKeepsFrom is null ? 0 : 1;
        if (oldest > 0)
        {
            kept.Add(rows[0] with { Text = Preview.OfBytes(rows[0].Text!, maxBytes / 2) });
        }

        var gap = new Row("(older messages are left out)");
        long bytes = gap.Bytes + kept.Sum(static row => row.Bytes);
        int first = rows.Count;
        while (first > oldest && (bytes += rows[first - 1].Bytes) <= maxBytes)
        {
            first--;
        }

        if (first > oldest)
        {
            kept.Add(gap);
        }

        return Join([.. kept, .. rows.Skip(first)]);
    }

    /// <summary>A message as lines of text.</summary>
    /// <param name="entry">The message.</param>
    /// <param name="limit">How much of one content is repeated, in characters.</param>
    public static IEnumerable<string> Lines(TranscriptEntry entry, int limit) =>
        Rows(entry, limit).Select(static row => row.ToString());

    private static IEnumerable<Row> Rows(TranscriptEntry entry, int limit) =>
        // What follows the words of a summary is pinned: the next summary carries it anyway.
        entry.SummaryKeepsFrom is not null
            ? [new Row("<summary>", entry.Message.Contents.OfType<TextContent>().FirstOrDefault()?.Text ?? "")]
            : entry.Message.Contents.Select(content => RowOf(entry, content, limit)).OfType<Row>();

    /// <summary>A conversation is long: its text is put together once, from what is there already.</summary>
    private static string Join(List<Row> rows) => rows.Count == 0 ? "" : string.Create(
        rows.Sum(static row => row.Length + 1) - 1, rows, static (text, rows) =>
        {
            int at = 0;
            foreach (Row row in rows)
            {
                at += row.CopyTo(text[at..]);
                if (at < text.Length)
                {
                    text[at++] = '\n';
                }
            }
        });

    private static string SpeakerOf(TranscriptEntry entry) => entry.Source switch
    {
        TranscriptOrigin.Host => "host",
        TranscriptOrigin.Goal => "goal",
        TranscriptOrigin.Person when entry.Message.Role == ChatRole.User => "person",
        TranscriptOrigin.Result => "result",
        _ => "assistant",
    };

    /// <summary>Only a line's own first row says who speaks: what stands in a message cannot pass for another.</summary>
    private static Row Indented(Row row) => new(Indented(row.Mark), row.Text is null ? null : Indented(row.Text));

    private static string Indented(string text) => text.Replace("\n", "\n  ", StringComparison.Ordinal);

    private static Row? RowOf(TranscriptEntry entry, AIContent content, int limit) => content switch
    {
        TextContent said => new Row($"<{SpeakerOf(entry)}>", Preview.Of(said.Text, limit) ?? ""),
        FunctionCallContent call => new Row($"<call {call.Name}>", Preview.Of(ModelConventions.ArgumentsText(call), limit) ?? ""),
        FunctionResultContent result => new Row("<result>", Preview.Of(result.Result?.ToString(), limit) ?? ""),
        _ => null,
    };

    /// <summary>A line: what it is, a space, and its text; no more than that if it has none.</summary>
    private readonly record struct Row(string Mark, string? Text = null)
    {
        public int Length => Mark.Length + (Text is null ? 0 : 1 + Text.Length);

        /// <summary>Gets its size with the line break, in bytes (UTF-8).</summary>
        public long Bytes => Encoding.UTF8.GetByteCount(Mark) + (Text is null ? 0 : 1L + Encoding.UTF8.GetByteCount(Text)) + 1;

        public override string ToString() => Text is null ? Mark : $"{Mark} {Text}";

        public int CopyTo(Span<char> line)
        {
            Mark.CopyTo(line);
            if (Text is not null)
            {
                line[Mark.Length] = ' ';
                Text.CopyTo(line[(Mark.Length + 1)..]);
            }

            return Length;
        }
    }
}
