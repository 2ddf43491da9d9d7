using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>OpenAI's API with OpenAI's own client.</summary>
[CancelAfter(300_000)]
internal sealed class OpenAIDoorTests
{
    private static readonly string Answer =
        string.Concat(Enumerable.Range(0, 60).Select(static i => $"Line {i} of → the answer. "));

    private int _sent;

    [Test]
    public async Task Stream_TakenUpAtTwentyPoints_HasTheSameEventsUnderTheSameNumbers(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync();

        JsonElement told = await Counterpart.RunAsync(host, "openai.mjs", "none", "stream", cancellationToken, "Look twice.");

        int[] numbers = [.. told.GetProperty("numbers").EnumerateArray().Select(static number => number.GetInt32())];
        Assert.That(numbers, Is.Ordered.And.Unique);
        Assert.That(told.GetProperty("wrong").GetArrayLength(), Is.Zero, told.ToString());
        Assert.That(
            told.GetProperty("helped").EnumerateArray().Select(static number => number.GetInt32()),
            Is.EqualTo(numbers.Where(number => number > told.GetProperty("cut").GetInt32())));
        Assert.That(told.GetProperty("text").GetString(), Is.EqualTo(Answer));
        Assert.That(told.GetProperty("stored").GetString(), Is.EqualTo(Answer));
        Assert.That(
            told.GetProperty("output").EnumerateArray().Select(static item => item.GetString()),
            Is.EqualTo((string[])["message", "reasoning", "mcp_call", "message", "reasoning", "mcp_call", "message"]));
        Assert.That(told.GetProperty("status").GetString(), Is.EqualTo("completed"));
        Assert.That(told.GetProperty("usage").GetProperty("total_tokens").GetInt32(), Is.EqualTo(45));
    }

    [Test]
    public async Task Response_OfAForm_HasTheAcceptedAnswerAlone(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync();

        JsonElement told = await Counterpart.RunAsync(
            host, "openai.mjs", "none", "parsed", cancellationToken, "Count them.", "Count them again.");

        Assert.That(told.GetProperty("parsed").ToString(), Is.EqualTo("""{"count":3}"""), told.ToString());
        Assert.That(told.GetProperty("streamed").ToString(), Is.EqualTo("""{"count":3}"""), told.ToString());
    }

    [Test]
    public async Task Response_InTheBackground_IsPolledContinuedForkedAndDeleted(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync();

        JsonElement told = await Counterpart.RunAsync(host, "openai.mjs", "none", "background", cancellationToken, "Answer.");

        string id = Of("id");
        Assert.That(Of("first"), Is.AnyOf("queued", "in_progress"));
        Assert.That(told.GetProperty("background").GetBoolean());
        Assert.That(told.GetProperty("metadata").GetProperty("team").GetString(), Is.EqualTo("a"));
        Assert.That((Of("status"), Of("cancelled")), Is.EqualTo(("completed", "completed")));
        Assert.That((Of("text"), Of("nextText")), Is.EqualTo((Answer, Answer)));
        Assert.That(Of("next"), Does.StartWith($"{id}_"));
        Assert.That(Of("forked"), Does.StartWith("resp_").And.Not.StartWith(id));
        Assert.That(Of("input"), Is.EqualTo("And now?"));
        Assert.That(told.GetProperty("gone").GetInt32(), Is.EqualTo(404));
        Assert.That(
            (await host.SubmissionsAsync(id["resp_".Length..], cancellationToken)).Select(static one => one.Door),
            Is.EqualTo((string[])["openai"]));

        string Of(string name) => told.GetProperty(name).GetString()!;
    }

    [Test]
    public async Task Approval_AnsweredTwice_IsOneCallAndOneResponse(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using ApiHost host = await StartAsync(DoorHost.WithApproval(folder));

        JsonElement told = await Counterpart.RunAsync(host, "openai.mjs", "none", "approval", cancellationToken, "Send it.");

        JsonElement request = told.GetProperty("request");
        Assert.That(request.GetProperty("type").GetString(), Is.EqualTo("mcp_approval_request"), told.ToString());
        Assert.That(request.GetProperty("name").GetString(), Is.EqualTo("send"));
        Assert.That(told.GetProperty("done").GetString(), Is.EqualTo(Answer));
        Assert.That(told.GetProperty("again").GetString(), Is.EqualTo(told.GetProperty("id").GetString()));
        Assert.That(told.GetProperty("status").GetString(), Is.EqualTo("completed"));
        Assert.That(
            told.GetProperty("numbers").EnumerateArray().Select(static number => number.GetInt32()), Is.Ordered.And.Unique);
        Assert.That(
            told.GetProperty("items").EnumerateArray().Select(static item => item.GetString()),
            Is.EqualTo((string[])["mcp_call", "message"]));
        Assert.That(_sent, Is.EqualTo(1));
    }

    [Test]
    public async Task Response_OfAnotherCaller_DoesNotExist_AndErrorsNameTheMember(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync(DoorHost.WithKey);
        (string anna, string ben) = await host.AddCallersAsync(cancellationToken);
        JsonElement own = await Counterpart.RunAsync(host, "openai.mjs", anna, "retry", cancellationToken, "Answer.");

        JsonElement told = await Counterpart.RunAsync(
            host, "openai.mjs", ben, "errors", cancellationToken, own.GetProperty("id").GetString()!);

        foreach (string name in (string[])["foreign", "cancel", "remove", "stream", "items", "next", "conversation",
            "inConversation", "none"])
        {
            Assert.That(told.GetProperty(name).GetProperty("status").GetInt32(), Is.EqualTo(404), name);
        }

        Assert.That(told.GetProperty("model").GetProperty("code").GetString(), Is.EqualTo("model_not_found"));
        Assert.That(told.GetProperty("member").GetProperty("param").GetString(), Is.EqualTo("prompt"));
        Assert.That(
            told.GetProperty("failed").EnumerateArray().Select(static one => one.GetString()),
            Is.EqualTo((string[])["failed", "server_error", "ModelRefused"]), told.ToString());
        Assert.That(told.GetProperty("streamed").GetProperty("agentfunctions_code").GetString(), Is.EqualTo("ModelRefused"));
        Assert.That(told.GetProperty("failedChat").GetProperty("code").GetString(), Is.EqualTo("modelRefused"));
        Assert.That(told.GetProperty("empty").GetProperty("status").GetInt32(), Is.EqualTo(400));
    }

    [Test]
    public async Task Request_WhoseAnswersAreLost_IsOneRun(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync();

        JsonElement told = await Counterpart.RunAsync(host, "openai.mjs", "none", "retry", cancellationToken, "Answer.");
        JsonElement models = await Counterpart.RunAsync(host, "openai.mjs", "none", "models", cancellationToken);

        JsonElement runs = await host.Client.GetFromJsonAsync<JsonElement>("/api/runs", cancellationToken);
        Assert.That(told.GetProperty("asked").GetInt32(), Is.EqualTo(3));
        Assert.That(told.GetProperty("text").GetString(), Is.EqualTo(Answer));
        Assert.That(runs.GetProperty("runs").GetArrayLength(), Is.EqualTo(1));
        Assert.That(models.GetProperty("names")[0].GetString(), Is.EqualTo("worker"));
        Assert.That(models.GetProperty("one").GetString(), Is.EqualTo("model"));
    }

    [Test]
    public async Task ChatCompletion_WholeAndStreamed_HasTheAnswerAlone(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync();

        JsonElement told = await Counterpart.RunAsync(host, "openai.mjs", "none", "chat", cancellationToken, "Look twice.");

        Assert.That(told.GetProperty("text").GetString(), Is.EqualTo(Answer));
        Assert.That(told.GetProperty("streamed").GetString(), Is.EqualTo(Answer));
        Assert.That(told.GetProperty("next").GetString(), Is.EqualTo(Answer));
        Assert.That(
            (told.GetProperty("finish").GetString(), told.GetProperty("end").GetString()), Is.EqualTo(("stop", "stop")));
        Assert.That(told.GetProperty("usage").GetProperty("total_tokens").GetInt32(), Is.EqualTo(45));
        Assert.That(told.GetProperty("counted").GetProperty("total_tokens").GetInt32(), Is.EqualTo(45));
        Assert.That(told.GetProperty("many").GetInt32(), Is.EqualTo(400));
    }

    [Test]
    public async Task Conversation_OfThreeResponses_IsOneRun(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync();

        JsonElement told = await Counterpart.RunAsync(host, "openai.mjs", "none", "conversation", cancellationToken);

        string id = told.GetProperty("opened").GetProperty("id").GetString()!;
        string run = id["conv_".Length..];
        Assert.That(told.GetProperty("opened").GetProperty("metadata").GetProperty("topic").GetString(), Is.EqualTo("demo"));
        Assert.That(told.GetProperty("added")[0].GetString(), Is.EqualTo("assistant"));
        Assert.That(told.GetProperty("first")[0].GetString(), Is.EqualTo($"resp_{run}"), told.ToString());
        Assert.That(told.GetProperty("first")[1].GetProperty("id").GetString(), Is.EqualTo(id));
        Assert.That(told.GetProperty("second").GetString(), Does.StartWith($"resp_{run}_"));
        Assert.That(told.GetProperty("again").GetString(),
            Does.StartWith($"resp_{run}_").And.Not.EqualTo(told.GetProperty("second").GetString()));
        Assert.That(
            told.GetProperty("items").EnumerateArray().Select(static item => $"{item[0]} {item[1]}".Trim()),
            Is.EqualTo((string[])
            [
                "message user", "message assistant", "message user", "message assistant", "reasoning", "mcp_call",
                "message assistant",
                "reasoning", "mcp_call", "message assistant", "message user", "message assistant", "message user",
                "message assistant",
            ]),
            told.ToString());
        Assert.That(told.GetProperty("one").GetBoolean());
        Assert.That(
            (told.GetProperty("late").GetInt32(), told.GetProperty("both").GetInt32(), told.GetProperty("gone").GetInt32()),
            Is.EqualTo((400, 400, 404)));
        Assert.That(told.GetProperty("read").GetProperty("topic").GetString(), Is.EqualTo("other"));
        Assert.That(told.GetProperty("removed").GetBoolean());
        JsonElement runs = await host.Client.GetFromJsonAsync<JsonElement>("/api/runs", cancellationToken);
        Assert.That(runs.GetProperty("runs").GetArrayLength(), Is.EqualTo(1));
        Assert.That(host.Model.Requests[0].Says("My name is Ada."), "what was said before is known to the run");
    }

    [Test]
    public async Task Request_ThatIsRepeatedWhileTheFirstIsAdmitted_IsOneRun(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync();

        string[] ids = await Task.WhenAll(Enumerable.Range(0, 8).Select(count => SendAsync(count)));

        JsonElement runs = await host.Client.GetFromJsonAsync<JsonElement>("/api/runs", cancellationToken);
        int begun = runs.GetProperty("runs").GetArrayLength();
        Assert.That(begun, Is.EqualTo(1), string.Join(' ', ids));
        Assert.That(ids.Distinct().Count(), Is.EqualTo(1));

        async Task<string> SendAsync(int count)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/responses")
            {
                Content = JsonContent.Create(new { model = "worker", input = "Answer.", background = true }),
            };
            // The first one is lost on its way: all that come are repeats.
            request.Headers.Add("x-stainless-retry-count", $"{count + 1}");
            using HttpResponseMessage response = await host.Client.SendAsync(request, cancellationToken);
            return (await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;
        }
    }

    [Test]
    public async Task ToolResult_LongerThanItsEvent_IsWholeInItsItem(CancellationToken cancellationToken)
    {
        await using ApiHost host = await DoorHost.StartAsync(
            static request => request.Turn == 0 ? ChatReply.Call("look", new { }) : ChatReply.Say("Done."),
            [AgentTool.Create("look", "Looks.", ToolEffect.None, static () => new string('x', 5_000) + "end")]);
        using HttpResponseMessage made = await host.Client.PostAsJsonAsync("/v1/responses",
            new { model = "worker", input = "Go." }, cancellationToken);

        JsonElement response = await made.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);

        Assert.That(response.GetProperty("output")[0].GetProperty("output").GetString(),
            Has.Length.EqualTo(5_003).And.EndsWith("end"));
    }

    [Test]
    public async Task FunctionTool_IsCalledByTheClientOnce(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync();

        JsonElement told = await Counterpart.RunAsync(host, "openai.mjs", "none", "functions", cancellationToken,
            "Ask the page.");

        JsonElement call = told.GetProperty("call");
        Assert.That(
            (Of(call, "type"), Of(call, "name"), Of(call, "arguments"), Of(told, "status")),
            Is.EqualTo(("function_call", "get_weather", """{"city":"Bern"}""", "completed")), told.ToString());
        Assert.That(Of(call, "call_id"), Does.EndWith("/1/0"));
        Assert.That(told.GetProperty("tools")[0].GetProperty("name").GetString(), Is.EqualTo("get_weather"));
        Assert.That(Of(told, "done"), Is.EqualTo("The page says: 18 degrees"));
        Assert.That(
            told.GetProperty("items").EnumerateArray().Select(static item => item.GetString()),
            Is.EqualTo((string[])["message"]));
        Assert.That(Of(told, "again"), Is.EqualTo(Of(told, "id")));
        Assert.That(told.GetProperty("other").GetProperty("status").GetInt32(), Is.EqualTo(400), "the first answer counts");
        Assert.That(
            told.GetProperty("numbers").EnumerateArray().Select(static number => number.GetInt32()), Is.Ordered.And.Unique);
        Assert.That(Of(told, "arrived"), Is.EqualTo("""{"city":"Bern"}"""));
        Assert.That(Of(told, "stateless"), Is.EqualTo("The page says: rain"));
        Assert.That(Of(told, "foreign"), Is.EqualTo("tools[0].type"));
        Assert.That(Of(told, "added"), Does.Contain("'other'"));
        Assert.That((Of(told, "finish"), Of(told, "end")), Is.EqualTo(("tool_calls", "tool_calls")));
        Assert.That(
            told.GetProperty("called").GetProperty("tool_calls")[0].GetProperty("function").GetProperty("name").GetString(),
            Is.EqualTo("get_weather"));
        Assert.That((Of(told, "second"), Of(told, "third")), Is.EqualTo(("The page says: snow", "The page says: snow")));
        Assert.That(
            Of(told.GetProperty("chunk").GetProperty("function"), "arguments"), Is.EqualTo("""{"city":"Bern"}"""));

        static string Of(JsonElement value, string name) => value.GetProperty(name).GetString()!;
    }

    private Task<ApiHost> StartAsync(params (string Key, string Value)[] settings) => DoorHost.StartAsync(
        static request => request switch
        {
            { Turn: < 2 } when request.Says("Look twice") => ChatReply.Call("look", new { at = $"place {request.Turn}" }) with
            {
                Text = $"I look for the {request.Turn}th time, at a place that is far away.",
            },
            { Turn: 0 } when request.Says("Send it") => ChatReply.Call("send", new { }),
            { Turn: 0 } when request.Says("Count them") => ChatReply.Say("""{"number":"three"}"""),
            _ when request.Says("Count them") => ChatReply.Say("""{"count":3}"""),
            _ when request.Says("Refuse it") => new ChatReply { Refusal = "No." },
            { Turn: 0 } when request.Says("Ask the page") => ChatReply.Call("get_weather", new { city = "Bern" }),
            _ when request.Says("Ask the page") => ChatReply.Say($"The page says: {request.Last("tool")}"),
            _ => ChatReply.Say(Answer),
        },
        [
            AgentTool.Create("look", "Looks.", ToolEffect.None, static (string at) => $"seen {at}"),
            AgentTool.Create("send", "Sends.", ToolEffect.NotIdempotent, () =>
            {
                Interlocked.Increment(ref _sent);
                return "sent";
            }),
        ],
        settings);
}
