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
    /// The messages within a size: each is shortened as far as the size asks for, and then the oldest are left out.
    /// </summary>
    /// <param name="entries">The messages.</param>
    /// <param name="maxBytes">The most bytes (UTF-8).</param>
    public static string Render(IReadOnlyList<TranscriptEntry> entries, int maxBytes)
    {
        List<string> lines = [];
        foreach (int limit in Limits)
        {
            lines = [.. entries.SelectMany(entry => Lines(entry, limit)).Select(Indented)];
            if (lines.Sum(static line => (long)Encoding.UTF8.GetByteCount(line) + 1) <= maxBytes)
            {
                return string.Join('\n', lines);
            }
        }

        const string Gap = "(older messages are left out)";
        long bytes = Gap.Length + 1;
        int first = lines.Count;
        while (first > 0 && (bytes += Encoding.UTF8.GetByteCount(lines[first - 1]) + 1) <= maxBytes)
        {
            first--;
        }

        return string.Join('\n', lines.Skip(first).Prepend(Gap));
    }

    /// <summary>A message as lines of text.</summary>
    /// <param name="entry">The message.</param>
    /// <param name="limit">How much of one content is repeated, in characters.</param>
    public static IEnumerable<string> Lines(TranscriptEntry entry, int limit) =>
        // What follows the words of a summary is pinned: the next summary carries it anyway.
        entry.SummaryKeepsFrom is not null
            ? [$"<summary> {entry.Message.Contents.OfType<TextContent>().FirstOrDefault()?.Text}"]
            : entry.Message.Contents.Select(content => Line(entry, content, limit)).OfType<string>();

    private static string SpeakerOf(TranscriptEntry entry) => entry.Source switch
    {
        TranscriptOrigin.Host => "host",
        TranscriptOrigin.Goal => "goal",
        TranscriptOrigin.Person when entry.Message.Role == ChatRole.User => "person",
        TranscriptOrigin.Result => "result",
        _ => "assistant",
    };

    /// <summary>Only a line's own first row says who speaks: what stands in a message cannot pass for another.</summary>
    private static string Indented(string line) => line.Contains('\n', StringComparison.Ordinal)
        ? line.Replace("\n", "\n  ", StringComparison.Ordinal)
        : line;

    private static string? Line(TranscriptEntry entry, AIContent content, int limit) => content switch
    {
        TextContent said => $"<{SpeakerOf(entry)}> {Preview.Of(said.Text, limit)}",
        FunctionCallContent call => $"<call {call.Name}> {Preview.Of(ModelConventions.ArgumentsText(call), limit)}",
        FunctionResultContent result => $"<result> {Preview.Of(result.Result?.ToString(), limit)}",
        _ => null,
    };
}
