using System.Text.Json.Serialization;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>A run tree as a flat list.</summary>
/// <param name="Nodes">The runs, each lead before its sub-agents.</param>
internal sealed record RunNodeListResource(IReadOnlyList<RunNodeResource> Nodes)
{
    public static RunNodeListResource Of(RunTree tree, IReadOnlyDictionary<string, string> tools)
    {
        var nodes = new List<RunNodeResource>();
        Add(nodes, tree, tools, isCritical: true);
        return new RunNodeListResource(nodes);
    }

    private static void Add(List<RunNodeResource> nodes, RunTree tree, IReadOnlyDictionary<string, string> tools, bool isCritical)
    {
        nodes.Add(RunNodeResource.Of(tree, tools, isCritical));
        RunTree? slowest = tree.Children.MaxBy(static child => child.CriticalSteps);
        foreach (RunTree child in tree.Children)
        {
            Add(nodes, child, tools, isCritical && ReferenceEquals(child, slowest));
        }
    }
}

/// <summary>A run of a tree.</summary>
internal sealed record RunNodeResource
{
    private const int GoalLength = 200;

    /// <summary>The id.</summary>
    public required string Id { get; init; }

    /// <summary>The run that started it; null for the root.</summary>
    public required string? Parent { get; init; }

    /// <summary>What the run that asked for it calls it; null for the agent's name.</summary>
    public required string? Name { get; init; }

    /// <summary>The agent's name.</summary>
    public required string Agent { get; init; }

    /// <summary>The beginning of what is to be reached, on one line.</summary>
    public required string Goal { get; init; }

    /// <summary>Where it stands.</summary>
    [JsonConverter(typeof(CamelCaseEnumConverter<RunStatus>))]
    public required RunStatus Status { get; init; }

    /// <summary>What it waits for.</summary>
    public required IReadOnlyList<WaitingResource> Waits { get; init; }

    /// <summary>When it was admitted (UTC).</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When its last step was recorded (UTC).</summary>
    public required DateTime UpdatedAt { get; init; }

    /// <summary>When it ended (UTC).</summary>
    public required DateTime? CompletedAt { get; init; }

    /// <summary>The turns that are over.</summary>
    public required int Turns { get; init; }

    /// <summary>The longest chain of steps of the branch.</summary>
    public required int CriticalSteps { get; init; }

    /// <summary>What the run itself spent.</summary>
    public required NodeSpendingResource Own { get; init; }

    /// <summary>What it and all below it spent.</summary>
    public required NodeSpendingResource Branch { get; init; }

    /// <summary>What it may spend and what is left; null before its first turn.</summary>
    public required RunBudgetResource? Budget { get; init; }

    /// <summary>Whether it is on the longest chain of steps of the tree.</summary>
    public required bool Critical { get; init; }

    /// <summary>What went wrong or stopped it short.</summary>
    public required string? Error { get; init; }

    public static RunNodeResource Of(RunTree tree, IReadOnlyDictionary<string, string> tools, bool isCritical)
    {
        Run run = tree.Run;
        NodeSpendingResource branch = NodeSpendingResource.Of(tree.Steps, tree.Usage);
        return new RunNodeResource
        {
            Id = run.Id,
            Parent = run.Parent,
            Name = tree.Name,
            Agent = run.Agent,
            Goal = JournalLine.OneLine(run.Goal, GoalLength),
            Status = run.Status,
            Waits = [.. run.Waits.Select(wait => WaitingResource.Of(wait) with { Tool = tools.GetValueOrDefault(wait.Id
                ?? "") })],
            CreatedAt = run.CreatedAt.UtcDateTime,
            UpdatedAt = run.UpdatedAt.UtcDateTime,
            CompletedAt = run.CompletedAt?.UtcDateTime,
            Turns = run.Turns,
            CriticalSteps = tree.CriticalSteps,
            // The branch has all of its branches in it.
            Own = tree.Children.Aggregate(branch, static (own, child) => own.Without(child)),
            Branch = branch,
            Budget = run.Budget is { } budget ? RunBudgetResource.Of(budget) : null,
            Critical = isCritical,
            Error = run.Error?.Message,
        };
    }
}
