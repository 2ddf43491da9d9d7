using System.Net;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Mesh;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>AG-UI with its own client, whose verifier throws at whatever is out of order.</summary>
[CancelAfter(300_000)]
internal sealed class AgUiDoorTests
{
    private const string Words = "I look at the first thing, then at the second, and at the third, and then I am done.";
    private const string Answer = "This is the answer, in some more words.";

    private string? _sentTo;

    [Test]
    public async Task Thread_OfTwoRuns_IsOneRunWhoseMessagesTheClientHas(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync();

        JsonElement told = await Counterpart.RunAsync(host, "agui.mjs", "none", "talk", cancellationToken, DurableAgent());

        Assert.That(told.GetProperty("thrown").ValueKind, Is.EqualTo(JsonValueKind.Null), told.ToString());
        string?[] shape = [.. told.GetProperty("shape").EnumerateArray().Select(static one => one.GetString())];
        Assert.That(shape.Take(2), Is.EqualTo((string[])["RUN_STARTED", "STATE_SNAPSHOT"]));
        Assert.That(shape.Count(static type => type == "TOOL_CALL_RESULT"), Is.EqualTo(2));
        Assert.That(shape[^1], Is.EqualTo("RUN_FINISHED"));
        Assert.That(told.GetProperty("second").EnumerateArray().Last().GetString(), Is.EqualTo("RUN_FINISHED"));
        JsonElement[] messages = [.. told.GetProperty("messages").EnumerateArray()];
        Assert.That(
            messages.Select(static message => message[0].GetString()),
            Is.EqualTo((string[])["user", "assistant", "tool", "assistant", "tool", "assistant", "user", "assistant"]),
            told.ToString());
        Assert.That(messages[^1][1].GetString(), Is.EqualTo(Answer));
        Assert.That(told.GetProperty("late").ToString(), Is.EqualTo(told.GetProperty("messages").ToString()), "who comes later");
        Assert.That(told.GetProperty("again").GetInt32(), Is.EqualTo(2));
        Assert.That(told.GetProperty("whole").GetBoolean(), told.ToString());
        JsonElement runs = await host.Client.GetFromJsonAsync<JsonElement>("/api/runs", cancellationToken);
        Assert.That(runs.GetProperty("runs").GetArrayLength(), Is.EqualTo(1));
    }

    [Test]
    public async Task Interrupt_ResumedWithEditedArguments_CallsWithThem(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using ApiHost host = await StartAsync(DoorHost.WithApproval(folder));

        JsonElement told = await Counterpart.RunAsync(host, "agui.mjs", "none", "approval", cancellationToken);

        Assert.That(told.GetProperty("first").ValueKind, Is.EqualTo(JsonValueKind.Null), told.ToString());
        Assert.That(told.GetProperty("outcome").GetString(), Is.EqualTo("interrupt"));
        Assert.That(told.GetProperty("interrupt").GetProperty("reason").GetString(), Is.EqualTo("tool_call"));
        Assert.That(told.GetProperty("thrown").ValueKind, Is.EqualTo(JsonValueKind.Null), told.ToString());
        JsonElement[] messages = [.. told.GetProperty("messages").EnumerateArray()];
        Assert.That(
            messages.Single(static message => message[0].GetString() == "tool")[2].GetString(),
            Is.EqualTo(told.GetProperty("interrupt").GetProperty("toolCallId").GetString()));
        Assert.That(_sentTo, Is.EqualTo("anna"));
        Assert.That(told.GetProperty("expired").GetString(), Is.EqualTo("approvalStateForbids"), told.ToString());
    }

    [Test]
    public async Task Thread_OfAnotherCaller_DoesNotExist(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync(DoorHost.WithKey);
        (string anna, string ben) = await host.AddCallersAsync(cancellationToken);
        string own = await SendAsync("/agui/worker", anna, HttpStatusCode.OK);

        string connected = await SendAsync("/agui/worker/connect", ben, HttpStatusCode.OK);
        await SendAsync("/agui/worker/cancel", ben, HttpStatusCode.NotFound);

        Assert.That(own, Does.Contain("RUN_FINISHED").And.Contain(Answer[..16]));
        Assert.That(connected, Does.Not.Contain("TEXT_MESSAGE").And.Contain("RUN_FINISHED"));

        async Task<string> SendAsync(string address, string key, HttpStatusCode expected)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, address)
            {
                Content = JsonContent.Create(new
                {
                    threadId = "t",
                    runId = "r",
                    messages = new[] { new { id = "m", role = "user", content = "Answer." } },
                    tools = Array.Empty<string>(),
                    context = Array.Empty<string>(),
                }),
            };
            request.Headers.Authorization = new("Bearer", key);
            using HttpResponseMessage response = await host.Client.SendAsync(request, cancellationToken);
            string said = await response.Content.ReadAsStringAsync(cancellationToken);
            Assert.That(response.StatusCode, Is.EqualTo(expected), said);
            return said;
        }
    }

    [Test]
    public async Task Run_ThatFailsOrIsCancelled_EndsAsTheProtocolSays(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync();

        JsonElement told = await Counterpart.RunAsync(host, "agui.mjs", "none", "ends", cancellationToken);

        Assert.That(told.GetProperty("failed").GetString(), Is.EqualTo("modelRefused"), told.ToString());
        Assert.That(told.GetProperty("next").GetString(), Is.EqualTo("success"));
        Assert.That(
            told.GetProperty("ends").EnumerateArray().Select(static one => one.GetString()),
            Is.EqualTo((string[])["RUN_STARTED", "RUN_ERROR", "RUN_STARTED", "RUN_FINISHED"]));
        Assert.That((told.GetProperty("cancelled").GetString(), told.GetProperty("thrown").GetString()),
            Is.EqualTo(("cancelled", (string?)null)));
        JsonElement refused = told.GetProperty("refused");
        Assert.That((refused[0][0].GetInt32(), refused[1][0].GetInt32()), Is.EqualTo((404, 400)));
        Assert.That(
            (refused[0][1].GetProperty("type").GetString(), refused[0][1].GetProperty("code").GetString()),
            Is.EqualTo(("RUN_ERROR", "agentNotFound")));
        Assert.That(refused[1][1].GetProperty("message").GetString(), Does.StartWith("threadId: "));
    }

    [Test]
    public async Task Door_WithoutAKey_RefusesInTheFormOfAnEvent(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync(DoorHost.WithKey);

        using HttpResponseMessage response = await host.Client.PostAsJsonAsync("/agui/worker", new { threadId = "t" },
            cancellationToken);

        JsonElement refused = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(refused.GetProperty("type").GetString(), Is.EqualTo("RUN_ERROR"));
        Assert.That(refused.GetProperty("message").GetString(), Is.Not.Empty);
    }

    [Test]
    public async Task ToolOfThePage_IsExecutedThereAndAnsweredInTheNextRun(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync();

        JsonElement told = await Counterpart.RunAsync(host, "agui.mjs", "none", "tools", cancellationToken);

        Assert.That(told.GetProperty("thrown").ValueKind, Is.EqualTo(JsonValueKind.Null), told.ToString());
        Assert.That(told.GetProperty("last").GetProperty("type").GetString(), Is.EqualTo("success"));
        Assert.That(told.GetProperty("asked")[0].GetString(), Does.EndWith("/1/0"));
        Assert.That(
            told.GetProperty("shape").EnumerateArray().Select(static one => one.GetString()),
            Does.Contain("TOOL_CALL_START").And.Not.Contain("TOOL_CALL_RESULT"));
        Assert.That(
            told.GetProperty("second").EnumerateArray().Select(static one => one.GetString()),
            Does.Not.Contain("TOOL_CALL_RESULT"));
        Assert.That(told.GetProperty("answer").GetString(), Is.EqualTo("The page says: 18 degrees"));
        Assert.That(
            told.GetProperty("messages").EnumerateArray().Select(static message => message[0].GetString()),
            Is.EqualTo((string[])["user", "assistant", "tool", "assistant"]), told.ToString());
        Assert.That(told.GetProperty("finished").GetInt32(), Is.EqualTo(2));
        Assert.That(told.GetProperty("refused")[0].GetInt32(), Is.EqualTo(400));
        Assert.That(told.GetProperty("refused")[1].GetString(), Does.Contain("other"));
    }

    [TestCase("told")]
    [TestCase("silent")]
    public async Task SubAgent_ThatAsks_IsSuspendedAndGoesOnInTheNextRun(string how, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using ApiHost host = await MeshHosts.StartAsync(
            static request => request.IsLead() ? MeshHosts.Lead(request, "worker", "Send it.")
                : request.Turn == 0 ? ChatReply.Call("send", new { }) with { Text = "I send it." }
                : ChatReply.Say($"It was {request.Results[^1]}."),
            ("Governance:PolicyPath", folder.Write(
                "policy.yaml", "rules: [{name: ask, when: {tool: send}, then: ask}, {name: call, when: {tool: call_agent}, then: allow}]")));

        JsonElement told = await Counterpart.RunAsync(host, "agui.mjs", "none", "subagents", cancellationToken, how);

        Assert.That(told.GetProperty("thrown").ValueKind, Is.EqualTo(JsonValueKind.Null), told.ToString());
        string toolCall = told.GetProperty("interrupt").GetProperty("toolCallId").GetString()!;
        string id = told.GetProperty("interrupt").GetProperty("id").GetString()!;
        string agent = toolCall.Split('/')[0];
        Assert.That(told.GetProperty("known").EnumerateArray().Select(static one => one.GetString()), Does.Contain(toolCall));
        Assert.That(
            Types(told, "first"),
            Is.EqualTo((string[])["SUBAGENT_STARTED", "TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_END", "SUBAGENT_FINISHED"]),
            told.ToString());
        JsonElement[] first = [.. told.GetProperty("first").EnumerateArray()];
        Assert.That(first.Select(static one => one[1].GetString()), Is.All.EqualTo(agent));
        Assert.That(first[0][5].GetString(), Is.EqualTo($"{agent.Split('.')[0]}/1/0"), "the call that asked for it");
        Assert.That((first[^1][2].GetString(), first[^1][3][0].GetString()), Is.EqualTo(("suspended", id)));
        Assert.That(told.GetProperty("without").GetString(), Is.Not.Null, "the client holds it back");
        Assert.That(told.GetProperty("refused").GetString(), Does.Contain("RUN_ERROR").And.Contain("approvalStateForbids"));
        Assert.That(Types(told, "second"), Is.EqualTo((string[])["SUBAGENT_STARTED", "SUBAGENT_FINISHED"]), told.ToString());
        Assert.That(
            told.GetProperty("said").EnumerateArray().Select(static one => one.GetString()),
            Is.EqualTo(how == "told" ? (string[])["I send it.", "It was sent."] : []), told.ToString());
        Assert.That(told.GetProperty("second").EnumerateArray().Last()[2].GetString(), Is.EqualTo("success"));
        Assert.That(told.GetProperty("shape").EnumerateArray().Select(static one => one.GetString()),
            Does.Contain("TOOL_CALL_RESULT"));
        Assert.That(told.GetProperty("answer").GetString(), Does.Contain("It was sent."));
        Assert.That(
            told.GetProperty("again").EnumerateArray().Select(static one => one.GetString()).Take(3),
            Is.EqualTo((string[])["RUN_STARTED", "STATE_SNAPSHOT", "MESSAGES_SNAPSHOT"]));
        Assert.That(told.GetProperty("same").GetBoolean(), "told again, it is the same");
        Assert.That(told.GetProperty("capabilities").GetProperty("multiAgent").GetProperty("delegation").GetBoolean());
    }

    /// <summary>What a sub-agent says is told while it says it; the client goes on with the answer of the model.</summary>
    [Test]
    public async Task SubAgent_WhileItSpeaks_IsHeardAndOnceOverABreakToo(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        string heard = Path.Combine(folder.Path, "heard");
        await using ApiHost host = await MeshHosts.StartAsync(request =>
        {
            int chunks = 0;
            return request.IsLead() ? MeshHosts.Lead(request, "worker", "Speak.") : ChatReply.Say(Words) with
            {
                BetweenChunks = token => ++chunks == 4
                    ? Poll.UntilAsync(() => File.Exists(heard), token)
                    : Task.CompletedTask,
            };
        });

        JsonElement told = await Counterpart.RunAsync(
            host, "agui.mjs", "none", "live", cancellationToken, DurableAgent(), heard);

        Assert.That(told.GetProperty("heard").GetProperty("broken").GetInt32(), Is.EqualTo(2), told.ToString());
        foreach (string name in (string[])["one", "two"])
        {
            JsonElement client = told.GetProperty(name);
            Assert.That(client.GetProperty("thrown").ValueKind, Is.EqualTo(JsonValueKind.Null), told.ToString());
            Assert.That(client.GetProperty("said").EnumerateArray().Select(static one => one.GetString()),
                Is.EqualTo((string[])[Words]), told.ToString());
            string?[] shape = [.. client.GetProperty("shape").EnumerateArray().Select(static one => one.GetString())];
            Assert.That(shape[^1], Is.EqualTo("RUN_FINISHED"));
            Assert.That(
                Array.IndexOf(shape, "TEXT_MESSAGE_START"), Is.LessThan(Array.IndexOf(shape, "SUBAGENT_FINISHED")));
        }

        Assert.That(told.GetProperty("one").GetProperty("shape").ToString(), Does.Not.Contain("MESSAGES_SNAPSHOT"));
        Assert.That(told.GetProperty("two").GetProperty("shape").ToString(), Does.Contain("MESSAGES_SNAPSHOT"));
        Assert.That(told.GetProperty("connected").ValueKind, Is.EqualTo(JsonValueKind.Null), told.ToString());
        Assert.That(told.GetProperty("again").ToString(), Is.EqualTo(told.GetProperty("one").GetProperty("messages").ToString()));
    }

    /// <summary>The events but for those of texts, which are told while they are said, or when the sub-agent is done.</summary>
    private static IEnumerable<string?> Types(JsonElement told, string part) => told.GetProperty(part).EnumerateArray()
        .Select(static one => one[0].GetString()).Where(static type => !type!.StartsWith("TEXT_", StringComparison.Ordinal));

    private static string DurableAgent([CallerFilePath] string path = "") => Path.GetFullPath(
        Path.Combine(Path.GetDirectoryName(path)!, "../../../../samples/Doors/durable-http-agent.mjs"));

    private Task<ApiHost> StartAsync(params (string Key, string Value)[] settings) => DoorHost.StartAsync(
        static request => request switch
        {
            { Turn: < 2 } when request.Says("Look twice") => ChatReply.Call("look", new { at = request.Turn }) with
            {
                Text = $"I look, time {request.Turn}.",
            },
            { Turn: 0 } when request.Says("Send it") => ChatReply.Call("send", new { to = "ben" }),
            _ when request.Says("Refuse it") && !request.Says("And now") => new ChatReply { Refusal = "No." },
            _ when request.Says("Wait.") =>
                new ChatReply { Before = static token => new TaskCompletionSource().Task.WaitAsync(token) },
            { Turn: 0 } when request.Says("Ask the page") => ChatReply.Call("get_weather", new { city = "Bern" }),
            _ when request.Says("Ask the page") => ChatReply.Say($"The page says: {request.Last("tool")}"),
            _ => ChatReply.Say(Answer),
        },
        [
            AgentTool.Create("look", "Looks.", ToolEffect.None, static (int at) => $"seen {at}"),
            AgentTool.Create("send", "Sends.", ToolEffect.NotIdempotent, (string to) => _sentTo = to),
        ],
        settings);
}
