using System.Reflection;
using System.Text.Json;
using AgentFunctions.AgentFramework;
using AgentFunctions.AgentFramework.DurableAgents;
using AgentFunctions.Prompts;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>
/// What the package relies on within Agent Framework, Microsoft.Extensions.AI and the host: where one of these fails, it was
/// changed there.
/// </summary>
internal sealed class ContractTests
{
    [Test]
    public void Decorators_KnownByName_AreThere()
    {
        Assembly theirs = typeof(ChatClientAgent).Assembly;

        Assert.That(Decorators.ByName.Keys.Where(name => theirs.GetType(name) is null), Is.Empty,
            "rename them in Decorators.ByName, or agents with them are refused as unknown");
        Assert.That(theirs.GetType(ClientParts.OfProviders), Is.Not.Null, "rename it in ClientParts, or nobody is warned of it");
    }

    [Test]
    public void ChatClientAgent_Options_AreItsOwn()
    {
        AIAgent agent = new ChatClientAgent(
            ScriptedClient.Says(""), "You bill.", "billing", tools: [AIFunctionFactory.Create(static () => 1, "one")]);

        ChatClientAgentOptions? options = agent.AsBuilder().UseOpenTelemetry().Build().GetService<ChatClientAgentOptions>();

        Assert.That((options?.Name, options?.ChatOptions?.Instructions, options?.ChatOptions?.Tools?.Count),
            Is.EqualTo(("billing", "You bill.", 1)));
    }

    [Test]
    public void AgentParts_OfDecorators_AreFoundOutermostFirst()
    {
        var inner = new ChatClientAgent(ScriptedClient.Says(""), name: "billing");
        AIAgent agent = inner.AsBuilder().UseOpenTelemetry().Use(static (_, context, next, token) => next(context, token))
            .Build();

        AgentParts parts = AgentParts.Of(agent);

        Assert.That(parts.Innermost, Is.SameAs(inner));
        Assert.That(parts.Decorators.Select(Decorators.KindOf),
            Is.EqualTo(new[] { DecoratorKind.Telemetry, DecoratorKind.Function }));
    }

    [Test]
    public async Task Declarations_InThePipeline_HandCallsOut()
    {
        ScriptedClient client = ScriptedClient.Calls("Done.", ScriptedClient.CallOf("c1", "act"));
        var agent = new ChatClientAgent(client, name: "billing");
        using var schema = System.Text.Json.JsonDocument.Parse("""{"type":"object"}""");
        RunScope.Enter(agent, await agent.CreateSessionAsync(), []);

        ChatResponse response = await agent.ChatClient.GetResponseAsync(
            "Act.", new ChatOptions { Tools = [AIFunctionFactory.CreateDeclaration("act", "Acts.", schema.RootElement)] });

        Assert.That(client.Requests, Has.Count.EqualTo(1));
        Assert.That(response.Messages.SelectMany(static message => message.Contents).OfType<FunctionCallContent>().Single().Name,
            Is.EqualTo("act"));
    }

    [Test]
    public async Task History_SwitchedOffByProperties_IsNeitherReadNorWritten()
    {
        ScriptedClient client = ScriptedClient.Says("Done.");
        var agent = new ChatClientAgent(client, name: "billing");
        AgentSession session = await agent.CreateSessionAsync();
        await agent.RunAsync("One.", session);
        string before = (await agent.SerializeSessionAsync(session)).GetRawText();

        await agent.RunAsync("Two.", session,
            new ChatClientAgentRunOptions(new ChatOptions { AdditionalProperties = NoHistory.Only() }));

        Assert.That(client.Requests.Last().Messages.Single().Text, Is.EqualTo("Two."));
        Assert.That((await agent.SerializeSessionAsync(session)).GetRawText(), Is.EqualTo(before));
    }

    [Test]
    public void Approval_BehindWrappers_IsFound()
    {
        AIFunction wrapped = new Wrapped(new ApprovalRequiredAIFunction(AIFunctionFactory.Create(static () => 1, "one")));

        Assert.That(wrapped.GetService<ApprovalRequiredAIFunction>(), Is.Not.Null);
    }

    [Test]
    public void AsDeclarationOnly_StillShowsTheApproval_SoDeclarationsAreMadeAnew()
    {
        AIFunction charge = new ApprovalRequiredAIFunction(AIFunctionFactory.Create(static () => 1, "charge"));

        Assert.That(charge.AsDeclarationOnly().GetService<ApprovalRequiredAIFunction>(), Is.Not.Null,
            "if not, declarations of pinned schemas may be made by it");
        Assert.That(AIFunctionFactory.CreateDeclaration("charge", "", charge.JsonSchema).GetService<ApprovalRequiredAIFunction>(),
            Is.Null);
    }

    [Test]
    public async Task Approval_OfTheirAgent_IsAContentOfThisForm()
    {
        AIFunction charge = new ApprovalRequiredAIFunction(Billing.Charge([]));
        var agent = new ChatClientAgent(ScriptedClient.Calls("Paid.", Billing.ChargeCall), name: "billing", tools: [charge]);

        AgentResponse response = await agent.RunAsync("Charge.", await agent.CreateSessionAsync());
        ToolApprovalRequestContent ask = response.Messages.SelectMany(static message => message.Contents)
            .OfType<ToolApprovalRequestContent>().Single();

        Assert.That(JsonSerializer.SerializeToElement<AIContent>(ask, AIJsonUtilities.DefaultOptions).GetProperty("$type")
            .GetString(),
            Is.EqualTo("toolApprovalRequest"), "opaque agents' approvals are kept in this form");
        Assert.That((((FunctionCallContent)ask.ToolCall).Name, ask.CreateResponse(true).RequestId),
            Is.EqualTo(("charge", ask.RequestId)));
    }

    [Test]
    public void HintsOfAToolServer_AreWhereTheyAreLookedFor()
    {
        Type? annotations = typeof(ModelContextProtocol.Client.McpClientTool).GetProperty("ProtocolTool")?.PropertyType.GetProperty("Annotations")?.PropertyType;

        Assert.That(annotations?.GetProperty("ReadOnlyHint")?.PropertyType, Is.EqualTo(typeof(bool?)));
        Assert.That(annotations?.GetProperty("IdempotentHint")?.PropertyType, Is.EqualTo(typeof(bool?)));
        Assert.That(
            typeof(DelegatingAIFunction).GetProperty("InnerFunction",
                BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public),
            Is.Not.Null, "hints are found behind wrappers by it");
    }

    [TestCase(true, null, ToolEffect.None)]
    [TestCase(false, true, ToolEffect.Idempotent)]
    [TestCase(null, null, ToolEffect.NotIdempotent)]
    public void HintsOfAToolServer_SayWhatAToolDoes(bool? reads, bool? repeats, ToolEffect effect)
    {
        var tool = new OfServer(new() { Name = "t", Annotations = new() { ReadOnlyHint = reads, IdempotentHint = repeats } });

        Assert.That(ToolEffects.Of(new Wrapped(tool), new DurableAgentOptions()), Is.EqualTo(effect));
    }

    [Test]
    public async Task FunctionMiddleware_AroundAnAgentWithoutFunctionCalls_IsRefusedByThem()
    {
        await using RunHost host = await RunHost.StartAsync(
            static services => services.AddAgentFunctionsAsAIAgents(), static _ => ChatReply.Say("Done."));
        AIAgent durable = host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>("worker");

        Assert.That(
            async () => await durable.AsBuilder().Use(static (_, context, next, token) => next(context, token)).Build()
                .RunAsync("Act."),
            Throws.InvalidOperationException.With.Message.Contains("FunctionInvokingChatClient"));
    }

    [Test]
    public void HostNotice_Mark_IsThatOfTheHost() => Assert.That(HostNotices.Mark, Is.EqualTo(Prompt.HostMark));

    private sealed class OfServer(ModelContextProtocol.Protocol.Tool tool) : AIFunction
    {
        public override string Name => tool.Name;

        public ModelContextProtocol.Protocol.Tool ProtocolTool => tool;

        protected override ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments,
            CancellationToken cancellationToken) => default;
    }

    private sealed class Wrapped(AIFunction inner) : DelegatingAIFunction(inner);
}
