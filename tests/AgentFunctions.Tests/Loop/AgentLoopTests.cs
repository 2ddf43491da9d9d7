using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.Loop;

[CancelAfter(300_000)]
internal sealed class AgentLoopTests
{
    private static readonly AgentTool Echo = AgentTool.Create(
        "echo", "Repeats a text.", ToolEffect.None, (string text) => $"you said {text}");

    [Test]
    public async Task Run_AnswerWithoutTools_CompletesInOneTurn()
    {
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Say("The answer."));

        Run run = await host.RunAsync("Find the answer.");

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(run.Result!.Text, Is.EqualTo("The answer."));
        Assert.That((run.Turns, run.Steps, run.Usage.InputTokens, run.Usage.OutputTokens), Is.EqualTo((1, 1, 10L, 5L)));
        Assert.That(host.Model.Requests[0].Body.GetRawText(), Does.Contain("Find the answer."));
    }

    [Test]
    public async Task Run_ParallelToolCalls_FeedsResultsBackInTheOrderOfTheCalls()
    {
        var slow = new TaskCompletionSource();
        AgentTool wait = AgentTool.Create("wait", "Waits.", ToolEffect.None, async (string text) =>
        {
            if (text == "first")
            {
                await slow.Task;
            }
            else
            {
                slow.TrySetResult();
            }

            return text;
        });
        await using RunHost host = await RunHost.StartAsync(
            request => request.Index == 0
                ? new ChatReply
                {
                    Calls = [ChatReplyCall.Of("wait", new { text = "first" }),
                    ChatReplyCall.Of("wait", new { text = "second" })]
                }
                : ChatReply.Say("done"),
            [wait]);

        Run run = await host.RunAsync();

        IReadOnlyList<TranscriptEntry> transcript = await host.TranscriptAsync(run.Id);
        string?[] results = [.. transcript.SelectMany(entry => entry.Message.Contents).OfType<FunctionResultContent>()
            .Select(result => result.Result?.ToString())];
        Assert.That(results, Is.EqualTo(new[] { "first", "second" }));
        Assert.That((run.Turns, run.Steps, run.CriticalSteps), Is.EqualTo((2, 4, 3)));
    }

    [Test]
    public async Task Run_ToolFailsOrIsUnknownOrArgumentsAreBroken_TellsTheModelAndGoesOn()
    {
        AgentTool broken = AgentTool.Create("broken", "Fails.", ToolEffect.None,
            string () => throw new InvalidOperationException("no luck"));
        await using RunHost host = await RunHost.StartAsync(
            request => request.Index == 0
                ? new ChatReply
                {
                    Calls = [ChatReplyCall.Of("broken", new { }), ChatReplyCall.Of("nothing", new { }),
                        ChatReplyCall.Of("echo", "{\"text\": ")],
                }
                : ChatReply.Say("I see."),
            [broken, Echo]);

        Run run = await host.RunAsync();

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        string[] results = [.. host.Model.Requests[1].Body.GetProperty("messages").EnumerateArray()
            .Where(message => message.GetProperty("role").GetString() == "tool")
            .Select(message => message.GetProperty("content").GetString()!)];
        Assert.That(results[0], Does.Contain("no luck"));
        Assert.That(results[1], Does.Contain("no tool 'nothing'"));
        Assert.That(results[2], Does.Contain("no valid JSON"));
    }

    [Test]
    public async Task Run_TurnLimit_EndsAsBudgetExhausted()
    {
        await using RunHost host = await RunHost.StartAsync(
            _ => ChatReply.Call("echo", new { text = "again" }), [Echo], agent => agent.WithMaxTurns(3));

        Run run = await host.RunAsync();

        Assert.That((run.Status, run.Error?.Code, host.Model.Count),
            Is.EqualTo((RunStatus.BudgetExhausted, "TurnLimitReached", 3)));
    }

    [TestCase(null, null, RunStatus.BudgetExhausted, TestName = "Run_NoLimitAtAll_EndsAfterTheTurnsOfTheHost")]
    [TestCase(100, null, RunStatus.Completed, TestName = "Run_BudgetAndNoTurnLimit_HasAsManyTurnsAsItsBudgetAllows")]
    [TestCase(100, 3, RunStatus.BudgetExhausted, TestName = "Run_BudgetAndATurnLimitOfItsAgent_EndsAtTheLimit")]
    public async Task Run_TurnLimit_FollowsTheBudget(int? steps, int? maxTurns, RunStatus expected)
    {
        await using RunHost host = await RunHost.StartAsync(
            static request => request.Index < 6 ? ChatReply.Call("echo", new { text = "again" }) : ChatReply.Say("done"), [Echo],
            agent => _ = maxTurns is { } most ? agent.WithMaxTurns(most) : agent, ("Runs:MaxTurns", "3"));

        Run run = await host.RunAsync(request: new RunRequest { Budget = new Budget { Steps = steps } });

        Assert.That((run.Status, run.Turns), Is.EqualTo((expected, expected == RunStatus.Completed ? 7 : 3)));
    }

    [Test]
    public async Task Run_ManyTurns_ContinuesAsNewAndKeepsHistoryShort()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => request.Index < 260 ? ChatReply.Call("echo", new { text = $"{request.Index}" }) : ChatReply.Say("done"),
            [Echo], agent => agent.WithMaxTurns(1000));

        Run run = await host.RunAsync();

        Assert.That((run.Status, run.Turns, run.Steps), Is.EqualTo((RunStatus.Completed, 261, 521)));
        int events = 0;
        await foreach (var _ in host.Get<Durability.IOrchestrationClient>().ReadHistoryAsync(run.Id))
        {
            events++;
        }

        Assert.That(events, Is.LessThan(500));
    }

    [Test]
    public async Task Run_ModelRefusesTheKey_FailsWithTheCodeAndResumesFromTheSameStep()
    {
        bool mended = false;
        await using RunHost host = await RunHost.StartAsync(request => request.Index switch
        {
            0 => ChatReply.Call("echo", new { text = "one" }),
            _ when !mended => ChatReply.Error(401, "Incorrect API key provided", "invalid_api_key"),
            _ => ChatReply.Say("done"),
        }, [Echo]);

        Run failed = await host.RunAsync();
        Assert.That((failed.Status, failed.Error?.Code, failed.Turns), Is.EqualTo((RunStatus.Failed, "ModelUnauthorized", 1)));

        mended = true;
        await host.Steering.ResumeAsync(failed.Id);
        Run run = await host.Reader.WaitForEndAsync(failed.Id);

        Assert.That((run.Status, run.Turns, run.Result?.Text), Is.EqualTo((RunStatus.Completed, 2, "done")));
        Assert.That((await host.JournalAsync(run.Id)).Count(e => e.Type == JournalEventTypes.ToolCompleted), Is.EqualTo(1));
    }

    [Test]
    public async Task Run_EmptyAnswer_IsAskedAgainThenFails()
    {
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Say(""));

        Run run = await host.RunAsync();

        Assert.That((run.Status, run.Error?.Code, host.Model.Count), Is.EqualTo((RunStatus.Failed, "ModelAnswerEmpty", 3)));
    }

    [Test]
    public async Task Run_AnswerCutAtTheLengthLimit_IsAskedForAgain()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => request.Index == 0
                ? ChatReply.Say("The ans") with { FinishReason = "length" }
                : ChatReply.Say("The answer."));

        Run run = await host.RunAsync();

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, "The answer.")));
        Assert.That(host.Model.Requests[1].Body.GetRawText(), Does.Contain("cut off"));
    }
}
