using System.Net;
using System.Text.Json;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Ledger;
using AgentFunctions.Mcp.Tasks;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.AspNetCore;
using AgentFunctions.Tests.AspNetCore.Doors;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Mcp;

/// <summary>
/// Long tools of a server become tasks for which a run waits without compute. The server is the door of another host, whose tools
/// are those of MCP's conformance suite, each a run.
/// </summary>
[TestFixture]
[CancelAfter(300_000)]
internal sealed class McpTaskTests
{
    private static readonly Caller Bo = new("user:bo") { Roles = ["approver"] };

    private ApiHost _server = null!;

    [OneTimeSetUp]
    public async Task StartServer() => _server = await McpFixtures.StartAsync();

    [OneTimeTearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Task_ThatCompletes_GivesItsResultToTheTranscriptOnce(CancellationToken cancellationToken)
    {
        string mark = NewMark();
        await using RunHost host = await StartAsync("slow_compute", new { seconds = 1, label = mark });

        Run run = await host.RunAsync();

        Assert.That(run.Result?.Text, Does.Contain("Done: slept 1"));
        Assert.That(await ResultsAsync(host, run.Id), Has.Length.EqualTo(1));
        Assert.That(await RunsOfAsync(mark), Has.Length.EqualTo(1));
        Assert.That(
            (await host.Get<CallLedger>().FindAsync(run.Id, 1, 0, cancellationToken))!.GoesOn,
            "the run has waited, and looked at the task");
    }

    [Test]
    public async Task Task_WhileTheHostRestarts_IsLookedAtAgain(CancellationToken cancellationToken)
    {
        string mark = NewMark();
        await using RunHost host = await StartAsync("confirm_delete", new { filename = mark });
        Run run = await host.SubmitAsync();
        await TaskAsync(host, run.Id, cancellationToken);

        await host.RestartAsync();
        await AnswerAsync(host, run.Id, """{"confirm":true}""", cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result?.Text, Does.Contain("""answered: {"confirm":true}"""));
        Assert.That(await RunsOfAsync(mark), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task Task_ThatAsksForSeveralThings_GetsAllAnswersAtOnce(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync("multi_input", new { });
        Run run = await host.SubmitAsync();
        Question first = await AskedAsync(host, run.Id, [], cancellationToken);
        Question second = await AskedAsync(host, run.Id, [first.Id], cancellationToken);
        foreach (Question question in new[] { first, second })
        {
            await (question.Text.Contains("name", StringComparison.Ordinal)
                ? host.Get<QuestionService>()
                    .AnswerAsync(question.Id, Bo, JsonElement.Parse("""{"name":"Bo"}"""), cancellationToken)
                : host.Get<QuestionService>().DeclineAsync(question.Id, Bo, "not mine to say", cancellationToken));
        }

        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That((first.Server, first.Tool), Is.EqualTo(("other", "mcp__other__multi_input")));
        Assert.That(run.Result?.Text,
            Does.Contain("""answered: {"name":"Bo"}""").And.Contain("declined").And.Contain("not mine to say"));
        Assert.That(
            (await host.Get<QuestionService>()
                .ListPendingAsync(null, cancellationToken)).Where(question => question.RunId == run.Id), Is.Empty);
    }

    [TestCase("failing_job", "Done: slept 1")]
    [TestCase("protocol_error_job", "it is broken")]
    public async Task Task_ThatFails_TellsTheModelWhy(string tool, string words)
    {
        await using RunHost host = await StartAsync(tool, new { });

        Run run = await host.RunAsync();

        Assert.That(run.Result?.Text, Does.Contain(words));
        Assert.That(await CodeAsync(host, run.Id), Is.EqualTo(ErrorCode.ToolFailed));
    }

    [Test]
    public async Task Task_ThatItsServerCancels_TellsTheModelSo(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync("confirm_delete", new { filename = NewMark() });
        Run run = await host.SubmitAsync();
        McpTask task = await TaskAsync(host, run.Id, cancellationToken);
        await AskedAsync(host, run.Id, [], cancellationToken);

        await _server.PostAsync(task.TaskId, "cancel", new { }, HttpStatusCode.Accepted);
        await _server.WaitAsync(task.TaskId);
        await AnswerAsync(host, run.Id, """{"confirm":true}""", cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result?.Text, Does.Contain("cancelled by the tool server 'other'"));
    }

    [Test]
    public async Task Task_OfARunThatIsCancelled_IsCancelledAtItsServer(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync("confirm_delete", new { filename = NewMark() });
        Run run = await host.SubmitAsync();
        McpTask task = await TaskAsync(host, run.Id, cancellationToken);

        await host.Steering.CancelAsync(run.Id, cancellationToken: cancellationToken);
        await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        string status = await Poll.ForAsync(
            async () => (await _server.WaitAsync(task.TaskId)).GetProperty("status").GetString()!, static _ => true,
            cancellationToken);
        Assert.That(status, Is.EqualTo("cancelled"));
        await Poll.UntilAsync(async () => (await host.Get<McpTasks>().OpenOfAsync(run.Id, cancellationToken)).Count == 0,
            cancellationToken);
    }

    [Test]
    public async Task Task_ThatItsServerDoesNotKnow_HasAnUnknownOutcome(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync("confirm_delete", new { filename = NewMark() });
        Run run = await host.SubmitAsync();
        McpTask task = await TaskAsync(host, run.Id, cancellationToken);
        await AskedAsync(host, run.Id, [], cancellationToken);

        await _server.PostAsync(task.TaskId, "cancel", new { }, HttpStatusCode.Accepted);
        await _server.WaitAsync(task.TaskId);
        // A task that is cancelled may still be a run that ends.
        await Poll.UntilAsync(async () =>
        {
            using HttpResponseMessage erased = await _server.Client.DeleteAsync($"/api/runs/{task.TaskId}?reason=asked",
                cancellationToken);
            return erased.IsSuccessStatusCode;
        }, cancellationToken);
        await AnswerAsync(host, run.Id, """{"confirm":true}""", cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result?.Text, Does.Contain("does not know the task"));
        Assert.That(await CodeAsync(host, run.Id), Is.EqualTo(ErrorCode.ToolOutcomeUnknown));
    }

    [Test]
    public async Task Tasks_SwitchedOff_AreNotAskedFor(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync("slow_compute", new { seconds = 0, label = NewMark() },
            new { tasks = false });

        Run run = await host.RunAsync();

        Assert.That(run.Result?.Text, Does.Contain("Done: slept 0"));
        Assert.That((await host.Get<CallLedger>().FindAsync(run.Id, 1, 0, cancellationToken))!.GoesOn, Is.False);
    }

    [Test]
    public async Task Task_WhoseServerIsAwayAtALook_IsWaitedFor(CancellationToken cancellationToken)
    {
        ApiHost other = await McpFixtures.StartAsync();
        Run run;
        await using RunHost host = await StartAsync("confirm_delete", new { filename = NewMark() }, server: other);
        try
        {
            run = await host.SubmitAsync();
            await AskedAsync(host, run.Id, [], cancellationToken);
        }
        finally
        {
            await other.DisposeAsync();
        }

        await AnswerAsync(host, run.Id, """{"confirm":true}""", cancellationToken);
        Run waiting = await host.UntilAsync(run.Id, static run => run.IsEnded || run.WaitingFor?.Kind == "job",
            cancellationToken);

        Assert.That(waiting.IsEnded, Is.False, waiting.Result?.Text);
        await host.Steering.CancelAsync(run.Id, cancellationToken: cancellationToken);
        await host.Reader.WaitForEndAsync(run.Id, cancellationToken);
    }

    [Test]
    public async Task Task_OfAServerOf2025_IsWaitedForAndAskedWithinItsResult(CancellationToken cancellationToken)
    {
        (string? folder, string? reason) = await NodeServers.InstalledAsync();
        if (folder is null)
        {
            Assert.Ignore(reason ?? "no servers");
        }

        string file = JsonSerializer.Serialize(new
        {
            mcpServers = new
            {
                other = new { command = "node", args = new[] { NodeServers.Script(folder, "everything"), "stdio" } },
            },
        });
        await using RunHost host = await StartAsync(
            file, "simulate-research-query", new { topic = "python", ambiguous = true });
        Run run = await host.SubmitAsync();
        await AnswerAsync(host, run.Id, """{"interpretation":"snake"}""", cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result?.Text, Does.Contain("Research Report").And.Contain("snake"));
        Assert.That((await host.Get<CallLedger>().FindAsync(run.Id, 1, 0, cancellationToken))!.GoesOn, "it was a task");
    }

    private static string NewMark() => $"mark-{Guid.NewGuid():N}";

    private static Task<McpTask> TaskAsync(RunHost host, string runId, CancellationToken cancellationToken) => Poll.ForAsync(
        async () => (await host.Get<McpTasks>().OpenOfAsync(runId, cancellationToken)).FirstOrDefault(), cancellationToken,
        "a task was started");

    private static Task<Question> AskedAsync(RunHost host, string runId, string[] but, CancellationToken cancellationToken) =>
        Poll.ForAsync(
        async () => (await host.Get<QuestionService>().ListPendingAsync(null, cancellationToken))
            .FirstOrDefault(question => question.RunId == runId && !but.Contains(question.Id)),
        cancellationToken, "a person is asked");

    private static async Task AnswerAsync(RunHost host, string runId, string answer, CancellationToken cancellationToken)
    {
        Question asked = await AskedAsync(host, runId, [], cancellationToken);
        await host.Get<QuestionService>().AnswerAsync(asked.Id, Bo, JsonElement.Parse(answer), cancellationToken);
    }

    private static async Task<ErrorCode?> CodeAsync(RunHost host, string runId) =>
        (await host.Get<CallLedger>().FindAsync(runId, 1, 0, CancellationToken.None))!.Outcome!.Code;

    private static async Task<string[]> ResultsAsync(RunHost host, string runId) =>
    [
        .. (await host.TranscriptAsync(runId)).SelectMany(static entry => entry.Message.Contents.OfType<FunctionResultContent>())
            .Select(static result => result.Result?.ToString() ?? ""),
    ];

    /// <summary>The runs of the server whose goal has a mark.</summary>
    private async Task<string[]> RunsOfAsync(string mark)
    {
        JsonElement runs = JsonElement.Parse(await _server.Client.GetStringAsync("/api/runs?limit=100"));
        return
        [
            .. runs.GetProperty("runs").EnumerateArray().Where(run => run.ToString().Contains(mark, StringComparison.Ordinal))
                .Select(static run => run.GetProperty("id").GetString()!),
        ];
    }

    private Task<RunHost> StartAsync(string tool, object arguments, object? more = null, ApiHost? server = null)
    {
        var definition = new Dictionary<string,
            object>
        { ["type"] = "http", ["url"] = $"{(server ?? _server).Client.BaseAddress}mcp" };
        foreach (JsonProperty member in JsonSerializer.SerializeToElement(more ?? new { }).EnumerateObject())
        {
            definition[member.Name] = member.Value;
        }

        return StartAsync(JsonSerializer.Serialize(new { mcpServers = new { other = definition } }), tool, arguments);
    }

    private static Task<RunHost> StartAsync(string file, string tool, object arguments) => RunHost.StartAsync(
        services => services.AddMcpServer(McpConfiguration.Parse(file, ".mcp.json").Servers[0]),
        request => request.Turn == 0 ? ChatReply.Call($"mcp__other__{tool}", arguments) : ChatReply.Say(request.Results[^1]));
}
