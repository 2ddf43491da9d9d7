using System.ComponentModel.DataAnnotations;
using AgentFunctions.Gateway.Folders;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>The turn to which a run goes back, and what of it.</summary>
/// <remarks>What is true by default has a setter: generated code reads an absent member that is init-only as false.</remarks>
internal sealed record RewindSubmission
{
    /// <summary>The turn: from 0 (before the first) to the run's turns.</summary>
    [Required]
    public int? Turn { get; init; }

    /// <summary>Whether the folder goes back; by default it does.</summary>
    public bool Files { get; set; } = true;

    /// <summary>Whether this run ends and a new one continues from the turn; by default it does.</summary>
    public bool Conversation { get; set; } = true;

    /// <summary>A message to the new run; at most 32,768 characters.</summary>
    public string? Message { get; init; }

    /// <summary>What the new run may spend; by default what is left of the run's budget.</summary>
    public BudgetResource? Budget { get; init; }

    /// <summary>Whether what others have changed in the folder since is overwritten; by default it is kept and named.</summary>
    public bool Overwrite { get; init; }

    public RewindRequest ToRequest() => new(
        Turn ?? throw new AgentException(
            ErrorCode.InvalidInput, "turn: send the turn to go back to; 0 is the state before the first turn."))
    {
        Files = Files,
        Conversation = Conversation,
        Message = Message,
        Budget = Budget?.ToBudget(),
        Overwrite = Overwrite,
    };
}
