using System.Globalization;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.Cli.Output;

/// <summary>A tree of runs as lines: who does what, what it cost, and what waits for whom.</summary>
internal static class TreeText
{
    private const int GoalLength = 60;

    /// <summary>The lines of a tree.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="most">
    /// About how many lines; of each run's sub-agents those at work come first, and the rest is counted.
    /// </param>
    public static IReadOnlyList<string> Lines(RunTreeResource tree, int most)
    {
        var lines = new List<string>();
        Add(tree, 0, Math.Max(4, most), lines);
        return lines;
    }

    private static void Add(RunTreeResource run, int depth, int most, List<string> lines)
    {
        lines.Add($"{new string(' ', 2 * depth)}{Describe(run)}");
        RunTreeResource[] ordered = [.. run.Children.OrderBy(Rank)];
        int shown = Math.Min(ordered.Length, Math.Max(0, most - 2));
        foreach (RunTreeResource child in ordered.Take(shown))
        {
            Add(child, depth + 1, most / Math.Max(1, shown), lines);
        }

        if (ordered.Length > shown)
        {
            string rest = string.Join(", ",
                ordered.Skip(shown).GroupBy(static child => child.Status)
                    .Select(static group => $"{group.Count()} {CamelCase.Of(group.Key)}"));
            lines.Add($"{new string(' ', 2 * (depth + 1))}… and {rest}");
        }
    }

    private static string Describe(RunTreeResource run)
    {
        string name = ChildNameOf(run);
        string waiting = run.WaitingFor is { Kind: not ("queue" or "resume") } wait
            ? $" for {JournalLine.OneLine(wait.Kind)}"
            : "";
        string usd = run.Usage.Usd > 0 ? string.Create(CultureInfo.InvariantCulture, $", ${run.Usage.Usd:0.####}") : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{name} {CamelCase.Of(run.Status)}{waiting}: {run.Steps} steps ({run.CriticalSteps} critical), "
            + $"{run.Usage.InputTokens + run.Usage.OutputTokens:N0} tokens{usd} · {JournalLine.OneLine(run.Error ?? run.Goal, GoalLength)}");
    }

    private static string ChildNameOf(RunTreeResource run)
    {
        string id = run.Id[(run.Id.LastIndexOf('.') + 1)..];
        return $"{id} {JournalLine.OneLine(run.Name ?? run.Agent, 30)}";
    }

    private static int Rank(RunTreeResource run) => run.Status switch
    {
        RunStatus.Running or RunStatus.Waiting or RunStatus.Paused => 0,
        RunStatus.Failed or RunStatus.BudgetExhausted => 1,
        RunStatus.Queued => 2,
        _ => 3,
    };
}
