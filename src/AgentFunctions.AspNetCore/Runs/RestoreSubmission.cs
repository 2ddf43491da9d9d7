using System.ComponentModel.DataAnnotations;
using AgentFunctions.Gateway.Folders;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>To which turn the folder of a run goes back, and how.</summary>
internal sealed record RestoreSubmission
{
    /// <summary>The turn at whose end the folder was as it shall be: from 0 (before the first) to the run's turns.</summary>
    [Required]
    public int? Turn { get; init; }

    /// <summary>The files and folders to bring back; by default all.</summary>
    public IReadOnlyList<string>? Paths { get; init; }

    /// <summary>Whether it is only said what would be done.</summary>
    public bool DryRun { get; init; }

    /// <summary>Whether what others have changed since is overwritten; by default it is kept and named.</summary>
    public bool Overwrite { get; init; }

    public RestoreRequest ToRequest() => new(Turn ?? throw new AgentException(ErrorCode.InvalidInput, "turn: name the turn to go back to; 0 is the time before the first."))
    {
        Paths = Paths,
        DryRun = DryRun,
        Overwrite = Overwrite,
    };
}
