using AgentFunctions.Runs;
using AgentFunctions.Runs.Index;

namespace AgentFunctions.Views.Runs;

/// <summary>What the entries of one run add up to.</summary>
/// <param name="Id">The run.</param>
internal sealed record RunIndexRow(string Id)
{
    /// <summary>
    /// How long the end that a step told may be taken back by news that came meanwhile. Whatever the run does then, it has told
    /// of it by this time.
    /// </summary>
    private static readonly TimeSpan s_newsTime = TimeSpan.FromMinutes(15);

    /// <summary>Gets what it was started with; <see langword="null"/> if only its record says that.</summary>
    public IndexedRun? Run { get; init; }

    /// <summary>Gets the position of its last sign of life.</summary>
    public long LiveAt { get; init; } = -1;

    /// <summary>Gets the sign of life after which it was told to end; -1 if it was not.</summary>
    public long ToldAt { get; init; } = -1;

    /// <summary>Gets the last turn that was over when it was taken up again.</summary>
    public int? ResumedFrom { get; init; }

    /// <summary>Gets how it ended; <see langword="null"/> if it may be alive.</summary>
    public IndexedEnd? End { get; init; }

    /// <summary>Gets whether a reader saw that it has ended.</summary>
    public bool IsConfirmed { get; init; }

    /// <summary>Gets whether what was said and done in it is erased.</summary>
    public bool IsEmptied { get; init; }

    /// <summary>Gets the turn at work.</summary>
    public int? Turn { get; init; }

    /// <summary>Gets what is being done.</summary>
    public string? Now { get; init; }

    /// <summary>Takes in an entry.</summary>
    /// <param name="row">What was known; <see langword="null"/> for nothing.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="position">Its position in its log.</param>
    public static RunIndexRow Apply(RunIndexRow? row, RunIndexEntry entry, long position)
    {
        row ??= new RunIndexRow(entry.Id);
        RunIndexRow alive = row with { LiveAt = position, End = null, IsConfirmed = false };
        return entry.Kind switch
        {
            RunIndexEntry.Admitted => alive with { Run = entry.Run ?? row.Run, ResumedFrom = null },
            RunIndexEntry.Resumed => alive with { ResumedFrom = entry.Turn },
            RunIndexEntry.Moved => alive with { Turn = entry.Turn ?? row.Turn, Now = entry.Now },

            // One that is told again after the run was taken up is the end before.
            RunIndexEntry.Ended when entry.End is { } end && !(end.Turns <= row.ResumedFrom) =>
                row with { End = end, IsConfirmed = false, Now = null },
            RunIndexEntry.Confirmed when entry.End is { } end && entry.Seen >= row.LiveAt =>
                row with { End = end, IsConfirmed = true, Now = null },
            RunIndexEntry.Told => row with { ToldAt = Math.Max(row.ToldAt, entry.Seen ?? -1) },
            RunIndexEntry.Emptied => row with { IsEmptied = true },
            _ => row,
        };
    }

    /// <summary>Gets the position that counts as its last sign of life, also if none is known.</summary>
    public long SignOfLife => Math.Max(LiveAt, 0);

    /// <summary>Gets a number that grows with each change.</summary>
    public long Revision => SignOfLife + (End is null ? 0 : 1);

    /// <summary>Determines whether the run may be alive and has not been told to end since it last gave a sign of life.</summary>
    public bool IsToBeTold(DateTimeOffset now) => !HasEnded(now) && ToldAt < SignOfLife;

    /// <summary>
    /// Determines whether the run has ended beyond doubt. A look at the orchestration decides about all others.
    /// </summary>
    public bool HasEnded(DateTimeOffset now) => End is { } end && (IsConfirmed || now.UtcTicks - end.At > s_newsTime.Ticks);

    /// <summary>Determines whether the run may match a filter.</summary>
    public bool MayMatch(RunFilter filter, DateTimeOffset now) =>
        (filter.Status is null || !HasEnded(now) || End!.Status == filter.Status)
        && (!TellsAll || filter.Matches(Run!.ToRecord(Id)));

    /// <summary>Gets whether what filters look at is in the index. A masked value is not the value.</summary>
    public bool TellsAll =>
        Run is { } run && !run.Requester.Contains('[') && run.Labels?.Values.Any(static value => value.Contains('[')) != true;
}
