namespace AgentFunctions.Views.Runs;

/// <summary>Says that the index has every run: written once all records were compared with it.</summary>
/// <param name="Lengths">
/// How long each log was then: one that is shorter has lost entries, and an unreadable entry before it is made good for.
/// </param>
internal sealed record RunIndexState(IReadOnlyList<long> Lengths);

/// <summary>Where a snapshot of one log is.</summary>
/// <param name="Position">The first entry that it does not hold.</param>
/// <param name="Parts">Of how many records it is made.</param>
internal sealed record RunIndexHead(long Position, int Parts)
{
    /// <summary>Gets where the last unreadable entry is; -1 for nowhere.</summary>
    public long DamagedAt { get; init; } = -1;
}
