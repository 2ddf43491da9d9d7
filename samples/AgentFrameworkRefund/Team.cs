using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFrameworkRefund;

/// <summary>The agents of the team: nothing in here knows of durable runs.</summary>
internal sealed class Team(string folder, KillPoint kill)
{
    /// <summary>What is asked of the agent.</summary>
    public const string Goal = "Refund order 4711.";

    public Shop Shop { get; } = new(folder, kill);

    /// <summary>Where the process is killed.</summary>
    public KillPoint Kill => kill;

    /// <summary>The agent that refunds an order, with three tools.</summary>
    public ChatClientAgent Refunds() => AgentOf("refunds", "You refund orders: charge back, mark, notify.", Shop.Tools);

    /// <summary>The same agent, whose tools have idempotency keys.</summary>
    public ChatClientAgent RefundsWithKeys() =>
        AgentOf("refunds", "You refund orders: charge back, mark, notify.", Shop.KeyedTools);

    /// <summary>An agent that says what is to be done, and does nothing.</summary>
    public ChatClientAgent Planner() => AgentOf("planner", "You plan.", []);

    /// <summary>An agent with one of the tools.</summary>
    public ChatClientAgent With(string tool) => AgentOf(tool.Replace('_', '-'), $"You do {tool}.", [Shop.ToolOf(tool)]);

    /// <summary>The agent that refunds an order, with a history that is written at each model call.</summary>
    public ChatClientAgent RefundsWith(ChatHistoryProvider history) => new(Clerk(), new ChatClientAgentOptions
    {
        Name = "refunds",
        ChatHistoryProvider = history,
        RequirePerServiceCallChatHistoryPersistence = true,
        ChatOptions = new ChatOptions { Instructions = "You refund orders.", Tools = [.. Shop.Tools] },
    });

    // A checkpoint is found again by the ids of agents, which are random where none is given.
    private ChatClientAgent AgentOf(string name, string instructions, AIFunction[] tools) => new(
        Clerk(), new ChatClientAgentOptions
        {
            Id = name,
            Name = name,
            ChatOptions = new ChatOptions { Instructions = instructions, Tools = [.. tools] },
        });

    private RehearsedClerk Clerk() => new(kill, folder);
}
