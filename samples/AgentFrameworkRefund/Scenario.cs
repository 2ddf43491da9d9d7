namespace AgentFrameworkRefund;

/// <summary>The shapes in which the refund is run, and the commands that run them.</summary>
internal static class Scenario
{
    /// <summary>A second run beside the first is what it shows, so it is no row of the comparison.</summary>
    private const string Unscoped = "ours-workflow-unscoped";

    /// <summary>The shapes of the sample.</summary>
    public static Dictionary<string, Func<Team, string, Task>> Shapes { get; } = new()
    {
        ["theirs-one"] = static (team, folder) => Theirs.RunWorkflowAsync(folder, team.Refunds()),
        ["theirs-planner"] = static (team, folder) => Theirs.RunWorkflowAsync(folder, team.Planner(), team.Refunds()),
        ["theirs-three"] = static (team, folder) => Theirs.RunWorkflowAsync(folder,
            [.. Shop.Effects.Select(name => team.With(name))]),
        ["theirs-history"] = static (team, folder) => Theirs.RunAgentAsync(team, folder),
        ["ours"] = static (team, folder) => Ours.RunAsync(team, folder, probes: false),
        ["ours-probe"] = static (team, folder) => Ours.RunAsync(team, folder, probes: true),
        ["ours-workflow"] = static (team, folder) => Ours.RunInWorkflowAsync(team, folder, scoped: true),
        [Unscoped] = static (team, folder) => Ours.RunInWorkflowAsync(team, folder, scoped: false),
    };

    /// <summary>Runs a command: <c>[all|SHAPE] [KILLS]</c>, or one process of a trial.</summary>
    /// <param name="shapes">The shapes.</param>
    /// <param name="arguments">The command.</param>
    /// <param name="kills">How many trials a shape has if the command does not say so.</param>
    public static async Task<int> RunAsync(
        IReadOnlyDictionary<string, Func<Team, string, Task>> shapes, string[] arguments, int kills)
    {
        if (arguments is ["run", var shape, var folder, var point])
        {
            await shapes[shape](new Team(folder, new KillPoint(point, folder)), folder);
            return 0;
        }

        string asked = arguments.FirstOrDefault("all");
        if (asked != "all" && !shapes.ContainsKey(asked))
        {
            await Console.Error.WriteLineAsync($"'{asked}' is not a shape; use all or one of {string.Join(", ", shapes.Keys)}.");
            return 2;
        }

        if (arguments.Length > 1 && (!int.TryParse(arguments[1], out kills) || kills < 1))
        {
            await Console.Error.WriteLineAsync($"'{arguments[1]}' is not a number of kills; use 1 or more.");
            return 2;
        }

        return await Driver.DriveAsync(asked == "all" ? [.. shapes.Keys.Where(static name => name != Unscoped)] : [asked], kills);
    }
}
