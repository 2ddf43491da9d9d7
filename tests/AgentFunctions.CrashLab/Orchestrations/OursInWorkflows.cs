using AgentFrameworkRefund;
using AgentFunctions.AgentFramework;
using Microsoft.Agents.AI;
using Microsoft.Agents.AI.Workflows;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.CrashLab.Orchestrations;

/// <summary>
/// The refund by a durable agent, in the orchestrations of Agent Framework, with checkpoints in files and a scope.
/// </summary>
internal static class OursInWorkflows
{
    private const string Order = "order-4711";

    /// <summary>A chat of two durable agents: planner, refunds, planner again.</summary>
    public static Task GroupChatAsync(Team team, string folder) => RunAsync(team, folder, agent => AgentWorkflowBuilder
        .CreateGroupChatBuilderWith(static agents => new RoundRobinGroupChatManager(agents) { MaximumIterationCount = 3 })
        .AddParticipants([agent("planner"), agent("refunds")])
        .Build());

    /// <summary>A durable agent that hands off to another one.</summary>
    public static Task HandoffAsync(Team team, string folder) => RunAsync(team, folder, agent =>
    {
        AIAgent desk = agent("desk");
        return AgentWorkflowBuilder.CreateHandoffBuilderWith(desk).WithHandoff(desk, agent("refunds"), "It does refunds.")
            .Build();
    });

    /// <summary>A durable agent that a manager of theirs gives its work.</summary>
    public static Task MagenticAsync(Team team, string folder) => RunAsync(team, folder, static agent => AgentWorkflowBuilder
        .CreateMagenticBuilderWith(AgentOf("manager", RehearsedModel.Manages()))
        .AddParticipants([agent("refunds")])
        .RequirePlanSignoff(false)
        .Build());

    private static async Task RunAsync(Team team, string folder, Func<Func<string, AIAgent>, Workflow> build)
    {
        using IHost host = Ours.Host(team, folder, probes: true, team.Planner(), AgentOf("desk", RehearsedModel.HandsOff()));
        await host.StartAsync();
        Workflow workflow = build(name => host.Services.GetRequiredKeyedService<AIAgent>(name).Scoped(Order));
        await Checkpoints.RunAsync(workflow, Order, folder);
        await host.StopAsync();
    }

    private static ChatClientAgent AgentOf(string name, RehearsedModel model) =>
        new(model, new ChatClientAgentOptions { Id = name, Name = name });
}
