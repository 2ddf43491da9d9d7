using AgentFunctions;
using AgentFunctions.AgentFramework;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Agents.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Run = AgentFunctions.Runs.Run;

namespace AgentFrameworkRefund;

/// <summary>The same agent as durable runs: one line of registration.</summary>
internal static class Ours
{
    /// <summary>Runs the agent, or takes its run up again.</summary>
    public static async Task RunAsync(Team team, string folder, bool probes)
    {
        using IHost host = Host(team, folder, probes);
        await host.StartAsync();
        (Run run, _) = await host.Services.GetRequiredService<AgentGateway>()
            .SubmitOrResumeAsync(new RunRequest { Agent = "refunds", Goal = Team.Goal }, "order-4711");
        run = await host.Services.GetRequiredService<RunReader>().WaitForEndAsync(run.Id);
        await host.StopAsync();
        if (run.Status != RunStatus.Completed)
        {
            throw new InvalidOperationException(run.Error?.Message ?? run.Status.ToString());
        }
    }

    /// <summary>Runs the agent as part of a workflow of theirs; without a scope its repetition is a second run.</summary>
    public static async Task RunInWorkflowAsync(Team team, string folder, bool scoped)
    {
        using IHost host = Host(team, folder, probes: true);
        await host.StartAsync();
        AIAgent durable = host.Services.GetRequiredKeyedService<AIAgent>("refunds");
        await Theirs.RunWorkflowAsync(folder, team.Planner(), scoped ? durable.Scoped("order-4711") : durable);
        await host.StopAsync();
    }

    /// <summary>Asks the books whether an effect took place: whoever has them needs no idempotency key.</summary>
    public static void AskTheBooks(DurableAgentOptions options, Shop shop)
    {
        foreach (string tool in Shop.Effects)
        {
            options.Effect(tool, ToolEffect.NotIdempotent, (_, _, _) => Task.FromResult(shop.Happened.Contains(tool)
                ? Reconciliation.TookEffect($"{tool}: done for 4711")
                : Reconciliation.DidNotTakeEffect));
        }
    }

    /// <summary>A host of the agent, and of others.</summary>
    public static IHost Host(Team team, string folder, bool probes, params AIAgent[] others)
    {
        HostApplicationBuilder builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Services
            .AddAgentFunctions(builder.Configuration)
            .AddSqliteEngine(options => options.DataFile = Path.Combine(folder, "agents.db"))
            .AddDurableAgent(team.Refunds(), options =>
            {
                if (probes)
                {
                    AskTheBooks(options, team.Shop);
                }
            })
            .AddAgentFunctionsAsAIAgents();
        foreach (AIAgent other in others)
        {
            builder.Services.AddDurableAgent(other);
        }

        return builder.Build();
    }
}
