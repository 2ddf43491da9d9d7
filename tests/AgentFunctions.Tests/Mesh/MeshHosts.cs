using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Mesh;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.AspNetCore;
using AgentFunctions.Tests.AspNetCore.Doors;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.Mesh;

/// <summary>Hosts of the mesh: each has the agents <c>lead</c>, who may call others, and <c>worker</c>.</summary>
internal static class MeshHosts
{
    public static Task<ApiHost> StartAsync(Func<ChatRequest, ChatReply> script, params (string Key, string Value)[] settings) =>
        ApiHost.StartAsync(
            script,
            [AgentTool.Create("send", "Sends.", ToolEffect.NotIdempotent, static () => "sent")],
            builder =>
            {
                builder.Configuration.AddInMemoryCollection(
                    [new("Mesh:PollInterval", "00:00:00.1"), new("Governance:Network:Allow:0", "127.0.0.1")]);
                builder.Configuration.AddInMemoryCollection(settings.Select(static one => KeyValuePair.Create(one.Key,
                    (string?)one.Value)));
                builder.Services.AddAgentFunctionsDoors();
                builder.Services.AddAgent(Agent.Create("lead").WithDescription("Leads.").WithInstructions("You are the lead.")
                    .WithTools("find_agents", "call_agent", "send").Build());
            },
            static app => app.MapDoors());

    /// <summary>Makes an agent of another host known.</summary>
    public static void Know(this ApiHost host, string name, Uri other, string agent = "worker",
        Action<MeshAgentOptions>? configure = null)
    {
        var options = new MeshAgentOptions { Card = new Uri(other, $"a2a/{agent}/.well-known/agent-card.json").ToString() };
        configure?.Invoke(options);
        host.Get<IOptions<MeshOptions>>().Value.Agents[name] = options;
    }

    public static async Task<Run> LeadAsync(
        this ApiHost host, string goal, CancellationToken cancellationToken, AgentFunctions.Budgets.Budget? budget = null)
    {
        Run run = await host.Get<AgentGateway>().SubmitAsync(
            new RunRequest { Agent = "lead", Goal = goal, Budget = budget }, Caller.Local, null, cancellationToken);
        return await host.Get<RunReader>().WaitForEndAsync(run.Id, cancellationToken);
    }

    /// <summary>What the lead does: one call of another agent, and then it says what it heard.</summary>
    public static ChatReply Lead(ChatRequest request, string agent, string message) => request.Turn == 0
        ? ChatReply.Call("call_agent", new { agent, message })
        : ChatReply.Say($"I heard: {request.Results[^1]}");

    public static bool IsLead(this ChatRequest request) => request.Says("You are the lead.");
}
