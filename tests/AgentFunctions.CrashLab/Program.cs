using AgentFrameworkRefund;
using AgentFunctions.CrashLab.Callers;
using AgentFunctions.CrashLab.Orchestrations;

namespace AgentFunctions.CrashLab;

/// <summary>
/// The refund of the sample in all its shapes, each killed 100 times: agents of Agent Framework alone, with idempotency keys, and
/// as durable runs on SQLite and on Durable Task, also in the orchestrations of Agent Framework.
/// </summary>
internal static class Program
{
    private const int Kills = 100;

    private static async Task<int> Main(string[] arguments)
    {
        if (arguments is ["steps", var folder, var point, var account, var key, var hub])
        {
            await StepWorker.RunAsync(new Team(folder, new KillPoint(point, folder)), StorageAccount.Of(account, key), hub);
            return 0;
        }

        if (arguments is ["caller", var data, var model, var way, var token])
        {
            await CallerProgram.RunAsync(data, model, way, token);
            return 0;
        }

        var shapes = new Dictionary<string, Func<Team, string, Task>>(Scenario.Shapes)
        {
            ["theirs-one-key"] = static (team, folder) => Theirs.RunWorkflowAsync(folder, team.RefundsWithKeys()),
            ["ours-group-chat"] = OursInWorkflows.GroupChatAsync,
            ["ours-handoff"] = OursInWorkflows.HandoffAsync,
            ["ours-magentic"] = OursInWorkflows.MagenticAsync,
            ["ours-durable-task"] = static (team, folder) => OnDurableTask.RunAsync(team, folder),
        };
        return await Scenario.RunAsync(shapes, arguments, Kills);
    }
}
