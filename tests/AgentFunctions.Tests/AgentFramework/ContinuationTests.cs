using System.Text;
using AgentFunctions.AgentFramework;
using AgentFunctions.AgentFramework.AIAgents;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>Tokens from which another process goes on: what they give, and the words by which they are refused.</summary>
internal sealed class ContinuationTests
{
    [Test]
    public async Task Continue_BehindAQuestion_GivesTheQuestionAgainUntilItIsAnswered([Values] bool streams)
    {
        AIFunction act = AgentTool.CreateFunction("act", "Acts.", static (int number) => $"acted {number}");
        await using RunHost host = await StartAsync(
            static request => request.Results.Count == 0 ? ChatReply.Call("act", new { number = 7 }) : ChatReply.Say("Done."),
            new AgentTool(act, ToolEffect.NotIdempotent) { AsksPerson = true });
        AIAgent agent = AgentOf(host, "worker");
        ResponseContinuationToken? token = null;
        string? asked = null;
        await foreach (AgentResponseUpdate update in agent.RunStreamingAsync("Act."))
        {
            // The caller goes away with the question.
            token = update.ContinuationToken ?? token;
            asked = update.Contents.OfType<ToolApprovalRequestContent>().SingleOrDefault()?.RequestId ?? asked;
        }

        AgentSession session = await agent.CreateSessionAsync();
        AgentResponse again = await ContinueAsync(agent, session, token!, streams);
        ToolApprovalRequestContent question = ContentsOf<ToolApprovalRequestContent>(again).Single();
        AgentResponse done = await agent.RunAsync(new ChatMessage(ChatRole.User, [question.CreateResponse(true)]), session);
        AgentResponse ended = await ContinueAsync(agent, await agent.CreateSessionAsync(), token!, streams);

        Assert.That(question.RequestId, Is.EqualTo(asked));
        Assert.That((done.Text, ended.Text), Is.EqualTo(("Done.", "Done.")));
        Assert.That(ContentsOf<FunctionResultContent>(ended).Single().Result!.ToString(), Is.EqualTo("acted 7"));
        Assert.That(ContentsOf<ToolApprovalRequestContent>(ended), Is.Empty, "it is answered");
    }

    [Test]
    public async Task Continue_BehindACallThatTheCallerExecutes_GivesTheCallAgain()
    {
        await using RunHost host = await StartAsync(static request => request.Results.Count == 0
            ? ChatReply.Call("pick", new { what = "colour" })
            : ChatReply.Say($"You picked {request.Results[0]}."));
        AIAgent agent = AgentOf(host, "worker");
        var options = new ChatClientAgentRunOptions(new ChatOptions
        {
            Tools = [AIFunctionFactory.CreateDeclaration("pick", "Picks.",
                AIFunctionFactory.Create(static (string what) => what).JsonSchema)],
        });
        AgentSession first = await agent.CreateSessionAsync();
        FunctionCallContent asked = ContentsOf<FunctionCallContent>(await agent.RunAsync("Ask me.", first, options)).Single();

        AgentSession session = await agent.DeserializeSessionAsync(await agent.SerializeSessionAsync(first));
        FunctionCallContent again = ContentsOf<FunctionCallContent>(await agent.RunAsync(session)).Single();
        AgentResponse done = await agent.RunAsync(
            new ChatMessage(ChatRole.Tool, [new FunctionResultContent(again.CallId, "red")]), session);

        Assert.That((again.CallId, again.InformationalOnly), Is.EqualTo((asked.CallId, false)));
        Assert.That(done.Text, Is.EqualTo("You picked red."));
        Assert.That(ContentsOf<FunctionCallContent>(done), Is.Empty);
    }

    [Test]
    public async Task Continue_BetweenACallAndItsResult_TellsTheResultAlone()
    {
        await using RunHost host = await StartAsync(
            static request => request.Results.Count == 0 ? ChatReply.Call("act", new { }) : ChatReply.Say("Done."),
            AgentTool.Create("act", "Acts.", ToolEffect.None, static () => "acted"));
        AIAgent agent = AgentOf(host, "worker");
        ResponseContinuationToken? token = null;
        await foreach (AgentResponseUpdate update in agent.RunStreamingAsync("Act."))
        {
            if (update.Contents.OfType<FunctionCallContent>().Any())
            {
                token = update.ContinuationToken;
                break;
            }
        }

        AgentResponse rest = await ContinueAsync(agent, await agent.CreateSessionAsync(), token!, streams: true);

        Assert.That(ContentsOf<FunctionCallContent>(rest), Is.Empty);
        Assert.That(ContentsOf<FunctionResultContent>(rest).Single().Result!.ToString(), Is.EqualTo("acted"));
    }

    [Test]
    public async Task Continue_TokenOfOthers_IsRefusedInWords()
    {
        await using RunHost host = await StartAsync(static _ => ChatReply.Say("Done."));
        AIAgent agent = AgentOf(host, "worker");
        AgentSession session = await agent.CreateSessionAsync();
        string run = (await agent.RunAsync("Act.", session)).ResponseId!;
        AgentSession other = await agent.CreateSessionAsync();
        string otherRun = (await agent.RunAsync("Act again.", other)).ResponseId!;

        Refused(agent, other, RunToken.Of(run, RunPlace.Begin), $"it is of run '{run}', and the session is of run '{otherRun}'");
        Refused(AgentOf(host, "other"), null, RunToken.Of(run, RunPlace.Begin),
            $"run '{run}' is one of agent 'worker', not of 'other'");
        Refused(agent, null, Token($$"""{"kind":"agentfunctions","v":2,"run":"{{run}}","at":0}"""),
            "it is of version 2, and this program reads up to 1; update AgentFunctions.AgentFramework");
        Refused(agent, null, Token("""{"kind":"agentfunctions","v":1,"run":"nobody","at":0}"""), "nobody");
    }

    [TestCase("{}")]
    [TestCase("[1")]
    [TestCase("""{"kind":"other","v":1,"run":"r","at":0}""")]
    [TestCase("""{"kind":"agentfunctions","v":1,"at":0}""")]
    [TestCase("""{"kind":"agentfunctions","v":1,"run":"r","at":-1}""")]
    [TestCase("""{"kind":"agentfunctions","v":1,"run":"r","at":1,"told":{"words":{"turn":1,"length":-4,"hash":"x"}}}""")]
    [TestCase("""{"kind":"agentfunctions","v":1,"run":"r","at":1,"told":{"words":{"turn":1,"length":4}}}""")]
    public void Read_WhatIsNoToken_IsRefused(string json) => Assert.That(
        () => RunToken.Read(Token(json)),
        Throws.InstanceOf<AgentException>().With.Message.EqualTo("continuation token: it is not one of a durable agent."));

    private static void Refused(AIAgent agent, AgentSession? session, ResponseContinuationToken token, string words) =>
        Assert.That(
        async () => await agent.RunAsync(session, new AgentRunOptions { ContinuationToken = token }),
        Throws.InstanceOf<AgentException>().With.Message.Contains(words));

    private static ResponseContinuationToken Token(string json) =>
        ResponseContinuationToken.FromBytes(Encoding.UTF8.GetBytes(json));

    private static async Task<AgentResponse> ContinueAsync(AIAgent agent, AgentSession session, ResponseContinuationToken token,
        bool streams)
    {
        var options = new AgentRunOptions { ContinuationToken = token, AllowBackgroundResponses = !streams };
        return streams
            ? await agent.RunStreamingAsync(session, options).ToAgentResponseAsync()
            : await agent.RunAsync(session, options);
    }

    private static IEnumerable<T> ContentsOf<T>(AgentResponse response)
        where T : AIContent => response.Messages.SelectMany(static message => message.Contents).OfType<T>();

    private static AIAgent AgentOf(RunHost host, string name) =>
        host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>(name);

    private static Task<RunHost> StartAsync(Func<ChatRequest, ChatReply> script, params AgentTool[] tools) => RunHost.StartAsync(
        static services => services.AddAgent(AgentFunctions.Agents.Agent.Create("other").WithInstructions("Work."))
            .AddAgentFunctionsAsAIAgents(),
        script, tools, static agent => agent.WithMaxTurns(9));
}
