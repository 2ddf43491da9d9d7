using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Tools.Memory;

[CancelAfter(300_000)]
internal sealed class MemoryToolTests
{
    private static readonly AgentTool Large = AgentTool.Create(
        "large", "Returns much.", ToolEffect.None,
        () => string.Concat(Enumerable.Range(0, 5_000).Select(i => $"line {i:D4} 😀\n")));

    [Test]
    public async Task Recall_Artifact_PagesThroughTheWholeWithoutALoss()
    {
        var pages = new List<string>();
        await using RunHost host = await RunHost.StartAsync(request =>
        {
            if (request.Index == 0)
            {
                return ChatReply.Call("large", new { });
            }

            string result = request.Results[0];
            if (request.Index > 1)
            {
                pages.Add(result[..result.LastIndexOf("\n[characters", StringComparison.Ordinal)]);
                if (result.EndsWith("this is the end]", StringComparison.Ordinal))
                {
                    return ChatReply.Say("read");
                }
            }

            int offset = request.Index == 1 ? 0 : int.Parse(result[(result.LastIndexOf(' ') + 1)..^1]);
            return ChatReply.Call("recall", new { artifact = "t1-c0-large.txt", offset });
        }, [Large]);

        Run run = await host.RunAsync();

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(string.Concat(pages), Is.EqualTo(string.Concat(Enumerable.Range(0, 5_000).Select(i => $"line {i:D4} 😀\n"))));
    }

    [Test]
    public async Task Recall_QueryAndTurn_FindWhatASummaryHasTakenAway()
    {
        AgentTool echo = AgentTool.Create("echo", "Repeats.", ToolEffect.None, (string text) => text + new string('.', 1_000));
        await using RunHost host = await RunHost.StartAsync(
            request => (request.Messages[0].GetRawText().Contains("You sum up", StringComparison.Ordinal)
                ? ChatReply.Say("Nothing of note.")
                : request.Index == 0 ? ChatReply.Call("echo", new { text = "The Zebra sleeps" })
                : request.Index < 15 ? ChatReply.Call("echo", new { text = "hay" })
                : !request.Body.GetRawText().Contains("zebra", StringComparison.Ordinal) ? new ChatReply
                {
                    Calls = [ChatReplyCall.Of("recall", new { query = "zebra" }), ChatReplyCall.Of("recall", new { turn = 1 }),
                        ChatReplyCall.Of("recall", new { turn = 99 })],
                }
                : ChatReply.Say("found")) with
            { Usage = new(request.Body.GetRawText().Length / 4, 20) },
            [echo], null, ("Models:test:ContextWindow", "5000"), ("Models:test:MaxOutputTokens", "500"));

        Run run = await host.RunAsync();

        Assert.That(run.Result?.Text, Is.EqualTo("found"));
        IReadOnlyList<string> results = host.Model.Requests[^1].Results;
        Assert.That(results[0], Does.Contain("turn 1: ").And.Contain("Zebra sleeps").And.Contain("occurrences]"));
        Assert.That(results[1], Does.Contain("<call echo>").And.Contain("Zebra"));
        Assert.That(results[2], Is.EqualTo("There is no turn 99."));
    }

    [Test]
    public async Task Recall_WrongArguments_SaysWhatThereIs()
    {
        await using RunHost host = await RunHost.StartAsync(request => request.Index == 0
            ? new ChatReply
            {
                Calls = [ChatReplyCall.Of("recall", new { }), ChatReplyCall.Of("recall", new { artifact = "../x" }),
                    ChatReplyCall.Of("recall", new { query = "x", turn = 1 })],
            }
            : ChatReply.Say("I see."));

        await host.RunAsync();

        Assert.That(host.Model.Requests[1].Results, Has.All.StartsWith("Error: "));
    }

    [Test]
    public async Task Notes_OfALabel_OutliveTheRunAndAreNotSeenByOthers()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => request.Turn > 0 ? ChatReply.Say(string.Join('|', request.Results))
                : request.Last("user").Contains("write", StringComparison.Ordinal) ? new ChatReply
                {
                    Calls =
                    [
                        ChatReplyCall.Of("save_note", new { name = "shared", text = "for all" }),
                        ChatReplyCall.Of("save_note", new { name = "secret", text = "for payments", label = "team" }),
                        ChatReplyCall.Of("save_note", new { name = "wrong", text = "x", label = "other" }),
                        ChatReplyCall.Of("save_note", new { name = "a/b", text = "x" }),
                        ChatReplyCall.Of("save_note", new { name = "long", text = new string('x', 4_001) }),
                    ],
                }
                : new ChatReply
                {
                    Calls = [ChatReplyCall.Of("read_notes", new { }),
                    ChatReplyCall.Of("read_notes", new { label = "team" })]
                },
            null, agent => agent.WithTools("save_note", "read_notes"));

        Run writer = await host.RunAsync("write", new() { Labels = Team("payments") });
        Run same = await host.RunAsync("read", new() { Labels = Team("payments") });
        Run other = await host.RunAsync("read", new() { Labels = Team("billing") });

        Assert.That(writer.Result!.Text,
            Does.Contain("Saved shared.|Saved secret.|Error").And.Contain("no label 'other'").And.Contain("name: use 1 to 64").And.Contain("at most 4000"));
        Assert.That(same.Result!.Text, Does.Contain("for all").And.Contain("for payments"));
        Assert.That(other.Result!.Text,
            Does.Contain("for all").And.Not.Contain("for payments").And.Contain("There are no such notes."));

        static Dictionary<string, string> Team(string name) => new() { ["team"] = name };
    }
}
