using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Views;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>The Agent2Agent protocol with the client of a2a-js, in both bindings.</summary>
[CancelAfter(300_000)]
internal sealed class A2ADoorTests
{
    private const int Completed = 3;
    private const int InputRequired = 6;

    [TestCase("rpc")]
    [TestCase("rest")]
    public async Task Task_SentStreamedListedAnsweredAndCancelled(string transport, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using ApiHost host = await A2AHost.StartAsync(DoorHost.WithApproval(folder));

        JsonElement told = await Counterpart.RunAsync(host, "a2a.mjs", "none", "all", cancellationToken, transport);

        Assert.That(Of("again"), Is.EqualTo(Of("id")));
        Assert.That((Of("context"), Of("text"), Of("answer")), Is.EqualTo(("talk-1", A2AHost.Answer, A2AHost.Answer)));
        Assert.That(
            (Number("state"), Number("waiting"), Number("answered"), Number("cancelled")),
            Is.EqualTo((Completed, InputRequired, Completed, 5)));
        Assert.That(told.GetProperty("history").GetRawText(), Is.EqualTo($"[[1,\"Answer.\"],[2,\"{A2AHost.Answer}\"]]"));
        // How often the status is told depends on when the stream looks.
        string?[] events = [.. told.GetProperty("events").EnumerateArray().Select(static one => one.GetString())];
        Assert.That(
            events.Where((one, at) => at == 0 || one != events[at - 1]),
            Is.EqualTo((string[])["task", "statusUpdate", "artifactUpdate", "statusUpdate"]));
        Assert.That(told.GetProperty("states").EnumerateArray().Last().GetInt32(), Is.EqualTo(Completed));
        Assert.That(told.GetProperty("listed").GetInt32(), Is.EqualTo(2));
        Assert.That(told.GetProperty("steer").EnumerateArray().Last().GetInt32(), Is.EqualTo(Completed), told.ToString());
        Assert.That(NameOf("twice"), Does.Contain("TaskNotCancelable"));
        Assert.That(NameOf("ended"), Does.Contain("UnsupportedOperation"));
        Assert.That(Of("extended"), Is.EqualTo("worker"));
        Assert.That(await host.SubmissionsAsync(Of("id"), cancellationToken), Is.EqualTo(new[] { ("a2a", "same") }));

        string Of(string name) => told.GetProperty(name).GetString()!;
        int Number(string name) => told.GetProperty(name).GetInt32();
        string NameOf(string name) => told.GetProperty(name).GetProperty("name").GetString()!;
    }

    [TestCase("rpc")]
    [TestCase("rest")]
    public async Task Task_OfAnotherCaller_DoesNotExist(string transport, CancellationToken cancellationToken)
    {
        await using ApiHost host = await A2AHost.StartAsync(DoorHost.WithKey);
        (string anna, string ben) = await host.AddCallersAsync(cancellationToken);
        JsonElement sent = await host.SendAsync(anna, cancellationToken);
        string id = sent.GetProperty("result").GetProperty("task").GetProperty("id").GetString()!;

        JsonElement told = await Counterpart.RunAsync(host, "a2a.mjs", ben, "foreign", cancellationToken, transport, id);

        foreach (JsonProperty one in told.EnumerateObject())
        {
            Assert.That(one.Value.GetProperty("name").GetString(), Does.Contain("TaskNotFound"), one.Name);
        }
    }

    [Test]
    public async Task Card_IsSignedInTheFormOfTheStandardAndOfTheSdk(CancellationToken cancellationToken)
    {
        await using ApiHost host = await A2AHost.StartAsync();

        JsonElement told = await Counterpart.RunAsync(host, "a2a.mjs", "none", "card", cancellationToken, "rpc");

        Assert.That(told.GetProperty("sdk").ValueKind, Is.EqualTo(JsonValueKind.Null), told.ToString());
        Assert.That(told.GetProperty("plain").ValueKind, Is.EqualTo(JsonValueKind.Null), told.ToString());
        Assert.That(told.GetProperty("changed").ValueKind, Is.EqualTo(JsonValueKind.Object));
        Assert.That(told.GetProperty("root").GetString(), Is.EqualTo("worker"), "the card of the only agent");
        Assert.That(told.GetProperty("shared").GetBoolean(), Is.False, "keys of tokens sign no cards");
        Assert.That(told.GetProperty("push").GetBoolean());
    }

    [Test]
    public async Task File_OfAMessage_IsAnArtifactThatTheAgentReads(CancellationToken cancellationToken)
    {
        await using ApiHost host = await A2AHost.StartAsync();

        JsonElement told = await Counterpart.RunAsync(host, "a2a.mjs", "none", "files", cancellationToken, "rpc");

        Assert.That(told.GetProperty("artifacts").GetArrayLength(), Is.EqualTo(1), told.ToString());
        Assert.That(told.GetProperty("artifacts")[0][2].GetString(), Does.StartWith("Read: ").And.Contain("What is in it."));
    }

    [Test]
    public async Task Stream_OfATaskThatMakesAFile_TellsItBeforeTheEnd(CancellationToken cancellationToken)
    {
        var isFollowed = new TaskCompletionSource();
        await using ApiHost host = await A2AHost.StartAsync(isFollowed.Task.WaitAsync);
        using var request = new HttpRequestMessage(HttpMethod.Post, "a2a/worker/message:stream")
        {
            Content = JsonContent.Create(new
            {
                message = new { messageId = "m", role = "ROLE_USER", parts = new[] { new { text = "Send it." } } },
            }),
        };
        request.Headers.Add("A2A-Version", "1.0");

        using HttpResponseMessage response = await host.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        var told = new List<JsonElement>();
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (SseItem<string> item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
        {
            told.Add(JsonElement.Parse(item.Data));
            // What is made before the task is told is in the task.
            isFollowed.TrySetResult();
        }

        Assert.That(
            told.Where(static one => one.TryGetProperty("artifactUpdate", out _)).Select(static one =>
                one.GetProperty("artifactUpdate").GetProperty("artifact").GetProperty("artifactId").GetString()),
            Is.EqualTo((string[])["receipt.txt", "answer"]));
        Assert.That(
            told[^1].GetProperty("statusUpdate").GetProperty("status").GetProperty("state").GetString(),
            Is.EqualTo("TASK_STATE_COMPLETED"));
    }

    [Test]
    public async Task Stream_OfATaskThatCallsTools_TellsEachCallOnce(CancellationToken cancellationToken)
    {
        await using ApiHost host = await A2AHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "a2a/worker/message:stream")
        {
            Content = JsonContent.Create(new
            {
                message = new { messageId = "m", role = "ROLE_USER", parts = new[] { new { text = "Look twice." } } },
            }),
        };
        request.Headers.Add("A2A-Version", "1.0");

        using HttpResponseMessage response = await host.Client.SendAsync(request, cancellationToken);
        string[] calls =
        [
            .. (await response.Content.ReadAsStringAsync(cancellationToken)).Split('\n')
                .Where(static line => line.Contains("\"call\":", StringComparison.Ordinal))
                .Select(static line => JsonElement.Parse(line["data: ".Length..]).GetProperty("statusUpdate"))
                .Select(static update => update.GetProperty("metadata").GetProperty("call").GetRawText()),
        ];

        Assert.That(calls.Distinct(), Is.EqualTo(calls));
        Assert.That(calls.Last(), Does.Contain("\"tool\":\"look\"").And.Contain("\"arguments\":{\"at\":1}"));
    }

    [TestCase("rpc")]
    [TestCase("rest")]
    public async Task Task_ThatOthersMustApprove_IsAuthRequiredUntilTheyHave(string transport,
        CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using ApiHost host = await A2AHost.StartAsync(DoorHost.WithApproval(folder), DoorHost.WithKey);
        (string anna, _) = await host.AddCallersAsync(cancellationToken);
        var boss = new Caller("boss") { Roles = [CallerRoles.Approver, CallerRoles.Viewer] };

        JsonElement told = await Counterpart.RunAsync(host, "a2a.mjs", anna, "wait", cancellationToken, transport);
        string id = told.GetProperty("id").GetString()!;
        ApprovalService approvals = host.Get<ApprovalService>();
        Approval open = (await approvals.ListOfTreeAsync(id, null, cancellationToken)).Single();
        await approvals.DecideAsync(open.Id, boss, true, null, null, cancellationToken);
        Run ended = await host.Get<RunReader>().WaitForEndAsync(id, cancellationToken);

        Assert.That(told.GetProperty("state").GetInt32(), Is.EqualTo(8), told.ToString());
        Assert.That(told.GetProperty("text").GetString(), Does.Contain("approver").And.Contain(open.Id));
        Assert.That(told.GetProperty("parts").GetInt32(), Is.EqualTo(1), "nothing that this caller could answer");
        Assert.That(ended.Status, Is.EqualTo(RunStatus.Completed));
    }

    [TestCase("a2a/worker", null, 401, "error.code", "-32603")]
    [TestCase("a2a/worker/tasks", null, 401, "error.status", "UNAUTHENTICATED")]
    [TestCase("a2a/nobody", "anna", 404, "error.code", "-32602")]
    [TestCase("a2a/nobody/message:send", "anna", 404, "error.status", "NOT_FOUND")]
    public async Task Refusal_OfTheGuard_HasTheFormOfTheProtocol(
        string address, string? caller, int status, string path, string expected, CancellationToken cancellationToken)
    {
        await using ApiHost host = await A2AHost.StartAsync(DoorHost.WithKey);
        (string anna, _) = await host.AddCallersAsync(cancellationToken);
        using var request = new HttpRequestMessage(address.EndsWith("tasks", StringComparison.Ordinal)
            ? HttpMethod.Get
            : HttpMethod.Post, address);
        request.Headers.Add("A2A-Version", "1.0");
        request.Headers.Authorization = caller is null ? null : new("Bearer", anna);
        request.Content = address.EndsWith("tasks", StringComparison.Ordinal)
            ? null
            : new StringContent("""{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"x"}}""", Encoding.UTF8,
                "application/json");

        using HttpResponseMessage response = await host.Client.SendAsync(request, cancellationToken);
        JsonElement told = JsonElement.Parse(await response.Content.ReadAsStringAsync(cancellationToken));

        Assert.That((int)response.StatusCode, Is.EqualTo(status));
        Assert.That(path.Split('.').Aggregate(told, static (one, name) => one.GetProperty(name)).ToString(),
            Is.EqualTo(expected));
        Assert.That(told.ToString(), Does.Contain("a2a-protocol.org"));
    }

    [Test]
    public async Task Request_WithoutAVersion_IsRefused(CancellationToken cancellationToken)
    {
        await using ApiHost host = await A2AHost.StartAsync();

        JsonElement refused = await host.SendAsync(null, cancellationToken, version: null);

        Assert.That(refused.GetProperty("error").GetProperty("code").GetInt32(), Is.EqualTo(-32009));
    }
}
