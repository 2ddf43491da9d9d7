using System.ComponentModel.DataAnnotations;
using AgentFunctions.Gateway;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>Why a run is to end.</summary>
internal sealed record CancelSubmission
{
    /// <summary>The reason, for the run's journal; at most 1,000 characters.</summary>
    public string? Reason { get; init; }
}

/// <summary>What is said to a run.</summary>
internal sealed record MessageSubmission
{
    /// <summary>The words; at most 32,768 characters.</summary>
    [Required]
    public string Text { get; init; } = null!;
}

/// <summary>From where and how a new run is to go on.</summary>
internal sealed record ForkSubmission
{
    /// <summary>The last turn to keep: from 0 (the goal alone) to the run's turns; all of them by default.</summary>
    public int? Turn { get; init; }

    /// <summary>What the model is told in place of the agent's instructions; at most 128 KiB. By default the same.</summary>
    public string? Instructions { get; init; }

    /// <summary>The model's name; by default the same.</summary>
    public string? Model { get; init; }

    /// <summary>The names of exactly the tools that the new run gets; by default the same.</summary>
    public IReadOnlyList<string>? Tools { get; init; }

    /// <summary>What is said to the new run at once; at most 32,768 characters.</summary>
    public string? Message { get; init; }

    /// <summary>What the new run may spend; by default what is left of the run's budget.</summary>
    public BudgetResource? Budget { get; init; }

    /// <summary>
    /// The folder of the new run: <c>restore</c> for one of its own, as the run's was at the end of the turn, <c>share</c> for
    /// the same. By default one of its own if runs have such.
    /// </summary>
    public string? Workspace { get; init; }

    public ForkRequest ToRequest() => new()
    {
        Turn = Turn,
        Instructions = Instructions,
        Model = Model,
        Tools = Tools,
        Message = Message,
        Budget = Budget?.ToBudget(),
        Workspace = Workspace switch
        {
            null => null,
            "restore" => ForkFolder.Restore,
            "share" => ForkFolder.Share,
            _ => throw new AgentException(ErrorCode.InvalidInput,
                $"workspace: '{Workspace}' is not known; use restore or share."),
        },
    };
}
