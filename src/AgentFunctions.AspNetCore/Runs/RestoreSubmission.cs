using System.ComponentModel.DataAnnotations;
using AgentFunctions.Gateway.Folders;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>The turn to which the folder of a run goes back, and how.</summary>
internal sealed record RestoreSubmission
{
    /// <summary>The turn whose end state is restored: from 0 (before the first) to the run's turns.</summary>
    [Required]
    public int? Turn { get; init; }

    /// <summary>The files and folders to restore; by default all.</summary>
    public IReadOnlyList<string>? Paths { get; init; }

    /// <summary>Whether to report what would be restored, and change nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>Whether what others have changed since is overwritten; by default it is kept and named.</summary>
    public bool Overwrite { get; init; }

    /// <summary>
    /// What becomes of paths that others have changed since, by path (<c>*</c> for all that are not named): <c>keep</c>,
    /// <c>restore</c>, or <c>merge</c>, which takes the run's own lines out of a text if others have not touched them.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Resolve { get; init; }

    /// <summary>
    /// Whether people are asked about the conflicts that are left: a question of the run, whose answer is carried out.
    /// </summary>
    public bool Ask { get; init; }

    public RestoreRequest ToRequest() => new(
        Turn ?? throw new AgentException(
            ErrorCode.InvalidInput, "turn: send the turn to go back to; 0 is the state before the first turn."))
    {
        Paths = Paths,
        DryRun = DryRun,
        Overwrite = Overwrite,
        Resolve = Resolve?.ToDictionary(
            static one => one.Key, static one => ChoiceOf(one.Key, one.Value), StringComparer.Ordinal),
        Ask = Ask,
    };

    private static ConflictChoice ChoiceOf(string path, string? word) => word switch
    {
        "keep" => ConflictChoice.Keep,
        "restore" => ConflictChoice.Restore,
        "merge" => ConflictChoice.Merge,
        _ => throw new AgentException(
            ErrorCode.InvalidInput, $"resolve: '{word}' is not a choice for '{path}'. Use keep, restore or merge."),
    };
}
