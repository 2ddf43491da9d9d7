namespace AgentFunctions.Runs;

/// <summary>What is left of a run tree that was erased: that it was, by whom and why. Evolved only by addition.</summary>
/// <param name="Run">The root of the tree.</param>
/// <param name="Requester">Who had asked for the run.</param>
/// <param name="By">Who erased it.</param>
/// <param name="At">When that began (UTC).</param>
/// <param name="Reason">The reason.</param>
internal sealed record ErasedRun(string Run, string Requester, string By, DateTimeOffset At, string Reason)
{
    /// <summary>Gets when nothing was left (UTC); <see langword="null"/> while it is under way.</summary>
    public DateTimeOffset? DoneAt { get; init; }

    /// <summary>Gets whether the audit log says that it began.</summary>
    public bool IsAudited { get; init; }

    /// <summary>Gets the folder that it worked in, if that is left because forks of it work there.</summary>
    public string? SharedWorkspace { get; init; }

    /// <summary>Gets the folder of the run, if it could not be deleted yet.</summary>
    public string? LeftWorkspace { get; init; }
}
