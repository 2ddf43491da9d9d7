using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Models.Resilience;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Steps;

/// <summary>A run whose model gives no answers in the middle of it. Each history is replayed at the end.</summary>
[CancelAfter(300_000)]
internal sealed class FailoverRunTests
{
    private const decimal Million = 1_000_000m;

    [TestCase("dead", TestName = "Run_EndpointDiesInTheMiddle_AnotherModelGoesOn")]
    [TestCase("refused", TestName = "Run_KeyIsRefusedInTheMiddle_AnotherModelGoesOn")]
    [TestCase("overloaded", TestName = "Run_EndpointIsOverloadedInTheMiddle_AnotherModelGoesOn")]
    [TestCase("slow", "no answer within AttemptTimeout (45 s)", TestName = "Run_EndpointGetsSlowInTheMiddle_AnotherModelGoesOn")]
    [TestCase("stalled", "The stream brought nothing for 30 s (StreamIdleTimeout)",
        TestName = "Run_EndpointStallsInTheMiddleOfAnAnswer_AnotherModelGoesOn")]
    public async Task Run_TroubleInTheMiddle_AnotherModelGoesOn(string trouble, string? words = null)
    {
        var time = new VirtualTime(DateTimeOffset.UtcNow);
        var hangs = new TaskCompletionSource();
        int chunks = 0;
        await using OpenAIProtocolServer spare = await OpenAIProtocolServer.StartAsync(Script);
        await using RunHost host = await RunHost.StartAsync(
            services => services.AddSingleton<TimeProvider>(time),
            request => request.Turn < 2 ? Script(request) : trouble switch
            {
                "dead" => new ChatReply { AbortAfterChunks = 0 },
                "refused" => ChatReply.Error(401, "no such key"),
                "overloaded" => ChatReply.Error(429, "too many", headers: ("Retry-After", "3600")),
                "slow" => ChatReply.Say("never") with { Before = HangAsync },
                _ => ChatReply.Say("I have looked everywhere, and what I found is this:") with
                {
                    BetweenChunks = token => ++chunks < 2 ? Task.CompletedTask : HangAsync(token),
                },
            },
            [AgentTool.Create("look", "Looks.", ToolEffect.None, static () => "seen")], null,
            ("Models:test:Fallback", "twin"), ("Models:test:MaxRetries", "0"),
            ("Models:test:AttemptTimeout", trouble == "stalled" ? "00:10:00" : "00:00:45"),
            ("Models:test:StreamIdleTimeout", "00:00:30"),
            ("Models:test:Price:Input", "1"), ("Models:test:Price:Output", "2"),
            ("Models:twin:Provider", "openai"), ("Models:twin:Endpoint", spare.BaseUrl), ("Models:twin:Key", "sk-spare"),
            ("Models:twin:Model", "other"), ("Models:twin:Price:Input", "3"), ("Models:twin:Price:Output", "4"));

        Run run = await host.SubmitAsync(request: new RunRequest { Budget = new Budget { Usd = 1 } });
        // A call that hangs was made and may be charged for: it is counted at its worst once, and not made again.
        bool isLost = trouble is "slow" or "stalled";
        if (isLost)
        {
            await hangs.Task;
            // In steps that are shorter than the model is left alone for afterwards.
            await Poll.UntilAsync(() =>
            {
                // What stalls has told its first words, and they have to be read before that is noticed.
                time.Advance(TimeSpan.FromSeconds(trouble == "stalled" ? 0.25 : 1));
                return host.Get<ModelOutages>().Find("test") is not null;
            });
        }

        run = await host.UntilAsync(run.Id, static run => run.CompletedAt is not null);

        Assert.That(run.Result?.Text, Is.EqualTo("done"));
        Assert.That(host.Model.Requests.Select(static request => request.Turn), Is.EqualTo(new[] { 0, 1, 2 }));
        IReadOnlyList<JournalEvent> journal = await host.JournalAsync(run.Id);
        Assert.That(journal.Count(static happened => happened.Type == JournalEventTypes.ModelLost), Is.EqualTo(isLost ? 1 : 0));
        JournalEvent switched = journal.Single(static happened => happened.Type == JournalEventTypes.ModelSwitched);
        Assert.That((switched.Turn, switched.Model, switched.Text), Is.EqualTo(((int?)3, "twin", switched.Text)));
        Assert.That(switched.Text, Does.StartWith("model 'twin' answers in place of 'test': model 'test'")
            .And.Contain(words ?? ""));
        Assert.That(spare.Requests.Select(static request => request.Turn), Is.EqualTo(new[] { 2, 3 }),
            "each turn is answered once");
        Assert.That(spare.Requests[0].Body.GetProperty("model").GetString(), Is.EqualTo("other"));
        TokenUsage others = run.UsageOfOthers["twin"];
        Assert.That(others, Is.EqualTo(new TokenUsage(20, 10, 0, 2 * ((10 * 3) + (5 * 4)) / Million)));
        decimal answered = (2 * ((10 * 1) + (5 * 2)) / Million) + others.Usd;
        decimal lost = isLost ? journal.Single(static happened => happened.Type == JournalEventTypes.ModelLost).Usage!.Usd : 0;
        Assert.That(run.Usage.Usd, Is.EqualTo(answered + lost));
        Assert.That(
            (await host.TranscriptAsync(run.Id)).Where(static entry => entry.Source == TranscriptOrigin.Model)
                .Select(static entry => (entry.Model, entry.InPlaceOf)),
            Is.EqualTo(new (string?, string?)[] { ("test", null), ("test", null), ("twin", "test"), ("twin", "test") }));

        Task HangAsync(CancellationToken token)
        {
            hangs.TrySetResult();
            return Task.Delay(Timeout.Infinite, token);
        }
    }

    [Test]
    public async Task Run_SubAgentWithAnotherModel_IsToldWhatEachModelConsumed()
    {
        await using OpenAIProtocolServer other = await OpenAIProtocolServer.StartAsync(static _ => ChatReply.Say("read"));
        await using RunHost host = await RunHost.StartAsync(
            static services => services.AddAgent(Agent.Create("reader").WithInstructions("You read.").WithModel("twin")),
            static request => request.Turn switch
            {
                0 => ChatReply.Call("spawn", new { items = new[] { "it" }, template = "Read {item}.", agent = "reader" }),
                1 => ChatReply.Call("wait", new { }),
                _ => ChatReply.Say("done"),
            },
            [], static agent => agent.WithDelegation(Delegation.Native),
            ("Models:test:Price:Input", "1"), ("Models:test:Price:Output", "2"),
            ("Models:twin:Provider", "openai"), ("Models:twin:Endpoint", other.BaseUrl), ("Models:twin:Key", "sk-spare"),
            ("Models:twin:Model", "other"), ("Models:twin:Price:Input", "3"), ("Models:twin:Price:Output", "4"));

        Run run = await host.RunAsync(request: new RunRequest { Agent = "worker", Budget = new Budget { Usd = 1 } });

        var read = new TokenUsage(10, 5, 0, ((10 * 3) + (5 * 4)) / Million);
        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        Assert.That(run.UsageOfOthers, Is.EqualTo(new Dictionary<string, TokenUsage> { ["twin"] = read }));
        Assert.That(run.Usage, Is.EqualTo(new TokenUsage(30, 15, 0, 3 * ((10 * 1) + (5 * 2)) / Million).Plus(read)));
    }

    [Test]
    public async Task Submit_BudgetInMoneyAndAFallbackWithoutAPrice_IsRefused()
    {
        await using RunHost host = await RunHost.StartAsync(
            Script, [], null,
            ("Models:test:Fallback", "twin"), ("Models:test:Price:Input", "1"), ("Models:test:Price:Output", "2"),
            ("Models:twin:Provider", "openai"), ("Models:twin:Endpoint", "http://127.0.0.1:1/v1"),
            ("Models:twin:Key", "sk-spare"));

        Assert.That(
            () => host.SubmitAsync(request: new RunRequest { Budget = new Budget { Usd = 1 } }),
            Throws.TypeOf<AgentException>().With.Message.Contains("model 'twin'"));
    }

    [Test]
    public void Host_TroubleThatThereIsNot_IsRefused() => Assert.That(
        () => RunHost.StartAsync(Script, [], null, ("Models:test:FallbackOn", "tired")),
        Throws.TypeOf<AgentException>().With.Message.Contains("Models:test:FallbackOn: 'tired' is unknown; use some of unreachable, refused, overloaded, slow"));

    private static ChatReply Script(ChatRequest request) => request.Turn < 3
        ? ChatReply.Call("look", new { })
        : ChatReply.Say("done");
}
