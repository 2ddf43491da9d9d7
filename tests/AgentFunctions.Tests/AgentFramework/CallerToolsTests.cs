using System.Text.Json;
using AgentFunctions.AgentFramework;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Agents.AI;
using Microsoft.Agents.AI.Workflows;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>Tools that the caller of a durable agent executes itself, as workflows with handoffs do.</summary>
internal sealed class CallerToolsTests
{
    private static readonly ChatClientAgentRunOptions WithPick = new(new ChatOptions
    {
        Instructions = "Pick before you answer.",
        Tools = [AIFunctionFactory.CreateDeclaration("pick", "Picks.",
            AIFunctionFactory.Create(static (string what) => what).JsonSchema)],
    });

    [Test]
    public async Task Run_CallOfACallersTool_IsGivenToTheCallerAndItsResultGoesOn()
    {
        await using RunHost host = await StartAsync(static request => request.Results.Count == 0
            ? ChatReply.Call("pick", new { what = "colour" })
            : ChatReply.Say($"You picked {request.Results[0]}."));
        AIAgent agent = AgentOf(host);
        AgentSession session = await agent.CreateSessionAsync();

        AgentResponse asked = await agent.RunAsync("Ask me.", session, WithPick);
        FunctionCallContent call = ContentsOf<FunctionCallContent>(asked).Single();
        // As another process would.
        session = await agent.DeserializeSessionAsync(await agent.SerializeSessionAsync(session));
        AgentResponse done = await agent.RunAsync(
            new ChatMessage(ChatRole.Tool, [new FunctionResultContent(call.CallId, "red")]), session, WithPick);

        Assert.That((call.Name, call.InformationalOnly, call.Arguments!["what"]!.ToString()),
            Is.EqualTo(("pick", false, "colour")));
        Assert.That(asked.FinishReason, Is.Null);
        Assert.That(done.Text, Does.Contain("red"));
        Assert.That(done.FinishReason, Is.EqualTo(ChatFinishReason.Stop));
        Assert.That(ContentsOf<FunctionCallContent>(done), Is.Empty, "what the caller has executed is told of once");
        Assert.That(host.Model.Requests[0].Messages.Select(static message => message.GetProperty("content").GetString()),
            Has.Some.Contains("Pick before you answer."));
    }

    [Test]
    public async Task Run_SeveralCallsOfACallersTool_EachGetsItsResult()
    {
        await using RunHost host = await StartAsync(static request => request.Results.Count == 0
            ? new ChatReply
            {
                Calls = [.. Enumerable.Range(0, 5).Select(static n => ChatReplyCall.Of("pick",
                new { what = $"colour {n}" }))]
            }
            : ChatReply.Say(string.Join(", ", request.Results)));
        AIAgent agent = AgentOf(host);
        AgentSession session = await agent.CreateSessionAsync();

        // The response ends with the calls that were told of by then; each further one brings others.
        AgentResponse last = await agent.RunAsync("Ask me.", session, WithPick);
        var answered = new List<string>();
        while (ContentsOf<FunctionCallContent>(last).ToList() is { Count: > 0 } calls)
        {
            answered.AddRange(calls.Select(static call => call.CallId));
            last = await agent.RunAsync(
                new ChatMessage(ChatRole.Tool,
                    [.. calls.Select(static call => (AIContent)new FunctionResultContent(call.CallId,
                        $"red for {call.Arguments!["what"]}"))]),
                session, WithPick);
        }

        Assert.That(answered, Is.Unique.And.Count.EqualTo(5));
        Assert.That(last.Text, Is.EqualTo(string.Join(", ", Enumerable.Range(0, 5).Select(static n => $"red for colour {n}"))));
    }

    [Test]
    public async Task Run_MessageInPlaceOfAResult_IsToldToTheModelWithIt()
    {
        await using RunHost host =
            await StartAsync(static request => request.Messages.Any(static message => RoleOf(message) == "tool")
            ? ChatReply.Say("Never mind.")
            : ChatReply.Call("pick", new { what = "colour" }));
        AIAgent agent = AgentOf(host);
        AgentSession session = await agent.CreateSessionAsync();

        await agent.RunAsync("Ask me.", session, WithPick);
        AgentResponse done = await agent.RunAsync("Leave it.", session, WithPick);

        Assert.That(done.Text, Is.EqualTo("Never mind."));
        string[] last = [.. host.Model.Requests[^1].Messages.Select(static message => message.GetRawText())];
        Assert.That(last, Has.Some.Contains("The caller did not execute the call"));
        Assert.That(last, Has.Some.Contains("Leave it."));
        Assert.That(host.Model.Requests, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Run_OtherToolsInTheSameSession_AreRefusedInWords()
    {
        await using RunHost host = await StartAsync(static _ => ChatReply.Say("Done."));
        AIAgent agent = AgentOf(host);
        AgentSession session = await agent.CreateSessionAsync();
        await agent.RunAsync("Go.", session);

        Assert.That(async () => await agent.RunAsync("Go on.", session, WithPick),
            Throws.InstanceOf<AgentException>().With.Message.Contains(
                "a run keeps the tools of its caller that it was submitted with; use a new session for others"));
    }

    [Test]
    public async Task Run_InAWorkflowWithHandoffs_HandsOffAndTakesItsTurnAgain()
    {
        await using RunHost host = await StartAsync(static request => request.Tools.FirstOrDefault(static name =>
                name.StartsWith("handoff_to_", StringComparison.Ordinal)) is { } handoff && request.Results.Count == 0
            && !request.Messages.Any(static message => RoleOf(message) == "tool")
            ? ChatReply.Call(handoff, new { reasonForHandoff = "It is about money." })
            : ChatReply.Say("I am back."));
        AIAgent triage = AgentOf(host).Scoped("order-1");
        AIAgent billing = new ChatClientAgent(ScriptedClient.Says("Paid."), name: "billing", description: "Bills.");
        Workflow workflow = AgentWorkflowBuilder.CreateHandoffBuilderWith(triage).WithHandoff(triage, billing).Build();

        AgentResponse response = await workflow.AsAIAgent(name: "flow").RunAsync("Charge 42.");

        Assert.That(response.Text, Does.Contain("Paid."));
        Assert.That(host.Model.Requests, Has.Count.EqualTo(1), "the run waits for the handoff to come back, and costs nothing");
    }

    private static IEnumerable<T> ContentsOf<T>(AgentResponse response)
        where T : AIContent => response.Messages.SelectMany(static message => message.Contents).OfType<T>();

    private static string? RoleOf(JsonElement message) => message.GetProperty("role").GetString();

    private static AIAgent AgentOf(RunHost host) => host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>("worker");

    private static Task<RunHost> StartAsync(Func<ChatRequest, ChatReply> script) => RunHost.StartAsync(
        static services => services.AddAgentFunctionsAsAIAgents(), script, [],
        static agent => agent.WithDescription("Sorts.").WithMaxTurns(9));
}
