using System.Text.Json.Serialization;

namespace AgentFunctions.Snapshots;

/// <summary>Specifies what an entry of a folder's log tells.</summary>
internal enum SnapshotKind
{
    /// <summary>A call changed something.</summary>
    Call,

    /// <summary>
    /// A call is about to write: what stands there before it does. Holds for nothing once the call has an entry of its own.
    /// </summary>
    Begun,

    /// <summary>What stood in the folder when it was gone through for the first time: nobody knows since when.</summary>
    Base,

    /// <summary>What was found changed, by nobody who could be told.</summary>
    Found,

    /// <summary>A person brought an earlier state back.</summary>
    Restored,
}

/// <summary>An entry of the log of a folder. Members are only added.</summary>
/// <param name="Kind">What it tells.</param>
/// <param name="At">When (UTC).</param>
internal sealed record SnapshotEntry(SnapshotKind Kind, DateTimeOffset At)
{
    /// <summary>Gets the run of the call, or the run that was restored.</summary>
    public string? Run { get; init; }

    /// <summary>Gets the turn of the call.</summary>
    public int? Turn { get; init; }

    /// <summary>Gets the call within its turn.</summary>
    public int? Call { get; init; }

    /// <summary>Gets what became of the paths.</summary>
    public IReadOnlyList<FolderChange> Changes { get; init; } = [];

    /// <summary>Gets what was not kept.</summary>
    public IReadOnlyList<SkippedPath>? Skipped { get; init; }

    /// <summary>Gets the number of the entry that it belongs behind, if it was written late, after a crash.</summary>
    public long? Follows { get; init; }

    /// <summary>
    /// Gets whether it is of a call that a crash cut off and whose outcome is not known, or of a command that it cut off: others
    /// may have made the changes since.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsTakenUp { get; init; }

    /// <summary>Gets its number in the log.</summary>
    [JsonIgnore]
    public long Seq { get; init; }

    /// <summary>Gets the call, <c>run/turn/call</c>; <see langword="null"/> if it is none's.</summary>
    [JsonIgnore]
    public string? CallKey => Kind is SnapshotKind.Call or SnapshotKind.Begun ? $"{Run}/{Turn}/{Call}" : null;
}
