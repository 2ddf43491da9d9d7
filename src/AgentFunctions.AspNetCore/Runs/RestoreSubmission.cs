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

    public RestoreRequest ToRequest() => new(
        Turn ?? throw new AgentException(ErrorCode.InvalidInput, "turn: send the turn to go back to; 0 is the state before the first turn."))
    {
        Paths = Paths,
        DryRun = DryRun,
        Overwrite = Overwrite,
    };
}
