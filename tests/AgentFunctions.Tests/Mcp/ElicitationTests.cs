using System.Text.Json;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Ledger;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Mcp;

/// <summary>
/// A tool server asks for input within a call: people are asked, and the server gets what they say. Needs Node.js and nothing
/// from npm.
/// </summary>
[TestFixture]
[CancelAfter(300_000)]
internal sealed class ElicitationTests
{
    private static readonly Caller Bo = new("user:bo") { Roles = ["approver"] };

    [Test]
    public async Task InputRequired_AnsweredAfterARestart_IsCalledAgainWithAnswerAndState(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync("newest", "asks");
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, run.Id, cancellationToken);

        await host.RestartAsync();
        await host.Get<QuestionService>().AnswerAsync(asked.Id, Bo, JsonElement.Parse("""{"name":"Bo"}"""), cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That((asked.Server, asked.Text, asked.Tool), Is.EqualTo(("odd", "Who?", "mcp__odd__asks")));
        Assert.That(run.Result?.Text, Does.Contain("the answer was accept Bo"));
        Assert.That((await host.Get<CallLedger>().FindAsync(run.Id, 1, 0, cancellationToken))!.QuestionIds,
            Is.EqualTo(new[] { asked.Id }));
    }

    [Test]
    public async Task InputRequired_Declined_TellsTheServerAndTheModelWhoAndWhy(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync("newest", "asks");
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, run.Id, cancellationToken);
        await host.Get<QuestionService>().DeclineAsync(asked.Id, Bo, "not while it rains", cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result?.Text,
            Does.Contain("the answer was decline").And.Contain("user:bo (approver) declined to answer: not while it rains"));
    }

    [Test]
    public async Task InputRequired_SeveralRounds_EachIsAskedAndNothingSaidIsLost(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync("newest", "asks", new { rounds = 5 });
        Run run = await host.SubmitAsync();
        List<string> asked = [];
        for (int round = 0; round < 5; round++)
        {
            Question question = await PendingAsync(host, run.Id, cancellationToken, asked);
            asked.Add(question.Id);
            await (round == 1
                ? host.Get<QuestionService>().DeclineAsync(question.Id, Bo, "no second", cancellationToken)
                : host.Get<QuestionService>()
                    .AnswerAsync(question.Id, Bo, JsonElement.Parse($$"""{"name":"n{{round}}"}"""), cancellationToken));
        }

        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result?.Text,
            Does.Contain("the answer was accept n0,decline undefined,accept n2,accept n3,accept n4").And.Contain("declined to answer: no second"));
        Assert.That((await host.Get<QuestionService>()
            .ListOfRunAsync(run.Id, null, cancellationToken)).Select(static question => question.Id), Is.EquivalentTo(asked));
    }

    [Test]
    public async Task InputRequired_MoreThanFiveRounds_FailsTheCall(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync("newest", "asks", new { rounds = 6 });
        Run run = await host.SubmitAsync();
        List<string> asked = [];
        for (int round = 0; round < 5; round++)
        {
            Question question = await PendingAsync(host, run.Id, cancellationToken, asked);
            asked.Add(question.Id);
            await host.Get<QuestionService>().AnswerAsync(question.Id, Bo, JsonElement.Parse("{}"), cancellationToken);
        }

        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result?.Text, Does.Contain("asked more than 5 times"));
    }

    [Test]
    public async Task InputRequired_AnAddressToOpen_IsShownInFullAndOnlyThatItIsDoneGoesBack(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync("newest", "asks_to_open");
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, run.Id, cancellationToken);
        Assert.That(
            () => host.Get<QuestionService>().AnswerAsync(asked.Id, Bo, JsonElement.Parse("""{"code":"1"}"""), cancellationToken),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.InvalidInput),
            "nothing but that it is done can be said");
        await host.Get<QuestionService>().AnswerAsync(asked.Id, Bo, JsonElement.Parse("{}"), cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That((asked.Url, asked.Text), Is.EqualTo(("https://pay.example.com/in?id=7", "Sign in.")));
        Assert.That(run.Result?.Text, Does.Contain("""opened: {"action":"accept"} kept"""));
    }

    [Test]
    public async Task AskedInside_AnsweredSoon_GoesOnWithinTheCall(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync("error", "asks_inside");
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, run.Id, cancellationToken);
        await host.Get<QuestionService>().AnswerAsync(asked.Id, Bo, JsonElement.Parse("""{"name":"Bo"}"""), cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(asked.IsAwaited, Is.False, "the server's call is open");
        Assert.That(run.Result?.Text, Does.Contain("the answer was accept"));
    }

    [Test]
    public async Task AskedInside_SameWordsInALaterCall_IsAskedAnew(CancellationToken cancellationToken)
    {
        IReadOnlyList<string> results = [];
        await using RunHost host = await StartAsync("error", request =>
        {
            results = ResultsOf(request);
            return request.Turn < 2 ? Call("asks_inside") : ChatReply.Say("done");
        });
        Run run = await host.SubmitAsync();
        Question first = await PendingAsync(host, run.Id, cancellationToken);
        await host.Get<QuestionService>().AnswerAsync(first.Id, Bo, JsonElement.Parse("""{"name":"Bo"}"""), cancellationToken);
        Question second = await PendingAsync(host, run.Id, cancellationToken, [first.Id]);
        await host.Get<QuestionService>().DeclineAsync(second.Id, Bo, "once is enough", cancellationToken);
        await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(results[0], Does.Contain("the answer was accept Bo"));
        Assert.That(results[1],
            Does.Contain("the answer was decline").And.Contain("user:bo (approver) declined to answer: once is enough").And.Not.Contain("nobody answered"));
    }

    [Test]
    public async Task AskedInside_AnsweredLate_ServesTheNextCallAndNoOther(CancellationToken cancellationToken)
    {
        var answered = new TaskCompletionSource();
        IReadOnlyList<string> results = [];
        // The patience of a call runs on a clock that nobody but this test moves: the server may be as slow as the machine is.
        var time = new VirtualTime(new DateTimeOffset(2026, 5, 4, 8, 0, 0, TimeSpan.Zero));
        void Wait() => time.Advance(TimeSpan.FromSeconds(10));
        await using RunHost host = await StartAsync(
            "error",
            request =>
            {
                if (request.Turn == 1)
                {
                    answered.Task.Wait(cancellationToken);
                }

                results = ResultsOf(request);
                return request.Turn < 3 ? Call("asks_inside") : ChatReply.Say("done");
            },
            timeout: 36_000_000, time);
        Run run = await host.SubmitAsync();
        await Poll.UntilAsync(
            async () =>
            {
                Wait();
                return (await host.JournalAsync(run.Id)).Any(static happened => happened.Type == JournalEventTypes.ToolCompleted);
            },
            cancellationToken, "the call was cancelled");
        Question late = await PendingAsync(host, run.Id, cancellationToken);
        await host.Get<QuestionService>().AnswerAsync(late.Id, Bo, JsonElement.Parse("""{"name":"Bo"}"""), cancellationToken);
        await Poll.UntilAsync(
            async () => (await host.JournalAsync(run.Id)).Any(static happened => happened.Type == JournalEventTypes.MessageReceived), cancellationToken);
        answered.SetResult();
        await Poll.UntilAsync(
            async () => (await PendingOrNoneAsync(host, run.Id, cancellationToken)) is { } again && again.Id != late.Id,
            cancellationToken,
            "asked anew");
        await Poll.UntilEndAsync(host.Reader.WaitForEndAsync(run.Id, cancellationToken), Wait, cancellationToken);

        Assert.That(results[0], Does.Contain("the answer was cancel").And.Contain("nobody answered in time"));
        Assert.That(results[1], Does.Contain("the answer was accept Bo"));
        Assert.That(results[2], Does.Contain("the answer was cancel").And.Contain("nobody answered in time"),
            "it was asked anew, and nobody came");
        Assert.That((await host.JournalAsync(run.Id)).Count(static happened => happened.Type == JournalEventTypes.MessageReceived), Is.EqualTo(1));
    }

    [Test]
    public async Task AskedInside_ForAPassword_IsRefusedAndSaidToBe(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync("error", "asks_inside", new { secret = true });
        Run run = await host.RunAsync();

        Assert.That(run.Result?.Text,
            Does.Contain("the answer was cancel").And.Contain("People are not asked for this here").And.Contain("password").And.Not.Contain("nobody answered"));
        Assert.That(await host.Get<QuestionService>().ListOfRunAsync(run.Id, null, cancellationToken), Is.Empty);
    }

    private static async Task<Question?> PendingOrNoneAsync(RunHost host, string runId, CancellationToken cancellationToken) =>
        (await host.Get<QuestionService>().ListPendingAsync(null, cancellationToken))
            .FirstOrDefault(question => question.RunId == runId);

    private static async Task<Question> PendingAsync(RunHost host, string runId, CancellationToken cancellationToken,
        IReadOnlyList<string>? but = null)
    {
        return await Poll.ForAsync(
            async () =>
            {
                Question? asked = (await host.Get<QuestionService>().ListPendingAsync(null, cancellationToken)).FirstOrDefault(
                    question => question.RunId == runId && but?.Contains(question.Id) != true);
                Run run = await host.Reader.GetAsync(runId, cancellationToken);
                Assert.That(run.IsEnded, Is.False, run.Result?.Text);
                return asked is not null && (!asked.IsAwaited || run.Status == RunStatus.Waiting) ? asked : null;
            },
            cancellationToken);
    }

    /// <summary>The results of all calls of the run so far.</summary>
    private static string[] ResultsOf(ChatRequest request) =>
        [.. request.Messages.Where(static message => message.GetProperty("role").GetString() == "tool")
            .Select(static message => message.GetProperty("content").ToString())];

    private static ChatReply Call(string tool, object? arguments = null) =>
        ChatReply.Call($"mcp__odd__{tool}", arguments ?? new { });

    private static Task<RunHost> StartAsync(string how, string tool, object? arguments = null) =>
        StartAsync(how, request => request.Turn == 0 ? Call(tool, arguments) : ChatReply.Say(request.Results[^1]));

    private static Task<RunHost> StartAsync(
        string how, Func<ChatRequest, ChatReply> script, int timeout = 120_000, TimeProvider? time = null)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "node", "odd-server.mjs");
        var definition = new { mcpServers = new { odd = new { command = "node", args = new[] { program, how }, timeout } } };
        return RunHost.StartAsync(
            services => services.AddMcpServer(McpConfiguration.Parse(JsonSerializer.Serialize(definition),
                ".mcp.json").Servers[0])
                // The first look at the newest, which a slow start would end, takes no time of a clock that stands still.
                .AddSingleton(time ?? (how == "newest" ? new VirtualTime(DateTimeOffset.UtcNow) : TimeProvider.System)),
            script);
    }
}
