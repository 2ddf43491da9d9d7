using System.Collections.Concurrent;
using AgentFunctions.Agents;
using AgentFunctions.Models;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Tests.Instances;

/// <summary>What the agents of all instances act upon, and what their model says. It outlives every instance.</summary>
internal sealed class World
{
    public const int Turns = 5;
    public const int Children = 10;

    private static readonly string[] s_kinds = ["Lead", "Hang", "Note item", "Work", "Ask"];

    private readonly ConcurrentDictionary<string, string> _notes = new();
    private readonly ConcurrentDictionary<string, int> _effects = new();
    private int _questions;

    /// <summary>What was noted, by the idempotency key of the call.</summary>
    public IReadOnlyDictionary<string, string> Notes => _notes;

    /// <summary>How often each payment was made, by the idempotency key of the call.</summary>
    public IReadOnlyDictionary<string, int> Payments => _effects;

    /// <summary>How many model calls were answered.</summary>
    public int Questions => _questions;

    /// <summary>
    /// The instances of the calls of <c>hang</c>, and of the model that never answers, that were begun; and of those that were
    /// stopped.
    /// </summary>
    public ConcurrentQueue<int> Hanging { get; } = [];

    public ConcurrentQueue<int> Stopped { get; } = [];

    /// <summary>Adds the agents and tools of every instance.</summary>
    public void AddTo(IServiceCollection services) => services
        .AddTool(AgentTool.Create("note", "Notes a text.", ToolEffect.Idempotent, async (ToolContext context, string text) =>
        {
            await Instance.PassAsync();
            _notes[context.IdempotencyKey] = text;
            return "noted";
        }))
        .AddTool(Payment("pay"))
        .AddTool(Payment("order"))
        .AddTool(AgentTool.Create("hang", "Waits until it is stopped.", ToolEffect.None,
            async (CancellationToken cancellationToken) =>
        {
            await HangAsync(cancellationToken);
            return "";
        }))
        .AddAgentModel(_ => new ModelBinding("slow", "slow-1", new ModelProfile { Provider = "own", Streaming = false },
            new HangingModel(this)))
        .AddAgent(Agent.Create("worker").WithModel("test").WithInstructions("Work.").WithTools("note", "pay", "order"))
        .AddAgent(Agent.Create("lead").WithModel("test").WithInstructions("Work.").WithTools("note", "pay")
            .WithDelegation(Delegation.Native))
        .AddAgent(Agent.Create("stuck").WithModel("test").WithInstructions("Work.").WithTools("hang"))
        .AddAgent(Agent.Create("pensive").WithInstructions("Work.").WithModel("slow"));

    public ChatReply Answer(ChatRequest request)
    {
        Interlocked.Increment(ref _questions);
        string goal = request.Messages[1].GetProperty("content").ToString();
        string text = s_kinds.First(kind => goal.Contains(kind, StringComparison.Ordinal));
        return (text, request.Turn) switch
        {
            ("Lead", 0) => ChatReply.Call(
                "spawn", new
                {
                    items = Enumerable.Range(1, Children).Select(static item => $"item {item}"),
                    template = "Note {item}"
                }),
            ("Lead", 1) => ChatReply.Call("wait", new { }),
            ("Hang", 0) => ChatReply.Call("hang", new { }),
            ("Note item", 0) => ChatReply.Call("pay", new { text }),
            ("Work", < Turns) => new ChatReply
            {
                Calls = [ChatReplyCall.Of("note", new { text = $"{request.Turn}a" }),
                    ChatReplyCall.Of("pay", new { text = $"{request.Turn}b" })],
            },
            ("Ask", 0) => ChatReply.Call("order", new { text = "ask" }),
            _ => ChatReply.Say("Done."),
        };
    }

    /// <summary>Waits until it is stopped.</summary>
    private async Task HangAsync(CancellationToken cancellationToken)
    {
        int number = Instance.Current!.Number;
        Hanging.Enqueue(number);
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            Stopped.Enqueue(number);
        }
    }

    private AgentTool Payment(string name) => new(
        AgentTool.CreateFunction(name, "Pays.", async (ToolContext context, string text) =>
        {
            await Instance.PassAsync();
            _effects.AddOrUpdate(context.IdempotencyKey, 1, static (_, count) => count + 1);
            return $"paid for {text}";
        }),
        ToolEffect.NotIdempotent)
    {
        // What was paid is on the books of the bank, whichever instance asks.
        Reconcile = (context, _, _) => Task.FromResult(
            _effects.ContainsKey(context.IdempotencyKey) ? Reconciliation.TookEffect("paid") : Reconciliation.DidNotTakeEffect),
    };

    /// <summary>A model that never answers.</summary>
    private sealed class HangingModel(World world) : IChatClient
    {
        public async Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            await world.HangAsync(cancellationToken);
            return new ChatResponse();
        }

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
