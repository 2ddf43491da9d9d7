using System.Text.Json;
using AgentFunctions.AgentFramework;
using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Run = AgentFunctions.Runs.Run;
using RunStatus = AgentFunctions.Runs.RunStatus;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>An agent of the host as code of Agent Framework sees it: each row of the second mapping.</summary>
internal sealed class DurableAIAgentTests
{
    private static readonly AgentRunOptions Background = new() { AllowBackgroundResponses = true };

    [Test]
    public async Task Run_Session_IsOneRun()
    {
        await using RunHost host = await StartAsync(static request =>
            ChatReply.Say(request.Messages.Count(static message => RoleOf(message) == "user") > 1 ? "Second." : "First."));
        AIAgent agent = AgentOf(host);

        AgentSession session = await agent.CreateSessionAsync();
        AgentResponse first = await agent.RunAsync("One.", session);
        AgentResponse second = await agent.RunAsync("Two.", session);

        Assert.That((first.Text, second.Text), Is.EqualTo(("First.", "Second.")));
        Assert.That(first.FinishReason, Is.EqualTo(ChatFinishReason.Stop));
        Assert.That(first.ResponseId, Is.EqualTo(second.ResponseId));
        Assert.That((agent.Name, agent.Description, agent.Id), Is.EqualTo(("worker", "Works.", "worker")));
    }

    [Test]
    public async Task Run_Usage_IsThatOfItsOwnSteps()
    {
        await using RunHost host = await StartAsync(CallsOnce);
        AIAgent agent = AgentOf(host);

        AgentSession session = await agent.CreateSessionAsync();
        AgentResponse first = await agent.RunAsync("Act.", session);
        Run run = await host.Reader.GetAsync(first.ResponseId!);

        Assert.That(first.Usage!.TotalTokenCount, Is.EqualTo(run.Budget!.Spent.Tokens));
    }

    [Test]
    public async Task Run_CallAndResult_AreToldWithOneId()
    {
        await using RunHost host = await StartAsync(CallsOnce);

        AgentResponse response = await AgentOf(host).RunAsync("Act.");

        FunctionCallContent call = response.Messages.SelectMany(static message => message.Contents).OfType<FunctionCallContent>()
            .Single();
        FunctionResultContent result = response.Messages.SelectMany(static message => message.Contents)
            .OfType<FunctionResultContent>().Single();
        Assert.That((call.Name, call.InformationalOnly, result.Result), Is.EqualTo(("act", true, (object)"acted 7")));
        Assert.That(result.CallId, Is.EqualTo(call.CallId));
        Assert.That(response.Text, Does.EndWith("Done."));
    }

    [Test]
    public async Task RunStreaming_EachStep_HasATokenThatGoesOnBehindIt()
    {
        await using RunHost host = await StartAsync(CallsOnce);
        AIAgent agent = AgentOf(host);
        AgentSession session = await agent.CreateSessionAsync();
        ResponseContinuationToken? token = null;
        await foreach (AgentResponseUpdate update in agent.RunStreamingAsync("Act.", session))
        {
            if (update.Contents.OfType<FunctionResultContent>().Any())
            {
                // The caller goes away here.
                token = update.ContinuationToken;
                break;
            }
        }

        AgentSession other = await agent.CreateSessionAsync();
        var rest = new List<AgentResponseUpdate>();
        var behind = new AgentRunOptions { ContinuationToken = ResponseContinuationToken.FromBytes(token!.ToBytes()) };
        await foreach (AgentResponseUpdate update in agent.RunStreamingAsync(other, behind))
        {
            rest.Add(update);
        }

        Assert.That(rest.SelectMany(static update => update.Contents)
            .Where(static content => content is FunctionCallContent or FunctionResultContent), Is.Empty);
        Assert.That(string.Concat(rest.Select(static update => update.Text)), Is.EqualTo("Done."));
        Assert.That(rest[^1].FinishReason, Is.EqualTo(ChatFinishReason.Stop));
    }

    [Test]
    public async Task Run_InTheBackground_ComesBackAtOnceAndIsFoundByToken()
    {
        var go = new TaskCompletionSource();
        await using RunHost host = await StartAsync(
            CallsOnce, AgentTool.Create("act", "Acts.", ToolEffect.None, async (int number) =>
        {
            await go.Task;
            return $"acted {number}";
        }));
        AIAgent agent = AgentOf(host);
        AgentSession session = await agent.CreateSessionAsync();

        AgentResponse response = await agent.RunAsync("Act.", session, Background);
        Assert.That(response.ContinuationToken, Is.Not.Null);
        JsonElement kept = await agent.SerializeSessionAsync(session);
        go.SetResult();
        var texts = new List<string>();
        // As another process would.
        await Poll.ForAsync(
            async () =>
            {
                response = await agent.RunAsync(
                    await agent.DeserializeSessionAsync(kept),
                    new AgentRunOptions { ContinuationToken = response.ContinuationToken, AllowBackgroundResponses = true });
                texts.Add(response.Text);
                return response;
            },
            static response => response.ContinuationToken is null);

        Assert.That(string.Concat(texts), Is.EqualTo("Done."));
        Assert.That(response.FinishReason, Is.EqualTo(ChatFinishReason.Stop));
    }

    [Test]
    public async Task Run_TokenWithMessages_IsRefusedAsByTheirAgents()
    {
        await using RunHost host = await StartAsync(static _ => ChatReply.Say("Done."));
        AIAgent agent = AgentOf(host);
        AgentSession session = await agent.CreateSessionAsync();
        AgentResponse response = await agent.RunAsync("Act.", session, Background);
        ResponseContinuationToken token = response.ContinuationToken
            ?? AgentFunctions.AgentFramework.AIAgents.RunToken.Of(response.ResponseId!,
                AgentFunctions.AgentFramework.AIAgents.RunPlace.Begin);

        Assert.That(
            async () => await agent.RunAsync("More.", session, new AgentRunOptions { ContinuationToken = token }),
            Throws.InvalidOperationException.With.Message.EqualTo(
                "Input messages are not allowed when continuing a background response using a continuation token."));
        Assert.That(
            async () => await agent.RunAsync(
                session, new AgentRunOptions { ContinuationToken = ResponseContinuationToken.FromBytes("{}"u8.ToArray()) }),
            Throws.InstanceOf<AgentException>().With.Message.Contains("it is not one of a durable agent"));
        Assert.That(
            async () => await agent.RunAsync("Act.", options: Background),
            Throws.InvalidOperationException.With.Message.Contains("A session must be provided"));
    }

    [Test]
    public async Task Run_ApprovalAsked_IsARequestAndItsAnswerDecides()
    {
        AIFunction act = AgentTool.CreateFunction("act", "Acts.", (int number) => $"acted {number}");
        await using RunHost host = await StartAsync(
            CallsOnce, new AgentTool(act, ToolEffect.NotIdempotent) { AsksPerson = true });
        AIAgent agent = AgentOf(host);
        AgentSession session = await agent.CreateSessionAsync();

        AgentResponse asked = await agent.RunAsync("Act.", session);
        ToolApprovalRequestContent request = RequestsOf(asked).Single();
        AgentResponse again = await agent.RunAsync("Hurry up.", session);
        AgentResponse done = await agent.RunAsync(new ChatMessage(ChatRole.User, [request.CreateResponse(true)]), session);

        Assert.That(asked.Messages.SelectMany(static message => message.Contents).OfType<FunctionCallContent>(), Is.Empty,
            "a call that waits is told of as the request alone");
        Assert.That(((FunctionCallContent)request.ToolCall).Arguments!["number"]!.ToString(), Is.EqualTo("7"));
        Assert.That(RequestsOf(again).Single().RequestId, Is.EqualTo(request.RequestId),
            "a message meanwhile rejects nothing: the question is given again");
        Assert.That(done.Text, Does.EndWith("Done."));
        Assert.That(done.Messages.SelectMany(static message => message.Contents).OfType<FunctionCallContent>().Single().CallId,
            Is.EqualTo(request.ToolCall.CallId));
        Assert.That(done.Messages.SelectMany(static message => message.Contents).OfType<FunctionResultContent>().Single().CallId,
            Is.EqualTo(request.ToolCall.CallId));
    }

    [Test]
    public async Task Run_TypedAnswer_IsHeldToItsSchema()
    {
        int answers = 0;
        await using RunHost host = await StartAsync(_ => ChatReply.Say(++answers == 1 ? "About forty." : """{"total":42}"""));
        AIAgent agent = AgentOf(host);
        AgentSession session = await agent.CreateSessionAsync();

        AgentResponse<Answer> typed = await agent.RunAsync<Answer>("How much?", session, JsonSerializerOptions.Web);

        Assert.That((typed.Result.Total, answers), Is.EqualTo((42, 2)));
        Assert.That(
            async () => await agent.RunAsync<Other>("And in words?", session, JsonSerializerOptions.Web),
            Throws.InstanceOf<AgentException>().With.Message.Contains("use a new session for another one"));
    }

    [Test]
    public async Task Run_ThatFails_ThrowsWithItsIdAndTheSessionGoesOn()
    {
        bool isBroken = true;
        await using RunHost host = await StartAsync(_ => isBroken ? ChatReply.Error(401, "no key") : ChatReply.Say("Done."));
        AIAgent agent = AgentOf(host);
        AgentSession session = await agent.CreateSessionAsync();

        Assert.That(async () => await agent.RunAsync("Act.", session),
            Throws.InstanceOf<AgentException>().With.Message.Matches("Run '.+' of agent 'worker' ended as failed"));
        isBroken = false;
        Assert.That((await agent.RunAsync("Again.", session)).Text, Is.EqualTo("Done."));
    }

    [Test]
    public async Task Run_ThatIsCancelled_ThrowsWithItsIdAndTheSessionGoesOn()
    {
        var begun = new TaskCompletionSource();
        bool isBlocked = true;
        await using RunHost host = await StartAsync(
            _ => ChatReply.Say("Done.") with
            {
                Before = token =>
                {
                    begun.TrySetResult();
                    return isBlocked ? Task.Delay(Timeout.Infinite, token) : Task.CompletedTask;
                },
            });
        AIAgent agent = AgentOf(host);
        AgentSession session = await agent.CreateSessionAsync();
        Task<AgentResponse> waiting = agent.RunAsync("Act.", session);
        await begun.Task;
        string run = (await agent.SerializeSessionAsync(session)).GetProperty("run").GetString()!;

        await agent.GetService<RunSteering>()!.CancelAsync(run, Caller.Local, "enough");

        Assert.That(async () => await waiting,
            Throws.InstanceOf<AgentException>().With.Message.Matches($"Run '{run}' of agent 'worker' ended as cancelled: .+ "
                + "A further message to the session resumes it."));
        isBlocked = false;
        Assert.That((await agent.RunAsync("Again.", session)).Text, Is.EqualTo("Done."));
    }

    [Test]
    public async Task Run_NothingToSayInANewSession_IsRefusedInWords()
    {
        await using RunHost host = await StartAsync(static _ => ChatReply.Say("Done."));
        AIAgent agent = AgentOf(host);

        Assert.That(async () => await agent.RunAsync(await agent.CreateSessionAsync()),
            Throws.InstanceOf<AgentException>().With.Message.EqualTo(
                "messages: there is no text, and the session has no run yet; send the goal as text."));
    }

    [Test]
    public async Task Run_ThatExhaustsItsBudget_EndsByLength()
    {
        await using RunHost host = await StartAsync(
            static request => ChatReply.Call("act", new { number = request.Messages.Count }),
            AgentTool.Create("act", "Acts.", ToolEffect.None, static (int number) => $"acted {number}"), maxTurns: 2);

        AgentResponse response = await AgentOf(host).RunAsync("Act for ever.");

        Assert.That(response.FinishReason, Is.EqualTo(ChatFinishReason.Length));
    }

    [Test]
    public async Task Run_WhatARunCannotTake_IsRefusedInWords()
    {
        await using RunHost host = await StartAsync(static _ => ChatReply.Say("Done."));
        AIAgent agent = AgentOf(host);
        var withTools = new ChatClientAgentRunOptions(new ChatOptions { Tools = [new HostedWebSearchTool()] });

        Assert.That(
            async () => await agent.RunAsync("Act.", options: withTools),
            Throws.InstanceOf<AgentException>().With.Message.Contains("is not a function, and a caller executes functions alone"));
        Assert.That(
            async () => await agent.RunAsync(new ChatMessage(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")])),
            Throws.InstanceOf<AgentException>().With.Message.Contains("end with a message of the user that says in words"));
        Assert.That(
            async () => await agent.RunAsync("Act.", await new ChatClientAgent(ScriptedClient.Says("")).CreateSessionAsync()),
            Throws.InvalidOperationException.With.Message.Contains("ChatClientAgentSession"));
        Assert.That(() => host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>("nobody"),
            Throws.InstanceOf<AgentException>().With.Message.Contains("nobody"));
    }

    [Test]
    public async Task Session_AsItIsKept_IsReadAndANewerOneIsRefused()
    {
        await using RunHost host = await StartAsync(static _ => ChatReply.Say("Done."));
        AIAgent agent = AgentOf(host);
        const string golden = """{"kind":"agentfunctions","v":1,"run":"r-1","sent":2,"at":17,"state":{}}""";

        AgentSession session = await agent.DeserializeSessionAsync(JsonDocument.Parse(golden).RootElement);

        Assert.That((await agent.SerializeSessionAsync(session)).GetRawText(), Is.EqualTo(golden));
        Assert.That(
            async () => await agent.DeserializeSessionAsync(
                JsonDocument.Parse(golden.Replace("\"v\":1", "\"v\":2", StringComparison.Ordinal)).RootElement),
            Throws.InstanceOf<AgentException>().With.Message.Contains("it is of version 2, and this program reads up to 1"));
        Assert.That(
            async () => await agent.DeserializeSessionAsync(JsonDocument.Parse("{}").RootElement),
            Throws.InstanceOf<AgentException>().With.Message.Contains("it is not one of a durable agent"));
    }

    [Test]
    public async Task Run_CallerThatGivesUp_LeavesTheRunOrCancelsIt([Values] bool cancels)
    {
        using var give = new CancellationTokenSource();
        var begun = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        await using RunHost host = await StartAsync(
            CallsOnce,
            AgentTool.Create("act", "Acts.", ToolEffect.None, async (int number, CancellationToken token) =>
            {
                begun.TrySetResult();
                await go.Task.WaitAsync(token);
                return $"acted {number}";
            }),
            configure: options => options.CancelRunWithCaller = cancels);
        AIAgent agent = AgentOf(host);
        AgentSession session = await agent.CreateSessionAsync();
        Task<AgentResponse> waiting = agent.RunAsync("Act.", session, cancellationToken: give.Token);
        await begun.Task;

        await give.CancelAsync();
        Assert.That(async () => await waiting, Throws.InstanceOf<OperationCanceledException>());
        go.SetResult();
        string run = (await agent.SerializeSessionAsync(session)).GetProperty("run").GetString()!;

        Assert.That((await host.Reader.WaitForEndAsync(run)).Status,
            Is.EqualTo(cancels ? RunStatus.Cancelled : RunStatus.Completed));
    }

    [Test]
    public async Task Run_SameWordsInOneScope_AreOneRun()
    {
        await using RunHost host = await StartAsync(static _ => ChatReply.Say("Done."));
        AIAgent agent = AgentOf(host);

        string? first = (await agent.Scoped("order-1").RunAsync("Act.")).ResponseId;

        Assert.That((await agent.Scoped("order-1").RunAsync("Act.")).ResponseId, Is.EqualTo(first));
        Assert.That((await agent.Scoped("order-2").RunAsync("Act.")).ResponseId, Is.Not.EqualTo(first));
        var keyed = new AgentRunOptions { AdditionalProperties = new() { ["agentfunctions.idempotencyKey"] = "k-1" } };
        string? byKey = (await agent.RunAsync("Act.", options: keyed)).ResponseId;
        Assert.That((await agent.RunAsync("Act.", options: keyed)).ResponseId, Is.EqualTo(byKey).And.Not.EqualTo(first));
        Assert.That(() => new ChatClientAgent(ScriptedClient.Says(""), name: "theirs").Scoped("s"),
            Throws.InstanceOf<AgentException>().With.Message.Contains("is not durable"));
    }

    [Test]
    public async Task Run_AsAToolOfAnotherAgent_IsNotKnownByTheCallIdThatItsModelRepeats()
    {
        int worked = 0;
        await using RunHost host = await StartAsync(_ => ChatReply.Say($"I worked, {++worked}."));

        // Some models number the calls of each conversation in the same way.
        Assert.That(await AskAsync(AgentOf(host)), Does.Contain("I worked, 1."));
        Assert.That(await AskAsync(AgentOf(host)), Does.Contain("I worked, 2."), "another conversation is another run");
        Assert.That(await AskAsync(AgentOf(host).Scoped("order-1")), Does.Contain("I worked, 3."));
        Assert.That(await AskAsync(AgentOf(host).Scoped("order-1")), Does.Contain("I worked, 3."), "repeated by its scope");

        static async Task<string?> AskAsync(AIAgent agent)
        {
            AIFunction tool = agent.AsAIFunction();
            ScriptedClient client = ScriptedClient.Calls(
                "Done.", ScriptedClient.CallOf($"functions.{tool.Name}:0", tool.Name, ("query", "Work.")));
            AgentResponse response = await new ChatClientAgent(client, name: "outer", tools: [tool]).RunAsync("Work.");
            return response.Messages.SelectMany(static message => message.Contents).OfType<FunctionResultContent>()
                .Single().Result!.ToString();
        }
    }

    private static IEnumerable<ToolApprovalRequestContent> RequestsOf(AgentResponse response) =>
        response.Messages.SelectMany(static message => message.Contents).OfType<ToolApprovalRequestContent>();

    private static string? RoleOf(JsonElement message) => message.GetProperty("role").GetString();

    private static ChatReply CallsOnce(ChatRequest request) =>
        request.Messages.Any(static message => RoleOf(message) == "tool")
            ? ChatReply.Say("Done.")
            : ChatReply.Call("act", new { number = 7 });

    private static AIAgent AgentOf(RunHost host) => host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>("worker");

    private static Task<RunHost> StartAsync(
        Func<ChatRequest, ChatReply> script, AgentTool? tool = null, int maxTurns = 50,
        Action<AIAgentOptions>? configure = null) => RunHost.StartAsync(
        services => services.AddAgentFunctionsAsAIAgents(configure), script,
        [tool ?? AgentTool.Create("act", "Acts.", ToolEffect.None, static (int number) => $"acted {number}")],
        agent => agent.WithDescription("Works.").WithMaxTurns(maxTurns));

    private sealed record Answer(int Total);

    private sealed record Other(string Words);
}
