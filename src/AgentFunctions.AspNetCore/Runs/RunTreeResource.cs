using System.Text.Json.Serialization;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Budgets;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>A run in its tree.</summary>
internal sealed record RunTreeResource
{
    private const int GoalLength = 300;

    /// <summary>The id.</summary>
    public required string Id { get; init; }

    /// <summary>The agent's name.</summary>
    public required string Agent { get; init; }

    /// <summary>What the run that asked for it calls it; null for the agent's name.</summary>
    public required string? Name { get; init; }

    /// <summary>The beginning of what is to be reached, on one line.</summary>
    public required string Goal { get; init; }

    /// <summary>Where it stands; <c>queued</c> while it waits for its turn.</summary>
    [JsonConverter(typeof(CamelCaseEnumConverter<RunStatus>))]
    public required RunStatus Status { get; init; }

    /// <summary>What it waits for, while its status is <c>waiting</c>; <c>subAgents</c> for those below it.</summary>
    public required WaitingResource? WaitingFor { get; init; }

    /// <summary>The name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>When its last step was recorded (UTC).</summary>
    public required DateTime UpdatedAt { get; init; }

    /// <summary>The turns that are over.</summary>
    public required int Turns { get; init; }

    /// <summary>The steps of the branch.</summary>
    public required int Steps { get; init; }

    /// <summary>The longest chain of steps of the branch, which wall-clock time follows.</summary>
    public required int CriticalSteps { get; init; }

    /// <summary>What the model calls of the branch consumed.</summary>
    public required TokenUsage Usage { get; init; }

    /// <summary>What went wrong or stopped it short.</summary>
    public required string? Error { get; init; }

    /// <summary>Its sub-agents, in the order in which they were asked for.</summary>
    public required IReadOnlyList<RunTreeResource> Children { get; init; }

    public static RunTreeResource Of(RunTree tree)
    {
        Run run = tree.Run;
        return new RunTreeResource
        {
            Id = run.Id,
            Agent = run.Agent,
            Name = tree.Name,
            Goal = JournalLine.OneLine(run.Goal, GoalLength),
            Status = run.Status,
            WaitingFor = run.WaitingFor is { } waiting ? WaitingResource.Of(waiting) : null,
            Model = run.Model,
            UpdatedAt = run.UpdatedAt.UtcDateTime,
            Turns = run.Turns,
            Steps = tree.Steps,
            CriticalSteps = tree.CriticalSteps,
            Usage = tree.Usage,
            Error = run.Error?.Message,
            Children = [.. tree.Children.Select(Of)],
        };
    }
}
