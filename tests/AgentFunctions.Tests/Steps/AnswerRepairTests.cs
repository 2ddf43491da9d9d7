using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Steps;

/// <summary>Answers that are cut, too large, or no answers: what the model, the result and the transcript say of them.</summary>
[CancelAfter(300_000)]
public sealed class AnswerRepairTests
{
    [Test]
    public async Task Run_AnswerIsCutEachTime_SaysSoInTheResult()
    {
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Say("Half of") with { FinishReason = "length" });

        Run run = await host.RunAsync();

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(run.Result!.FinishReason, Is.EqualTo("length"));
        Assert.That(run.Result.Note, Does.Contain("not whole"));
    }

    [Test]
    public async Task Run_CallIsCut_TellsTheModelThatItReachedItsLimit()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => request.Turn == 0
                ? ChatReply.Call("save", "{\"text\":\"half of") with { FinishReason = "length" }
                : ChatReply.Say("Done."), [Save([])]);

        Run run = await host.RunAsync();

        ChatRequest second = host.Model.Requests[1];
        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(second.Body.GetRawText(), Does.Contain("limit of output tokens"));
    }

    [Test]
    public async Task Run_CallsAreCutEachTime_EndsWithAReason()
    {
        await using RunHost host = await RunHost.StartAsync(
            _ => ChatReply.Call("save", "{\"text\":\"half of") with { FinishReason = "length" }, [Save([])]);

        Run run = await host.RunAsync();

        Assert.That((run.Status, run.Error?.Code, host.Model.Count),
            Is.EqualTo((RunStatus.Failed, nameof(ErrorCode.ModelAnswerCut), 5)));
        Assert.That(run.Error!.Message, Does.Contain("Raise MaxOutputTokens"));
    }

    [Test]
    public async Task Run_CallsAreCutNowAndThen_GoesOn()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => request.Turn == 12 ? ChatReply.Say("Done.")
                : request.Turn % 4 == 3 ? ChatReply.Call("save", new { text = "whole" })
                : ChatReply.Call("save", "{\"text\":\"half of") with { FinishReason = "length" }, [Save([])]);

        Assert.That((await host.RunAsync()).Status, Is.EqualTo(RunStatus.Completed));
    }

    [Test]
    public async Task Run_CallIsMalformed_IsAskedForAgain()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => request.Turn switch
            {
                0 => ChatReply.Say("I now write the report with the tool.") with { FinishReason = "MALFORMED_FUNCTION_CALL" },
                1 => ChatReply.Call("save", new { text = "the report" }),
                _ => ChatReply.Say("Done."),
            }, [Save([])]);

        Run run = await host.RunAsync();

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, "Done.")));
        Assert.That(host.Model.Requests[1].Body.GetRawText(), Does.Contain("not well formed"));
    }

    [Test]
    public async Task Run_CallIsMalformedEachTime_FailsWithAReason()
    {
        await using RunHost host = await RunHost.StartAsync(
            _ => ChatReply.Say("I write.") with { FinishReason = "function_call_filter: MALFORMED_FUNCTION_CALL" }, [Save([])]);

        Run run = await host.RunAsync();

        Assert.That((run.Status, run.Error?.Code, host.Model.Count),
            Is.EqualTo((RunStatus.Failed, nameof(ErrorCode.ModelProtocolError), 3)));
        Assert.That(run.Error!.Message, Does.Contain("not well formed"));
    }

    [Test]
    public async Task Run_ThinkingUsesUpTheClosingCall_EndsByItsBudget()
    {
        await using RunHost host = await RunHost.StartAsync(
            static request => request.Tools.Count > 0
                ? ChatReply.Call("save", new { text = "x" })
                : ChatReply.Error(400,
                    "Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens."),
            [Save([])]);

        Run run = await host.RunAsync("Work.", new RunRequest { Budget = new Budget { Steps = 3 } });

        Assert.That((run.Status, run.Error?.Code), Is.EqualTo((RunStatus.BudgetExhausted, nameof(ErrorCode.StepLimitReached))));
    }

    [TestCase("<tool_call>{\"name\":\"save\",\"arguments\":{}}</tool_call>", nameof(ErrorCode.ModelProtocolError))]
    [TestCase("<think>I should look", nameof(ErrorCode.ModelAnswerEmpty))]
    public async Task Run_NoAnswerEachTime_FailsWithAReason(string text, string code)
    {
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Say(text), [Save([])]);

        Run run = await host.RunAsync();

        Assert.That(run.Error!.Code, Is.EqualTo(code));
        Assert.That(host.Model.Count, Is.EqualTo(3), "asked again twice");
    }

    [TestCase(180_000, '中')]
    [TestCase(500_000, '"')]
    public async Task Run_LargeCall_IsMadeAndKept(int length, char letter)
    {
        List<int> saved = [];
        await using RunHost host = await RunHost.StartAsync(
            request => request.Turn == 0
                ? ChatReply.Call("save", new { text = new string(letter, length) })
                : ChatReply.Say("Done."), [Save(saved)],
            settings: [("Models:test:ContextWindow", "100000000")]);

        Run run = await host.RunAsync();
        IReadOnlyList<TranscriptEntry> transcript = await host.TranscriptAsync(run.Id);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
            Assert.That(saved, Is.EqualTo(new[] { length }));
            Assert.That(transcript.SelectMany(static entry => entry.Calls).Single().Arguments!["text"]!.ToString(),
                Has.Length.EqualTo(length));
            Assert.That(run.Usage.InputTokens, Is.GreaterThan(0));
        }
    }

    [Test]
    public async Task Run_UnknownRefusalOfALongRequest_IsTriedAsOverflowOnce()
    {
        int refused = 0;
        await using RunHost host = await RunHost.StartAsync(
            request =>
            {
                if (request.Tools.Count == 0)
                {
                    return ChatReply.Say("SUMMARY");
                }

                if (request.Body.GetRawText().Length > 60_000)
                {
                    refused++;
                    return ChatReply.Error(400, "Bad request.");
                }

                return request.Turn < 4 && refused == 0
                    ? ChatReply.Call("save", new { text = new string((char)('a' + request.Turn), 20_000) })
                    : ChatReply.Say("Done.");
            },
            [Save([])]);

        Run run = await host.RunAsync();

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        Assert.That(refused, Is.EqualTo(1));
    }

    private static AgentTool Save(List<int> saved) => AgentTool.Create("save", "Saves a text.", ToolEffect.None, (string text) =>
    {
        saved.Add(text.Length);
        return "saved";
    });
}
