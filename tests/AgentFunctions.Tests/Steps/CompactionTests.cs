using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Steps;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.Steps;

[CancelAfter(300_000)]
internal sealed class CompactionTests
{
    private const string Goal = "Count every sheep of the \"Äußere Weide\", and name each one.";
    private const string Acceptance = "All sheep are named; none is named twice.";
    private const string Fact = "The gate code is 7391-Ω.";

    private static readonly (string, string)[] SmallWindow =
        [("Models:test:ContextWindow", "4000"), ("Models:test:MaxOutputTokens", "500")];

    private static readonly AgentTool Echo = AgentTool.Create(
        "echo", "Repeats a text.", ToolEffect.None, (string text) => string.Concat(Enumerable.Repeat(text + " ", 60)));

    [Test]
    public async Task Run_ManyCompactions_KeepsGoalAcceptancePlanPinsAndMessagesWordForWord()
    {
        bool walked = false;
        await using RunHost host = await RunHost.StartAsync(
            request => Metered(request, IsSummary(request) ? ChatReply.Say($"Summary made at request {request.Index}.")
                : request.Index == 0 ? new ChatReply
                {
                    Calls =
                    [
                        ChatReplyCall.Of("update_plan", new { items = new[] { new { text = "walk the meadow", done = false } } }),
                        ChatReplyCall.Of("pin_facts", new { facts = new[] { Fact } }),
                    ],
                }
                : request.Index > 25 && !walked ? Walk()
                : request.Index < 70 ? ChatReply.Call("echo", new { text = $"sheep {request.Index}" })
                : ChatReply.Say("42 sheep")),
            [Echo], null, SmallWindow);

        Run submitted = await host.SubmitAsync(Goal, new() { Acceptance = Acceptance });
        await host.Steering.SendAsync(submitted.Id, "Mind the black one, please.");
        Run run = await host.Reader.WaitForEndAsync(submitted.Id);

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, "42 sheep")));
        ChatRequest[] requests = [.. host.Model.Requests];
        Assert.That(requests.Count(IsSummary), Is.GreaterThanOrEqualTo(5));
        Assert.That(requests.Select(Text), Has.All.Contains(Goal).And.All.Contains(Acceptance));
        int first = Array.FindIndex(requests, IsSummary);
        string[] after = [.. requests.Skip(first + 1).Where(request => !IsSummary(request)).Select(Text)];
        Assert.That(after, Has.All.Contains(Fact).And.All.Contains("Mind the black one, please.").And.All.Contains("Summary made at request"));
        Assert.That(after, Has.All.Contains("] walk the meadow"));
        Assert.That(after[^1].Contains("- [x] walk the meadow", StringComparison.Ordinal), "the plan as it stands");
        Assert.That((await host.JournalAsync(run.Id)).Count(e => e.Type == JournalEventTypes.ContextCompacted),
            Is.EqualTo(requests.Count(IsSummary)));
        Assert.That((await host.TranscriptAsync(run.Id)).Count(entry => entry.Message.Role == ChatRole.Tool),
            Is.EqualTo(run.Turns - 1), "the stored transcript is whole");

        ChatReply Walk()
        {
            walked = true;
            return ChatReply.Call("update_plan", new { items = new[] { new { text = "walk the meadow", done = true } } });
        }
    }

    [Test]
    public async Task Run_BetweenCompactions_SendsAPrefixThatIsIdenticalByteForByte()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => Metered(request, IsSummary(request) ? ChatReply.Say("Summary: \"ü\" <b> 1.50")
                : request.Index < 40 ? ChatReply.Call("echo", "{\"text\":  \"sheep \\u00e4 <" + request.Index + ">\" }")
                : ChatReply.Say("done")),
            [Echo], null, SmallWindow);

        await host.RunAsync(Goal);

        int compared = 0;
        ChatRequest[] requests = [.. host.Model.Requests];
        for (int i = 1; i < requests.Length; i++)
        {
            if (!IsSummary(requests[i - 1]) && !IsSummary(requests[i]))
            {
                string[] before = [.. requests[i - 1].Messages.Select(message => message.GetRawText())];
                string[] now = [.. requests[i].Messages.Select(message => message.GetRawText())];
                Assert.That(now[..before.Length], Is.EqualTo(before), $"request {i}");
                Assert.That(Tools(requests[i]), Is.EqualTo(Tools(requests[i - 1])));
                compared++;
            }
        }

        Assert.That(compared, Is.GreaterThan(20));
        Assert.That(requests.Count(IsSummary), Is.GreaterThan(2));
    }

    [Test]
    public async Task Run_ResultsOfOneTurnTooLarge_ShowsEachWithinItsShareAndKeepsTheWhole()
    {
        AgentTool flood = AgentTool.Create(
            "flood", "Returns much.", ToolEffect.None, (string text) => string.Concat(Enumerable.Repeat($"{text}ß", 9_000)));
        await using RunHost host = await RunHost.StartAsync(
            request => request.Index == 0
                ? new ChatReply
                {
                    Calls = [.. Enumerable.Range(0, 8).Select(i => ChatReplyCall.Of("flood",
                    new { text = $"{i}" }))]
                }
                : Metered(request, ChatReply.Say("done")),
            [flood], null, ("Models:test:ContextWindow", "9000"), ("Models:test:MaxOutputTokens", "1000"));

        Run run = await host.RunAsync(Goal);

        Assert.That((run.Status, host.Model.Count), Is.EqualTo((RunStatus.Completed, 2)));
        IReadOnlyList<string> shown = host.Model.Requests[1].Results;
        Assert.That(shown, Has.Count.EqualTo(8));
        // A quarter of 8,000 tokens at 3 bytes each, split among eight.
        Assert.That(shown.Select(System.Text.Encoding.UTF8.GetByteCount),
            Has.All.LessThanOrEqualTo(750).And.All.GreaterThan(300));
        IReadOnlyList<Artifact> kept = await host.Get<ArtifactStore>().ListAsync(run.Id);
        Assert.That(kept.Select(artifact => artifact.Length), Is.All.EqualTo(27_000));
        Assert.That(kept.Select(artifact => artifact.Name),
            Is.EquivalentTo(shown.Select(text => kept.Single(artifact => text.Contains(artifact.Name)).Name)));
    }

    [Test]
    public async Task Run_WindowIsSmallerThanConfigured_SumsUpWhenTheProviderRefusesAndGoesOn()
    {
        int refused = 0;
        await using RunHost host = await RunHost.StartAsync(
            request =>
            {
                if (Tokens(request) > 3_000)
                {
                    Interlocked.Increment(ref refused);
                    return ChatReply.Error(400, "This model's maximum context length is 3000 tokens.", "context_length_exceeded");
                }

                return Metered(request, IsSummary(request) ? ChatReply.Say("Summary.")
                    : request.Index > 70 ? ChatReply.Say("done")
                    : ChatReply.Call("echo", new { text = $"sheep {request.Index}" }));
            },
            [Echo], null, ("Models:test:ContextWindow", "128000"));

        Run run = await host.RunAsync(Goal);

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, "done")));
        Assert.That(refused, Is.GreaterThan(0).And.LessThan(12));
        Assert.That(host.Model.Requests.Select(Text), Has.All.Contains(Goal));
    }

    [Test]
    public async Task Run_ProviderRefusesWhateverTheSize_FailsWithTheCode()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => request.Index < 3
                ? ChatReply.Call("echo", new { text = "x" })
                : IsSummary(request) ? ChatReply.Say("Summary.") : ChatReply.Error(400, "too long", "context_length_exceeded"),
            [Echo]);

        Run run = await host.RunAsync(Goal);

        Assert.That((run.Status, run.Error?.Code), Is.EqualTo((RunStatus.Failed, "ModelContextExceeded")));
        Assert.That(host.Model.Count, Is.LessThan(12));
    }

    [Test]
    public async Task Run_ModelGivesNoSummary_GoesOnWithAnExcerpt()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => Metered(request, IsSummary(request) ? ChatReply.Say(" ")
                : request.Index < 20 ? ChatReply.Call("echo", new { text = $"sheep {request.Index}" })
                : ChatReply.Say("done")),
            [Echo], null, SmallWindow);

        Run run = await host.RunAsync(Goal);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(Text(host.Model.Requests[^1]), Does.Contain("The model gave no summary").And.Contain("<call echo>"));
    }

    [Test]
    public async Task Compact_DeliveredAgainAfterACrash_TakesTheSummaryThatIsThere()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => IsSummary(request) ? ChatReply.Say("The summary.")
                : request.Index < 5 ? ChatReply.Call("echo", new { text = "x" }) : ChatReply.Say("done"),
            [Echo]);
        Run run = await host.RunAsync(Goal);
        var context = new ActivityContext(run.Id, StepNames.Compact, 1, CancellationToken.None);
        var input = new CompactInput(run.Id, run.Turns, new ContextRef(), 0, 500);

        CompactResult first = await host.Get<CompactActivity>().RunAsync(context, input);
        CompactResult again = await host.Get<CompactActivity>().RunAsync(context, input);
        // What another process would read.
        CompactResult elsewhere = await new CompactActivity(
            host.Get<RunStore>(), new Transcript(host.Get<ILogStore>()), host.Get<Journal>(), host.Get<Summaries>(),
            host.Get<RunTools>(),
            TimeProvider.System).RunAsync(context, input);

        Assert.That(host.Model.Requests.Count(IsSummary), Is.EqualTo(1));
        Assert.That(again, Is.EqualTo(first));
        Assert.That(elsewhere, Is.EqualTo(first));
        Assert.That((await host.JournalAsync(run.Id)).Count(e => e.Type == JournalEventTypes.ContextCompacted), Is.EqualTo(1));

        // A further summary at the same turn is another step: it must not take the first one for its own.
        CompactResult next = await host.Get<CompactActivity>()
            .RunAsync(context, input with { Context = first.Context with { From = 0 } });
        Assert.That(next.Context.Summary, Is.GreaterThan(first.Context.Summary!.Value));
    }

    private static bool IsSummary(ChatRequest request) =>
        request.Messages[0].GetRawText().Contains("You sum up", StringComparison.Ordinal);

    private static int Tokens(ChatRequest request) => request.Body.GetRawText().Length / 4;

    private static ChatReply Metered(ChatRequest request, ChatReply reply) => reply with { Usage = new(Tokens(request), 40) };

    private static string Tools(ChatRequest request) => request.Body.GetProperty("tools").GetRawText();

    /// <summary>All that the model reads, in plain text.</summary>
    private static string Text(ChatRequest request) => string.Join('\n', request.Messages.Select(message =>
        message.GetProperty("content") switch
        {
            { ValueKind: JsonValueKind.String } text => text.GetString(),
            { ValueKind: JsonValueKind.Array } parts =>
                string.Join('\n', parts.EnumerateArray().Select(part => part.GetProperty("text").GetString())),
            _ => "",
        } + (message.TryGetProperty("tool_calls", out JsonElement calls)
            ? string.Join('\n', calls.EnumerateArray()
                .Select(call => call.GetProperty("function").GetProperty("arguments").GetString())) : "")));
}
