using System.Globalization;
using System.Text;
using AgentFunctions.Records;

namespace AgentFunctions.Views;

/// <summary>Writes events as lines of plain text for terminals and log files.</summary>
public static class JournalLine
{
    private const int TextLimit = 160;

    /// <summary>
    /// Formats an event in one line: the time since the start, the turn, what happened. Control characters are removed.
    /// </summary>
    /// <param name="journalEvent">The event.</param>
    /// <param name="startedAt">When the run was admitted (UTC).</param>
    public static string Format(JournalEvent journalEvent, DateTimeOffset startedAt)
    {
        ArgumentNullException.ThrowIfNull(journalEvent);
        TimeSpan since = journalEvent.At - startedAt;
        string turn = journalEvent.Turn is { } number ? $"turn {number}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{Elapsed(since),8}  {turn,-8}  {Describe(journalEvent)}").TrimEnd();
    }

    /// <summary>Formats a span of time as <c>m:ss</c>, <c>h:mm:ss</c> or <c>d.hh:mm:ss</c>.</summary>
    /// <param name="time">The span.</param>
    public static string Elapsed(TimeSpan time)
    {
        TimeSpan span = time < TimeSpan.Zero ? TimeSpan.Zero : time;
        string format = span.TotalHours < 1 ? @"m\:ss" : span.TotalDays < 1 ? @"h\:mm\:ss" : @"d\.hh\:mm\:ss";
        return span.ToString(format, CultureInfo.InvariantCulture);
    }

    /// <summary>Gets the beginning of a text on one line, without control characters.</summary>
    /// <param name="text">The text.</param>
    /// <param name="limit">The most characters; at least 2.</param>
    public static string OneLine(string? text, int limit = TextLimit)
    {
        var line = new StringBuilder();
        bool isSpace = false;
        foreach (Rune rune in (text ?? "").EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune))
            {
                isSpace = line.Length > 0;
                continue;
            }

            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format)
            {
                continue;
            }

            if (line.Length + rune.Utf16SequenceLength + (isSpace ? 2 : 1) > limit)
            {
                return line.Append('…').ToString();
            }

            _ = isSpace ? line.Append(' ') : line;
            line.Append(rune.ToString());
            isSpace = false;
        }

        return line.ToString();
    }

    private static string Describe(JournalEvent e) => e.Type switch
    {
        JournalEventTypes.RunSubmitted => $"goal: {OneLine(e.Text)}",
        JournalEventTypes.RunNoted => $"note: {OneLine(e.Text)}",
        JournalEventTypes.ModelCompleted =>
            $"{OneLine(e.Model ?? "model")}: {(e.Text is null ? "calls tools" : OneLine(e.Text))}{Cost(e)}",
        JournalEventTypes.ModelLost =>
            $"{OneLine(e.Model ?? "model")}: no answer; the call counts as if it had consumed all that it could{Cost(e)}",
        JournalEventTypes.ModelSwitched => $"  {OneLine(e.Text, 300)}",
        JournalEventTypes.ToolStarted => $"  {OneLine(e.Tool)} {OneLine(e.Text)}",
        JournalEventTypes.ToolCompleted when e.IsError == true => $"  {OneLine(e.Tool)} failed: {OneLine(e.Text)}",
        JournalEventTypes.ToolCompleted => $"  {OneLine(e.Tool)} done{Took(e)}",
        JournalEventTypes.StepRetrying => string.Create(
            CultureInfo.InvariantCulture,
            $"  failed ({e.Attempt}); tried again at {e.Until?.UtcDateTime:HH:mm:ss} UTC: {OneLine(e.Text, 300)}"),
        JournalEventTypes.ApprovalRequested =>
            $"  {OneLine(e.Tool)} waits for a person (approval {OneLine(e.Approval)}) {OneLine(e.Text)}",
        JournalEventTypes.RunCancelRequested => $"cancellation requested {OneLine(e.Text)}",
        JournalEventTypes.QuestionAsked => $"  asks a person (question {OneLine(e.Question)}): {OneLine(e.Text)}",
        JournalEventTypes.QuestionAnswered or JournalEventTypes.QuestionDeclined or JournalEventTypes.QuestionExpired
            or JournalEventTypes.QuestionWithdrawn => $"  question {OneLine(e.Question)}: {OneLine(e.Text)}",
        JournalEventTypes.ApprovalWithdrawn =>
            $"  nothing is to be decided about {OneLine(e.Tool)} any more (approval {OneLine(e.Approval)}): {OneLine(e.Text)}",
        JournalEventTypes.RunEnded => $"{OneLine(e.Code)} {OneLine(e.Text)}",
        _ => $"{OneLine(e.Type)} {OneLine(e.Text)}",
    };

    private static string Cost(JournalEvent e) => e.Usage is { } usage
        ? string.Create(CultureInfo.InvariantCulture, $" [{usage.InputTokens:N0} in, {usage.OutputTokens:N0} out{Took(e)}]")
        : "";

    private static string Took(JournalEvent e) => e.DurationMs switch
    {
        null => "",
        < 1000 => $", {e.DurationMs} ms",
        _ => string.Create(CultureInfo.InvariantCulture, $", {e.DurationMs / 1000.0:F1} s"),
    };
}
