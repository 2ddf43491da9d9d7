using System.Reflection;
using AgentFunctions.AgentFramework.DurableAgents;
using AgentFunctions.Prompts;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

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
    public void HostNotice_Mark_IsThatOfTheHost() => Assert.That(HostNotice.Mark, Is.EqualTo(Prompt.HostMark));

    private sealed class Wrapped(AIFunction inner) : DelegatingAIFunction(inner);
}
