using AgentFunctions.Agents;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Swarm;

/// <summary>A host with a lead, whose model is told apart from its sub-agents' by its goal.</summary>
internal static class SwarmScene
{
    public const string Goal = "Reach the goal.";

    public const string LeadInstructions = "You lead.";

    public static readonly AgentTool Echo = AgentTool.Create(
        "echo", "Repeats a text.", ToolEffect.None, (string text) => $"you said {text}");

    /// <summary>Starts a host.</summary>
    /// <param name="delegation">By which tools the lead delegates.</param>
    /// <param name="lead">The lead's answers.</param>
    /// <param name="child">The sub-agents' answers.</param>
    /// <param name="tools">The host's tools; by default <see cref="Echo"/>.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="agents">Further agents.</param>
    public static Task<RunHost> StartAsync(
        Delegation delegation, Func<ChatRequest, ChatReply> lead, Func<ChatRequest, ChatReply> child,
        IEnumerable<AgentTool>? tools = null, Action<SwarmOptions>? options = null, params AgentBuilder[] agents) =>
        RunHost.StartAsync(
            services =>
            {
                services.ConfigureSwarm(options ?? (_ => { }));
                foreach (AgentBuilder agent in agents)
                {
                    services.AddAgent(agent.Build());
                }
            },
            request => IsLead(request) ? lead(request) : child(request),
            tools ?? [Echo],
            agent => agent.WithInstructions(LeadInstructions).WithDelegation(delegation));

    /// <summary>Whether the run at the root asks; sub-agents may have its instructions too, but never its goal.</summary>
    public static bool IsLead(ChatRequest request) => GoalOf(request) == Goal;

    /// <summary>The goal of the sub-agent that asks.</summary>
    public static string GoalOf(ChatRequest request) =>
        request.Messages[1].GetProperty("content").ToString().Replace("# Goal\n", "", StringComparison.Ordinal);

    /// <summary>A turn that makes a sub-agent.</summary>
    public static ChatReply Create(string name = "reader") =>
        ChatReply.Call("create_subagent", new { name, system_prompt = $"You are {name}." });

    /// <summary>A turn that gives out tasks.</summary>
    public static ChatReply Assign(params IEnumerable<string> prompts) =>
        new() { Calls = [.. prompts.Select(prompt => ChatReplyCall.Of("assign_task", new { agent = "reader", prompt }))] };

    /// <summary>The orchestrations that have not ended.</summary>
    public static async Task<IReadOnlyList<OrchestrationState>> AliveAsync(this RunHost host) =>
        [.. (await host.Get<IOrchestrationClient>()
            .QueryAsync(new OrchestrationQuery { PageSize = 1_000 })).Items.Where(state => !state.IsEnded)];

    public static async Task<IReadOnlyList<OrchestrationState>> AllAsync(this RunHost host) =>
        (await host.Get<IOrchestrationClient>().QueryAsync(new OrchestrationQuery { PageSize = 1_000 })).Items;

    /// <summary>What the lead's model was shown of the calls of a turn.</summary>
    public static IReadOnlyList<string> LeadResults(this RunHost host, int turn) =>
        host.Model.Requests.Last(request => IsLead(request) && request.Turn == turn).Results;
}
