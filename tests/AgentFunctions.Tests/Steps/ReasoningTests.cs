using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Steps;

[CancelAfter(300_000)]
internal sealed class ReasoningTests
{
    private static readonly AgentTool Echo = AgentTool.Create("echo", "Repeats a text.", ToolEffect.None, (string text) => text);

    private static readonly (string, string)[] Thinking =
        [("Models:test:ReturnsReasoning", "true"), ("Models:test:Temperature", "1"), ("Models:test:ContextWindow", "5000"),
            ("Models:test:MaxOutputTokens", "500")];

    [TestCase(true)]
    [TestCase(false)]
    public async Task Run_ModelThatThinks_GetsItsReasoningBackExactlyThroughTheWholeLoop(bool streaming)
    {
        await using RunHost host = await RunHost.StartAsync(
            request => (request.Messages[0].GetRawText().Contains("You sum up", StringComparison.Ordinal)
                ? ChatReply.Say("Summary.")
                : request.Index < 25 ? ChatReply.Call("echo", new { text = new string('y', 700) })
                : ChatReply.Say("done")) with
            {
                Reasoning = $"Thought {request.Index}: \"straße\"\n\t→ 𝛼",
                Usage = new(request.Body.GetRawText().Length / 4, 60, 30, 40),
            },
            [Echo], null, [.. Thinking, ("Models:test:Streaming", $"{streaming}")]);
        host.Model.Kimi = true;

        Run run = await host.RunAsync();

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, "done")), run.Error?.Message);
        Assert.That(run.Usage.CachedTokens, Is.EqualTo(30 * host.Model.Count),
            "cached tokens are counted, those of summaries too");
        string[] thoughts = [.. host.Model.Requests[^1].Messages
            .Where(message => message.TryGetProperty("tool_calls", out _))
            .Select(message => message.GetProperty("reasoning_content").GetString()!)];
        Assert.That(thoughts, Is.Not.Empty);
        Assert.That(thoughts, Is.All.Match("^Thought [0-9]+: \"straße\"\n\t→ 𝛼$"));
    }
}
