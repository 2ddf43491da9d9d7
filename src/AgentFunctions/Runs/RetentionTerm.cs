namespace AgentFunctions.Runs;

/// <summary>
/// Represents how long a run is kept after its end, as a rule said when it was admitted. Evolved only by addition.
/// </summary>
/// <param name="Rule">The rule.</param>
public sealed record RetentionTerm(string Rule)
{
    /// <summary>Gets the final status that it holds for; <see langword="null"/> for any.</summary>
    public RunStatus? Status { get; init; }

    /// <summary>
    /// Gets how long messages, arguments, results and files are kept; <see langword="null"/> for as long as the run.
    /// </summary>
    public TimeSpan? Content { get; init; }

    /// <summary>Gets how long the run is kept; <see langword="null"/> for ever.</summary>
    public TimeSpan? All { get; init; }
}
