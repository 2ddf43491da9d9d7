namespace AgentFunctions.Monitors;

/// <summary>Represents the notes that a monitor's agents wrote for later runs.</summary>
public sealed record MonitorNotes
{
    /// <summary>The most characters of one note.</summary>
    internal const int MaxLength = 500;

    /// <summary>Gets the notes and open questions, oldest first.</summary>
    public IReadOnlyList<MonitorNote> Items { get; init; } = [];

    /// <summary>The notes with one more; the oldest note that is no question goes where there are too many.</summary>
    internal MonitorNotes With(MonitorNote note, int most)
    {
        List<MonitorNote> items = [.. Items.Where(item => item.Id != note.Id), note];
        while (items.Count > most)
        {
            int oldest = items.FindIndex(item => !item.IsQuestion);
            items.RemoveAt(Math.Max(0, oldest));
        }

        return new MonitorNotes { Items = items };
    }
}

/// <summary>Represents a note.</summary>
/// <param name="Id">Its id, to close it by.</param>
/// <param name="At">When it was written (UTC).</param>
/// <param name="Run">The run that wrote it.</param>
/// <param name="Text">The words; at most 500 characters.</param>
/// <param name="IsQuestion">Whether it is a question that nobody has answered yet.</param>
public sealed record MonitorNote(string Id, DateTimeOffset At, string Run, string Text, bool IsQuestion = false);
