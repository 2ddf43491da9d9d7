using AgentFunctions.AgentFramework;
using AgentFunctions.Runs;
using AgentFunctions.Tests.Hosting;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>
/// What an agent of Agent Framework remembers and adds, in a durable run: context providers, their state, its history.
/// </summary>
internal sealed class DurableAgentContextTests
{
    [TestCase("Thanks.")]
    [TestCase("[host] Thanks.")]
    public async Task Run_ContextProvider_IsAskedOnceForAMessageAndToldOnceWhatCameOfIt(string thanks)
    {
        var provider = new PriceProvider();
        ScriptedClient client = new(static (messages, _) => messages.Any(static message => message.Role == ChatRole.Tool)
            ? ScriptedClient.Say("Paid.")
            : ScriptedClient.Call("c1", "charge", ("cents", 42)));
        AIAgent billing = new ChatClientAgent(client, new ChatClientAgentOptions
        {
            Name = "billing",
            ChatOptions = new ChatOptions { Instructions = "You bill.", Tools = [Billing.Charge([])] },
            AIContextProviders = [provider],
        });
        await using RunHost host = await AgentHost.StartAsync(billing);

        Run run = await host.AskAsync("billing", "Charge me.");
        await host.Steering.SendAsync(run.Id, thanks);
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        Assert.That(provider.Asked, Is.EqualTo(new[] { "Charge me.", thanks }));
        Assert.That(provider.Told, Is.EqualTo(new[] { "Charge me. -> Paid.", $"{thanks} -> Paid." }));
        Assert.That(client.Requests, Has.Count.EqualTo(3));
        (IReadOnlyList<ChatMessage> Messages, ChatOptions? Options)[] requests = [.. client.Requests];
        foreach ((IReadOnlyList<ChatMessage> messages, ChatOptions? options) in requests.Take(2))
        {
            Assert.That(messages[1].Text, Is.EqualTo("Prices for: Charge me."),
                "what was added is the same in each call of the turn");
            Assert.That(options!.Instructions, Does.Contain("You bill.").And.Contain("Quote prices."));
        }

        Assert.That(requests[2].Messages.Select(static message => message.Text), Has.Some.EqualTo($"Prices for: {thanks}"));
    }

    [Test]
    public async Task Run_ToolsOfAProvider_KeepTheirStateInTheRun()
    {
        static string NameOf(ChatOptions? options, string part) =>
            options!.Tools!.Single(tool => tool.Name.Contains(part, StringComparison.OrdinalIgnoreCase)).Name;
        ScriptedClient client = new(static (messages, options) =>
        {
            FunctionResultContent[] results =
                [.. messages.SelectMany(static message => message.Contents).OfType<FunctionResultContent>()];
            var todos = new[] { new { title = "Buy milk", description = "" } };
            return results.Length switch
            {
                0 => ScriptedClient.Call("c1", NameOf(options, "add"), ("todos", todos)),
                1 => ScriptedClient.Call("c2", NameOf(options, "get_all")),
                _ => ScriptedClient.Say(results[^1].Result!.ToString()!),
            };
        });
        AIAgent planner = new ChatClientAgent(
            client, new ChatClientAgentOptions { Name = "planner", AIContextProviders = [new TodoProvider()] });
        await using RunHost host = await AgentHost.StartAsync(planner);

        Run run = await host.AskAsync("planner", "Plan.");

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        Assert.That(run.Result!.Text, Does.Contain("Buy milk"),
            string.Join(", ", client.Requests.First().Options!.Tools!.Select(static tool => tool.Name)));
    }

    [Test]
    public async Task Run_ModeOfTheAgent_IsKeptInTheRun()
    {
        ScriptedClient client = new(static (messages, options) =>
        {
            FunctionResultContent[] results =
                [.. messages.SelectMany(static message => message.Contents).OfType<FunctionResultContent>()];
            string NameOf(string part) =>
                options!.Tools!.First(tool => tool.Name.Contains(part, StringComparison.OrdinalIgnoreCase)).Name;
            return results.Length switch
            {
                0 => ScriptedClient.Call("c1", NameOf("set"), ("mode", "execute")),
                1 => ScriptedClient.Call("c2", NameOf("get")),
                _ => ScriptedClient.Say(results[^1].Result!.ToString()!),
            };
        });
        await using RunHost host = await AgentHost.StartAsync(new ChatClientAgent(
            client, new ChatClientAgentOptions { Name = "planner", AIContextProviders = [new AgentModeProvider()] }));

        Run run = await host.AskAsync("planner", "Begin.");

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        Assert.That(run.Result!.Text, Does.Contain("execute"),
            string.Join(", ", client.Requests.First().Options!.Tools!.Select(static tool => tool.Name)));
    }

    [Test]
    public async Task Run_HistoryThatIsMirrored_HearsEachAnswerOnce()
    {
        var history = new MirrorHistory();
        AIAgent billing = new ChatClientAgent(
            ScriptedClient.Calls("Paid.", Billing.ChargeCall),
            new ChatClientAgentOptions
            {
                Name = "billing",
                ChatOptions = new ChatOptions { Tools = [Billing.Charge([])] },
                ChatHistoryProvider = history,
            });
        await using RunHost host = await AgentHost.StartAsync(billing, static options => options.History = HistoryMode.Mirror);

        await host.AskAsync("billing", "Charge me.");

        Assert.That(history.Kept, Is.EqualTo(new[] { "user: Charge me.", "assistant: ", "tool: ", "assistant: Paid." }));
        Assert.That(history.Reads, Is.Zero);
    }

    private sealed class PriceProvider : AIContextProvider
    {
        public List<string> Asked { get; } = [];

        public List<string> Told { get; } = [];

        protected override ValueTask<AIContext> ProvideAIContextAsync(
            InvokingContext context, CancellationToken cancellationToken = default)
        {
            string said = string.Join('|', (context.AIContext.Messages ?? []).Select(static message => message.Text));
            if (said.Length == 0)
            {
                // A probe.
                return new(new AIContext());
            }

            Asked.Add(said);
            var prices = new ChatMessage(ChatRole.User, $"Prices for: {said}");
            return new(new AIContext { Instructions = "Quote prices.", Messages = [prices] });
        }

        protected override ValueTask StoreAIContextAsync(InvokedContext context, CancellationToken cancellationToken = default)
        {
            string asked = string.Join('|', context.RequestMessages.Select(static message => message.Text));
            Told.Add($"{asked} -> {context.ResponseMessages!.Last().Text}");
            return default;
        }
    }

    private sealed class MirrorHistory : ChatHistoryProvider
    {
        public List<string> Kept { get; } = [];

        public int Reads { get; private set; }

        protected override ValueTask<IEnumerable<ChatMessage>> ProvideChatHistoryAsync(
            InvokingContext context, CancellationToken cancellationToken = default)
        {
            Reads++;
            return new([]);
        }

        protected override ValueTask StoreChatHistoryAsync(InvokedContext context, CancellationToken cancellationToken = default)
        {
            Kept.AddRange(context.RequestMessages.Concat(context.ResponseMessages ?? [])
                .Select(static message => $"{message.Role}: {message.Text}"));
            return default;
        }
    }
}
