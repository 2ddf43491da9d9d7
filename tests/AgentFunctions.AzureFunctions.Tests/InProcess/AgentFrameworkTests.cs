using AgentFunctions.Agents;
using AgentFunctions.Durability;
using AgentFunctions.DurableTask;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>
/// An app of two agents, one written against Agent Framework and one of ours, on Durable Task with Azurite as the stores.
/// </summary>
[CancelAfter(1_800_000)]
[Category(AzuriteServer.Category)]
public sealed class AgentFrameworkTests
{
    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task App_OfTheirAgentAndOurs_RunsBothByTheSameWay()
    {
        var charged = new List<int>();
        AIAgent billing = new ChatClientAgent(new Clerk(), "You bill.", "billing", tools:
        [
            AIFunctionFactory.Create(
                (int cents) =>
                {
                    charged.Add(cents);
                    return $"charged {cents}";
                },
                "charge"),
        ]);
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(
            static request => request.Results.Count == 0
            ? ChatReply.Call("look", new { at = "books" })
            : ChatReply.Say("The books are right."));
        await using ServiceProvider services = AppServices.Build(model, add => add
            .AddDurableAgent(billing)
            .AddAgent(Agent.Create("auditor").WithInstructions("You audit.").WithTools("look"))
            .AddTool(AgentTool.Create("look", "Looks.", ToolEffect.None, static (string at) => $"looked at {at}"))
            .AddAgentFunctionsAsAIAgents());
        await using InProcessHost host = await InProcessHost.StartAsync(services.GetRequiredService<DurableRegistry>());
        services.GetRequiredService<DurableTaskClientAccessor>().Client = host.DurableClient;

        AIAgent theirs = services.GetRequiredKeyedService<AIAgent>("billing");
        AIAgent ours = services.GetRequiredKeyedService<AIAgent>("auditor");
        AgentSession session = await theirs.CreateSessionAsync(Cancel);
        AgentResponse bill = await theirs.RunAsync("Charge 42.", session, cancellationToken: Cancel);
        AgentResponse more = await theirs.RunAsync("Thanks.", session, cancellationToken: Cancel);
        AgentResponse audit = await ours.RunAsync("Audit.", cancellationToken: Cancel);

        Assert.That((bill.Text, more.Text, audit.Text), Is.EqualTo(("Paid.", "Paid.", "The books are right.")));
        Assert.That(charged, Is.EqualTo(new[] { 42 }));
        Assert.That(more.ResponseId, Is.EqualTo(bill.ResponseId));
        Assert.That((await services.GetRequiredService<RunReader>().GetAsync(bill.ResponseId!, Cancel)).Status,
            Is.EqualTo(RunStatus.Completed));
    }

    private sealed class Clerk : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            Task.FromResult(new ChatResponse(messages.Any(static message => message.Role == ChatRole.Tool)
                ? new ChatMessage(ChatRole.Assistant, "Paid.")
                : new ChatMessage(ChatRole.Assistant,
                    [new FunctionCallContent("c1", "charge", new Dictionary<string, object?> { ["cents"] = 42 })]))
            {
                FinishReason = ChatFinishReason.Stop,
            });

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            foreach (ChatResponseUpdate update in (await GetResponseAsync(messages, options, cancellationToken))
                .ToChatResponseUpdates())
            {
                yield return update;
            }
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
