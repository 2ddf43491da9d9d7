using System.Collections.Concurrent;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>
/// The clients of other protocols, as their own makers publish them, against the one route that an app's HTTP trigger has: runs
/// on Durable Task.
/// </summary>
[CancelAfter(1_800_000)]
[Category(AzuriteServer.Category)]
public sealed class DoorClientsTests
{
    private const string Answer = "This is the answer, in so many words that it comes in several pieces.";

    private readonly ConcurrentQueue<string> _sent = new();
    private readonly SemaphoreSlim _goOn = new(0);
    private readonly TemporaryFolder _folder = new();
    private ServedApp _app = null!;

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        string policy = _folder.Write("policy.yaml", "rules: [{name: ask, when: {tool: send}, then: ask}]");
        _app = await ServedApp.StartAsync(
            Reply,
            services => services
                .AddTool(AgentTool.Create("send", "Sends.", ToolEffect.NotIdempotent, (string to) => Send(to)))
                .AddAgent(Agent.Create("worker").WithModel("test").WithInstructions("Work.").WithTools("look", "send")),
            Cancel, ("Governance:PolicyPath", policy), ("Doors:Settle", "00:00:00.2"));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _folder.Dispose();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        _goOn.Dispose();
    }

    [Test]
    public async Task OpenAI_StreamTakenUpAtTwentyPoints_HasTheSameEventsUnderTheSameNumbers()
    {
        JsonElement told = await RunAsync("openai.mjs", "stream", "Look twice.");

        int[] numbers = [.. told.GetProperty("numbers").EnumerateArray().Select(static number => number.GetInt32())];
        Assert.That(numbers, Is.Ordered.And.Unique);
        Assert.That(told.GetProperty("wrong").GetArrayLength(), Is.Zero, told.ToString());
        Assert.That(
            told.GetProperty("helped").EnumerateArray().Select(static number => number.GetInt32()),
            Is.EqualTo(numbers.Where(number => number > told.GetProperty("cut").GetInt32())));
        Assert.That((Text(told, "text"), Text(told, "stored"), Text(told, "status")), Is.EqualTo((Answer, Answer, "completed")));
        Assert.That(
            told.GetProperty("output").EnumerateArray().Select(static item => item.GetString()),
            Is.EqualTo((string[])["message", "reasoning", "mcp_call", "message", "reasoning", "mcp_call", "message"]));
    }

    [TestCase("rpc")]
    [TestCase("rest")]
    public async Task A2A_TaskSentStreamedAnsweredAndCancelled(string transport)
    {
        JsonElement told;
        try
        {
            told = await RunAsync("a2a.mjs", "all", transport);
        }
        finally
        {
            // The call of the model that was cancelled goes on, and keeps others of the worker's few from being made.
            _goOn.Release();
        }

        Assert.That(Text(told, "again"), Is.EqualTo(Text(told, "id")));
        Assert.That((Text(told, "text"), Text(told, "answer")), Is.EqualTo((Answer, Answer)));
        Assert.That((Number("state"), Number("waiting"), Number("answered")), Is.EqualTo((3, 6, 3)), told.ToString());
        // A cancel waits two seconds for the end, and a busy machine may need longer.
        Assert.That(Number("cancelled"), Is.AnyOf(2, 5));
        string[] events = [.. told.GetProperty("events").EnumerateArray().Select(static one => one.GetString()!)];
        Assert.That((events[0], events[^2], events[^1]), Is.EqualTo(("task", "artifactUpdate", "statusUpdate")));
        Assert.That(told.GetProperty("steer").EnumerateArray().Last().GetInt32(), Is.EqualTo(3), told.ToString());

        int Number(string name) => told.GetProperty(name).GetInt32();
    }

    [Test]
    public async Task AgUi_InterruptResumedWithEditedArguments_CallsWithThem()
    {
        JsonElement told = await RunAsync("agui.mjs", "approval");

        Assert.That(told.GetProperty("first").ValueKind, Is.EqualTo(JsonValueKind.Null), told.ToString());
        Assert.That(Text(told, "outcome"), Is.EqualTo("interrupt"));
        Assert.That(told.GetProperty("thrown").ValueKind, Is.EqualTo(JsonValueKind.Null), told.ToString());
        Assert.That(_sent, Does.Contain("anna"));
        Assert.That(Text(told, "expired"), Is.EqualTo("approvalStateForbids"), told.ToString());
    }

    [Test]
    public async Task AgUi_ToolOfThePage_IsExecutedThereAndAnsweredInTheNextRun()
    {
        JsonElement told = await RunAsync("agui.mjs", "tools");

        Assert.That(told.GetProperty("thrown").ValueKind, Is.EqualTo(JsonValueKind.Null), told.ToString());
        Assert.That(told.GetProperty("last").GetProperty("type").GetString(), Is.EqualTo("success"));
        Assert.That(Text(told, "answer"), Is.EqualTo("The page says: 18 degrees"));
        Assert.That(told.GetProperty("finished").GetInt32(), Is.EqualTo(2));
    }

    private string Send(string to)
    {
        _sent.Enqueue(to);
        return "sent";
    }

    private static string Text(JsonElement told, string name) => told.GetProperty(name).GetString()!;

    private async Task<JsonElement> RunAsync(string script, string scenario, params string[] arguments)
    {
        (string? output, string? reason) = await NodeServers.RunClientAsync(
            script, [_app.Http.BaseAddress!.ToString(), ServedApp.Key, scenario, .. arguments], Cancel);
        if (output is null && Environment.GetEnvironmentVariable("CI") is null)
        {
            Assert.Ignore($"No clients (.ci/packages installs them): {reason}");
        }

        Assert.That(output, Is.Not.Null, $"The clients are not installed: {reason}");
        return JsonElement.Parse(output!);
    }

    private ChatReply Reply(ChatRequest request)
    {
        return request switch
        {
            { Turn: < 2 } when Says("Look twice") =>
                ChatReply.Call("look", new { at = $"place {request.Turn}" }) with { Text = $"I look, time {request.Turn}." },
            { Turn: 0 } when Says("Send it") => ChatReply.Call("send", new { to = "ben" }),
            _ when Says("Wait.") => ChatReply.Say(Answer) with { Before = token => _goOn.WaitAsync(token) },
            { Turn: 0 } when Says("Ask the page") => ChatReply.Call("get_weather", new { city = "Bern" }),
            _ when Says("Ask the page") => ChatReply.Say($"The page says: {request.Last("tool")}"),
            _ => ChatReply.Say(Answer),
        };

        bool Says(string words) =>
            request.Messages.Any(message => message.ToString().Contains(words, StringComparison.Ordinal));
    }
}
