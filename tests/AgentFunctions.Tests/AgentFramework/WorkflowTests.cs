using AgentFunctions.AgentFramework;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Agents.AI;
using Microsoft.Agents.AI.Workflows;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>Durable agents in the workflows of Agent Framework; handoffs have tests elsewhere.</summary>
internal sealed class WorkflowTests
{
    [Test]
    public async Task Run_InAConcurrentWorkflow_AnswersBesideTheOthers()
    {
        await using RunHost host = await StartAsync(static _ => ChatReply.Say("I say 42."));
        AIAgent other = new ChatClientAgent(ScriptedClient.Says("I say 43."), name: "other");
        Workflow workflow = AgentWorkflowBuilder.BuildConcurrent([AgentOf(host).Scoped("order-1"), other]);

        AgentResponse response = await workflow.AsAIAgent(name: "flow").RunAsync("How much?");

        Assert.That(response.Messages.Select(static message => message.Text), Is.SupersetOf(new[] { "I say 42.", "I say 43." }));
    }

    [Test]
    public async Task Run_ApprovalInsideAWorkflow_IsAskedByItAndDecidedThroughIt()
    {
        int acted = 0;
        AIFunction act = AgentTool.CreateFunction("act", "Acts.", (int number) => $"acted {++acted} {number}");
        await using RunHost host = await StartAsync(
            static request => request.Results.Count == 0 ? ChatReply.Call("act", new { number = 7 }) : ChatReply.Say("Done."),
            new AgentTool(act, ToolEffect.NotIdempotent) { AsksPerson = true });
        AIAgent flow = AgentWorkflowBuilder.BuildSequential(AgentOf(host).Scoped("order-1")).AsAIAgent(name: "flow");
        AgentSession session = await flow.CreateSessionAsync();

        AgentResponse asked = await flow.RunAsync("Act.", session);
        // The workflow tells of it as a request of its own, and as what the agent said.
        ToolApprovalRequestContent request = asked.Messages.SelectMany(static message => message.Contents)
            .OfType<ToolApprovalRequestContent>().Last();
        Assert.That(acted, Is.Zero);
        AgentResponse done = await flow.RunAsync(new ChatMessage(ChatRole.User, [request.CreateResponse(true)]), session);

        Assert.That(acted, Is.EqualTo(1));
        Assert.That(done.Text, Does.Contain("Done."));
    }

    [Test]
    public async Task Run_InASequentialWorkflow_TakesItsTurn()
    {
        await using RunHost host = await StartAsync(
            static request => ChatReply.Say($"I heard: {request.Messages[^1].GetProperty("content")}"));
        AIAgent planner = new ChatClientAgent(ScriptedClient.Says("Charge 42."), name: "planner");
        Workflow workflow = AgentWorkflowBuilder.BuildSequential(planner, AgentOf(host).Scoped("order-1"));

        AgentResponse response = await workflow.AsAIAgent(name: "flow").RunAsync("Begin.");

        Assert.That(response.Messages[^1].Text, Does.Contain("Charge 42."));
    }

    [Test]
    public async Task Run_InAGroupChat_HearsTheOthers()
    {
        await using RunHost host = await StartAsync(
            static request => ChatReply.Say($"I heard: {request.Messages[^1].GetProperty("content")}"));
        AIAgent critic = new ChatClientAgent(ScriptedClient.Says("Too expensive."), name: "critic");
        Workflow workflow = AgentWorkflowBuilder
            .CreateGroupChatBuilderWith(static agents => new RoundRobinGroupChatManager(agents) { MaximumIterationCount = 2 })
            .AddParticipants(critic, AgentOf(host).Scoped("order-1")).Build();

        AgentResponse response = await workflow.AsAIAgent(name: "flow").RunAsync("A car for 42.");

        Assert.That(response.Messages[^1].Text, Does.Contain("Too expensive."));
    }

    private static AIAgent AgentOf(RunHost host) => host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>("worker");

    private static Task<RunHost> StartAsync(Func<ChatRequest, ChatReply> script, params AgentTool[] tools) => RunHost.StartAsync(
        static services => services.AddAgentFunctionsAsAIAgents(), script, tools, static agent => agent.WithMaxTurns(9));
}
