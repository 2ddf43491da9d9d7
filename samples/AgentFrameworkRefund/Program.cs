namespace AgentFrameworkRefund;

/// <summary>A refund by an agent of Agent Framework, in processes that are killed: alone, and as durable runs.</summary>
internal static class Program
{
    /// <summary>What is asked of the agent.</summary>
    public const string Goal = "Refund order 4711.";

    private static readonly string[] Shapes = ["theirs-one", "theirs-planner", "theirs-three", "theirs-history", "ours", "ours-probe", "ours-workflow"];

    private static async Task<int> Main(string[] arguments)
    {
        if (arguments is ["run", var shape, var folder, var point])
        {
            await RunAsync(shape, folder, new KillPoint(point, folder));
            return 0;
        }

        int kills = arguments.Length > 1 && int.TryParse(arguments[1], out int given) ? given : KillPoint.All.Length;
        return await Driver.DriveAsync(arguments.Length > 0 && arguments[0] != "all" ? [arguments[0]] : Shapes, kills);
    }

    private static Task RunAsync(string shape, string folder, KillPoint kill)
    {
        var team = new Team(folder, kill);
        return shape switch
        {
            "theirs-one" => Theirs.RunWorkflowAsync(folder, team.Refunds()),
            "theirs-planner" => Theirs.RunWorkflowAsync(folder, team.Planner(), team.Refunds()),
            "theirs-three" => Theirs.RunWorkflowAsync(folder, [.. Shop.Effects.Select(team.With)]),
            "theirs-history" => Theirs.RunAgentAsync(team, folder),
            "ours" => Ours.RunAsync(team, folder, probes: false),
            "ours-probe" => Ours.RunAsync(team, folder, probes: true),
            "ours-workflow" => Ours.RunInWorkflowAsync(team, folder, scoped: true),
            "ours-workflow-unscoped" => Ours.RunInWorkflowAsync(team, folder, scoped: false),
            _ => throw new ArgumentException($"There is no shape '{shape}'; use one of: {string.Join(", ", Shapes)}."),
        };
    }
}
