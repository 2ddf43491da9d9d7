namespace AgentFrameworkRefund;

/// <summary>A refund by an agent of Agent Framework, in processes that are killed: alone, and as durable runs.</summary>
internal static class Program
{
    /// <summary>What is asked of the agent.</summary>
    public const string Goal = "Refund order 4711.";

    /// <summary>A second run beside the first is what it shows, so it is no row of the comparison.</summary>
    private const string Unscoped = "ours-workflow-unscoped";

    private static readonly Dictionary<string, Func<Team, string, Task>> Shapes = new()
    {
        ["theirs-one"] = static (team, folder) => Theirs.RunWorkflowAsync(folder, team.Refunds()),
        ["theirs-planner"] = static (team, folder) => Theirs.RunWorkflowAsync(folder, team.Planner(), team.Refunds()),
        ["theirs-three"] = static (team, folder) => Theirs.RunWorkflowAsync(folder, [.. Shop.Effects.Select(team.With)]),
        ["theirs-history"] = static (team, folder) => Theirs.RunAgentAsync(team, folder),
        ["ours"] = static (team, folder) => Ours.RunAsync(team, folder, probes: false),
        ["ours-probe"] = static (team, folder) => Ours.RunAsync(team, folder, probes: true),
        ["ours-workflow"] = static (team, folder) => Ours.RunInWorkflowAsync(team, folder, scoped: true),
        [Unscoped] = static (team, folder) => Ours.RunInWorkflowAsync(team, folder, scoped: false),
    };

    private static async Task<int> Main(string[] arguments)
    {
        if (arguments is ["run", var shape, var folder, var point])
        {
            await Shapes[shape](new Team(folder, new KillPoint(point, folder)), folder);
            return 0;
        }

        string asked = arguments.FirstOrDefault("all");
        if (asked != "all" && !Shapes.ContainsKey(asked))
        {
            await Console.Error.WriteLineAsync($"'{asked}' is not a shape; use all or one of {string.Join(", ", Shapes.Keys)}.");
            return 2;
        }

        int kills = KillPoint.All.Length;
        if (arguments.Length > 1 && (!int.TryParse(arguments[1], out kills) || kills < 1))
        {
            await Console.Error.WriteLineAsync($"'{arguments[1]}' is not a number of kills; use 1 or more.");
            return 2;
        }

        return await Driver.DriveAsync(asked == "all" ? [.. Shapes.Keys.Where(static name => name != Unscoped)] : [asked], kills);
    }
}
