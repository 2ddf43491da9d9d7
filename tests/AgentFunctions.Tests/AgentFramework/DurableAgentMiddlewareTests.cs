using AgentFunctions.AgentFramework;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>The middleware of an agent of Agent Framework in a durable run: where it is called, and what it may decide.</summary>
internal sealed class DurableAgentMiddlewareTests
{
    [Test]
    public async Task Run_FunctionMiddleware_IsAroundEachToolStepAndSeesTheCall()
    {
        var seen = new List<string>();
        var charged = new List<int>();
        AIAgent billing = new ChatClientAgent(
            ScriptedClient.Calls("Done.", Billing.ChargeCall), name: "billing", tools: [Billing.Charge(charged)]).AsBuilder()
            .Use((agent, context, next, token) =>
            {
                seen.Add($"{agent.Name} {context.Function.Name} {context.Arguments["cents"]} {context.CallContent.CallId} "
                    + $"{context.Messages.Count} {context.Options!.Tools!.Count}");
                return next(context, token);
            }).Build();
        await using RunHost host = await AgentHost.StartAsync(billing);

        await host.AskAsync("billing", "Charge 42.");

        Assert.That(seen, Is.EqualTo(new[] { "billing charge 42 c1 2 1" }));
        Assert.That(charged, Is.EqualTo(new[] { 42 }));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Run_AgentOfTheHostAsTool_IsKnownByTheDurableCallAlone(bool hasMiddleware)
    {
        int worked = 0, calls = 0;
        AIAgent worker = null!;
        AIFunction research = AIFunctionFactory.Create(
            async (string about, CancellationToken token) =>
            {
                calls++;
                AIFunction tool = worker.AsAIFunction();
                var arguments = new AIFunctionArguments { ["query"] = about };
                // Twice, as where a crash repeats the call.
                return $"{await tool.InvokeAsync(arguments, token)} {await tool.InvokeAsync(arguments, token)}";
            },
            "research", "Looks into something.");
        AIAgent Lead(string name)
        {
            var lead = new ChatClientAgent(
                ScriptedClient.Calls("Done.", ScriptedClient.CallOf("functions.research:0", "research", ("about", "Yesterday."))),
                name: name, tools: [research]);
            return hasMiddleware
                ? lead.AsBuilder().Use(static (_, context, next, token) => next(context, token)).Build()
                : lead;
        }

        await using RunHost host = await RunHost.StartAsync(
            services => services.AddDurableAgent(Lead("monday")).AddDurableAgent(Lead("tuesday")).AddAgentFunctionsAsAIAgents(),
            _ => ChatReply.Say($"Found, {++worked}."));
        worker = host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>("worker");

        await host.AskAsync("monday", "Research.");
        await host.AskAsync("tuesday", "Research.");

        Assert.That((calls, worked), Is.EqualTo((2, 2)), "each call is one run, however often it asks");
    }

    [Test]
    public async Task Run_MiddlewareThatTerminates_EndsTheTurnWithoutAnotherModelCall()
    {
        ScriptedClient client = new(static (messages, _) => messages[^1].Text == "And now?"
            ? ScriptedClient.Say("Now it goes on.")
            : new ChatMessage(ChatRole.Assistant,
                [new TextContent("I charge."), Billing.ChargeCall, ScriptedClient.CallOf("c2", "charge", ("cents", 43))]));
        var charged = new List<int>();
        AIAgent billing = new ChatClientAgent(client, name: "billing", tools: [Billing.Charge(charged)]).AsBuilder()
            .Use(static (_, context, next, token) =>
            {
                context.Terminate = true;
                return next(context, token);
            }).Build();
        await using RunHost host = await AgentHost.StartAsync(billing);

        Run run = await host.AskAsync("billing", "Charge.");

        Assert.That((run.Status, run.Result!.Text, client.Requests.Count), Is.EqualTo((RunStatus.Completed, "I charge.", 1)));
        Assert.That(charged, Is.EqualTo(new[] { 42 }), "the calls after it in the same turn are not made");
        await host.Steering.SendAsync(run.Id, "And now?");
        run = await host.Reader.WaitForEndAsync(run.Id);
        Assert.That(run.Result!.Text, Is.EqualTo("Now it goes on."));
        Assert.That(client.Requests.Last().Messages.SelectMany(static message => message.Contents).OfType<FunctionResultContent>()
            .Count(), Is.EqualTo(2));
    }

    [Test]
    public async Task Run_ChatClientMiddleware_IsAroundEachModelStep()
    {
        int calls = 0;
        IChatClient client = ScriptedClient.Calls("Done.", Billing.ChargeCall).AsBuilder().Use(
            async (messages, options, next, token) =>
            {
                calls++;
                await next(messages, options, token);
            }).Build();
        await using RunHost host = await AgentHost.StartAsync(
            new ChatClientAgent(client, name: "billing", tools: [Billing.Charge([])]));

        await host.AskAsync("billing", "Charge 42.");

        Assert.That(calls, Is.EqualTo(2));
    }

    [Test]
    public async Task Run_ReducerInsideTheChatClient_IsLoggedAndTakesNothingFromTheTranscript()
    {
        int asked = 0;
        var model = new ScriptedClient((_, _) => Interlocked.Increment(ref asked) == 1
            ? new ChatMessage(ChatRole.Assistant, [Billing.ChargeCall])
            : ScriptedClient.Say("Done."));
        IChatClient client = model.AsBuilder().UseChatReducer(new MessageCountingChatReducer(1)).Build();
        var log = new LogLines();
        await using RunHost host = await AgentHost.StartAsync(services => services
            .AddLogging(logging => logging.AddProvider(log))
            .AddDurableAgent(new ChatClientAgent(client, name: "billing", tools: [Billing.Charge([])])));

        Run run = await host.AskAsync("billing", "Charge 42.");

        Assert.That(log.All, Has.One.Contains("Agent 'billing': a chat reducer stands inside its chat client (UseChatReducer)."));
        Assert.That(model.Requests.Last().Messages.SelectMany(static message => message.Contents),
            Has.None.InstanceOf<FunctionResultContent>(), "the reducer took it away, as the warning says");
        Assert.That((run.Status, (await host.TranscriptAsync(run.Id)).Count(static entry => entry.Message.Role == ChatRole.Tool)),
            Is.EqualTo((RunStatus.Completed, 1)));
    }

    [Test]
    public async Task Run_RunMiddlewareThatIsOptedIn_IsAroundEachModelStep()
    {
        int runs = 0;
        ScriptedClient client = ScriptedClient.Calls("Done.", Billing.ChargeCall);
        var charged = new List<int>();
        AIAgent billing = new ChatClientAgent(client, "You bill.", "billing", tools: [Billing.Charge(charged)]).AsBuilder()
            .Use(async (messages, session, options, next, token) =>
            {
                runs++;
                await next(messages, session, options, token);
            }).Build();
        await using RunHost host = await AgentHost.StartAsync(
            billing, static options => options.RunMiddleware(MiddlewareScope.PerModelCall));

        Run run = await host.AskAsync("billing", "Charge 42.");

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        // Once for the probe, which calls no model.
        Assert.That((runs, client.Requests.Count, charged.Count), Is.EqualTo((3, 2, 1)));
        Assert.That(client.Requests.First().Options!.Instructions,
            Does.StartWith("You bill.").And.Not.Contain("You bill.\nYou bill."));
    }

    [Test]
    public async Task Run_ProvidersAroundTheAgent_AddToEachModelStep()
    {
        ScriptedClient client = ScriptedClient.Calls("Done.", Billing.ChargeCall);
        var charged = new List<int>();
        AIAgent billing = new ChatClientAgent(client, name: "billing", tools: [Billing.Charge(charged)]).AsBuilder()
            .UseAIContextProviders(new Prices()).UseOpenTelemetry().Build();
        await using RunHost host = await AgentHost.StartAsync(billing);

        Run run = await host.AskAsync("billing", "Charge 42.");

        Assert.That((run.Status, charged.Count), Is.EqualTo((RunStatus.Completed, 1)), run.Error?.Message);
        Assert.That(client.Requests.Select(static request => request.Messages.Count(static message => message.Text == "A coat costs 42.")),
            Is.EqualTo(new[] { 1, 1 }));
    }

    private sealed class Prices : MessageAIContextProvider
    {
        protected override ValueTask<IEnumerable<ChatMessage>> ProvideMessagesAsync(
            InvokingContext context, CancellationToken cancellationToken = default) =>
            new([new ChatMessage(ChatRole.User, "A coat costs 42.")]);
    }
}
