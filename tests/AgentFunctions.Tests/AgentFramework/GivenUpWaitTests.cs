using System.Text.Json;
using AgentFunctions.AgentFramework;
using AgentFunctions.AgentFramework.AIAgents;
using AgentFunctions.Records;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using RunStatus = AgentFunctions.Runs.RunStatus;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>A caller that stops waiting for an answer: what becomes of the run, and what its next message is answered.</summary>
internal sealed class GivenUpWaitTests
{
    [Test]
    public async Task Run_MessageAfterAnAnswerThatNobodyWaitedFor_GetsItsOwnAnswer(
        [Values("cancelled", "broken off", "background", "failed")] string first, [Values] bool streams)
    {
        using var give = new CancellationTokenSource();
        var begun = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        await using RunHost host = await StartAsync(request =>
        {
            int asked = request.Messages.Count(static message => message.GetProperty("role").GetString() == "user");
            ChatReply reply = first == "failed" && asked == 1
                ? ChatReply.Error(401, "no key")
                : ChatReply.Say($"Answer {asked}.");
            return reply with
            {
                Before = async token =>
                {
                    begun.TrySetResult();
                    await go.Task.WaitAsync(token);
                },
            };
        });
        AIAgent agent = AgentOf(host);
        AgentSession session = await agent.CreateSessionAsync();

        switch (first)
        {
            case "broken off":
                go.SetResult();
                await foreach (AgentResponseUpdate update in agent.RunStreamingAsync("One.", session))
                {
                    if (update.Text.Length > 0)
                    {
                        break;
                    }
                }

                break;
            case "background":
                await agent.RunAsync("One.", session, new AgentRunOptions { AllowBackgroundResponses = true });
                go.SetResult();
                break;
            default:
                Task<AgentResponse> waiting = agent.RunAsync("One.", session, cancellationToken: give.Token);
                await begun.Task;
                await give.CancelAsync();
                Assert.That(async () => await waiting, Throws.InstanceOf<OperationCanceledException>());
                go.SetResult();
                break;
        }

        JsonElement kept = await agent.SerializeSessionAsync(session);
        await host.Reader.WaitForEndAsync(kept.GetProperty("run").GetString()!);
        session = await agent.DeserializeSessionAsync(kept);
        AgentResponse second = await AskAsync("Two.");
        AgentResponse third = await AskAsync("Three.");

        Assert.That((second.Text, third.Text), Is.EqualTo(("Answer 2.", "Answer 3.")));
        Assert.That((second.FinishReason, third.FinishReason), Is.EqualTo((ChatFinishReason.Stop, ChatFinishReason.Stop)));

        async Task<AgentResponse> AskAsync(string text) => streams
            ? await agent.RunStreamingAsync(text, session).ToAgentResponseAsync()
            : await agent.RunAsync(text, session);
    }

    [Test]
    public async Task Run_MessagesThatAreRepeated_GetTheirOwnAnswersAgain()
    {
        await using RunHost host = await StartAsync(static request => ChatReply.Say(
            $"Answer {request.Messages.Count(static message => message.GetProperty("role").GetString() == "user")}."));

        string first = await AskAsync();

        // As a workflow does that is killed and started again.
        Assert.That(await AskAsync(), Is.EqualTo(first).And.EqualTo("Answer 1. Answer 2. Answer 3."));

        async Task<string> AskAsync()
        {
            AIAgent agent = AgentOf(host).Scoped("order-1");
            AgentSession session = await agent.CreateSessionAsync();
            var answers = new List<string>();
            foreach (string text in (string[])["Go on.", "Go on.", "Go on."])
            {
                answers.Add((await agent.RunAsync(text, session)).Text);
            }

            return string.Join(' ', answers);
        }
    }

    [Test]
    public void RunEnds_EndAfterWhichTheRunGoesOnByItself_DoesNotCount()
    {
        var ends = new RunEnds();
        ends.Take(3, Event(JournalEventTypes.RunEnded));
        Assert.That((ends.Leave(isOver: false), ends.HasOne, ends.End), Is.EqualTo((3L, false, (JournalEvent?)null)));

        ends.Take(3, Event(JournalEventTypes.RunEnded));
        Assert.That(ends.IsBehind(Event(JournalEventTypes.CallbackFailed)), Is.False);
        Assert.That((ends.IsBehind(Event(JournalEventTypes.ModelCompleted)), ends.HasOne), Is.EqualTo((false, false)));

        JournalEvent last = Event(JournalEventTypes.RunEnded);
        ends.Take(5, last);
        Assert.That(ends.IsBehind(Event(JournalEventTypes.MessageReceived)), Is.True);
        Assert.That(ends.End, Is.SameAs(last));
    }

    [Test]
    public async Task RunStreaming_CallerThatGivesUp_LeavesTheRunOrCancelsIt([Values] bool cancels, [Values] bool inItsHands)
    {
        using var give = new CancellationTokenSource();
        var begun = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        await using RunHost host = await StartAsync(
            request => request.Results.Count == 0
                ? ChatReply.Call("act", new { number = 7 })
                : ChatReply.Say("Done.") with
                {
                    Before = async token =>
                    {
                        begun.TrySetResult();
                        await go.Task.WaitAsync(token);
                    },
                },
            options => options.CancelRunWithCaller = cancels);
        AIAgent agent = AgentOf(host);
        AgentSession session = await agent.CreateSessionAsync();

        Assert.That(async () => await ReadAsync(), Throws.InstanceOf<OperationCanceledException>());
        go.SetResult();
        string run = (await agent.SerializeSessionAsync(session)).GetProperty("run").GetString()!;

        Assert.That((await host.Reader.WaitForEndAsync(run)).Status,
            Is.EqualTo(cancels ? RunStatus.Cancelled : RunStatus.Completed));

        async Task ReadAsync()
        {
            await foreach (AgentResponseUpdate update in agent.RunStreamingAsync("Act.", session, cancellationToken: give.Token))
            {
                if (update.Contents.OfType<FunctionResultContent>().Any())
                {
                    await begun.Task;
                    await give.CancelAsync();
                    if (inItsHands)
                    {
                        // As a write to a connection that is gone: the next update is not asked for.
                        give.Token.ThrowIfCancellationRequested();
                    }
                }
            }
        }
    }

    private static JournalEvent Event(string type) => new(type, DateTimeOffset.UnixEpoch);

    private static AIAgent AgentOf(RunHost host) => host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>("worker");

    private static Task<RunHost> StartAsync(Func<ChatRequest, ChatReply> script, Action<AIAgentOptions>? configure = null) =>
        RunHost.StartAsync(
            services => services.AddAgentFunctionsAsAIAgents(configure), script,
            [AgentTool.Create("act", "Acts.", ToolEffect.None, static (int number) => $"acted {number}")]);
}
