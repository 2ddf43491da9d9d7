using System.Text;
using System.Text.Json;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>The Agent2Agent protocol with the client of a2a-js, in both bindings.</summary>
[CancelAfter(300_000)]
internal sealed class A2ADoorTests
{
    private const string Answer = "This is the answer.";
    private const int Completed = 3;
    private const int InputRequired = 6;

    [TestCase("rpc")]
    [TestCase("rest")]
    public async Task Task_SentStreamedListedAnsweredAndCancelled(string transport, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using ApiHost host = await StartAsync(DoorHost.WithApproval(folder));

        JsonElement told = await Counterpart.RunAsync(host, "a2a.mjs", "none", "all", cancellationToken, transport);

        Assert.That(Of("again"), Is.EqualTo(Of("id")));
        Assert.That((Of("context"), Of("text"), Of("answer")), Is.EqualTo(("talk-1", Answer, Answer)));
        Assert.That(
            (Number("state"), Number("waiting"), Number("answered"), Number("cancelled")),
            Is.EqualTo((Completed, InputRequired, Completed, 5)));
        Assert.That(told.GetProperty("history").GetRawText(), Is.EqualTo($"[[1,\"Answer.\"],[2,\"{Answer}\"]]"));
        Assert.That(
            told.GetProperty("events").EnumerateArray().Select(static one => one.GetString()),
            Is.EqualTo((string[])["task", "statusUpdate", "statusUpdate", "statusUpdate", "artifactUpdate", "statusUpdate"]));
        Assert.That(told.GetProperty("states").EnumerateArray().Last().GetInt32(), Is.EqualTo(Completed));
        Assert.That(told.GetProperty("listed").GetInt32(), Is.EqualTo(2));
        Assert.That(told.GetProperty("steer").EnumerateArray().Last().GetInt32(), Is.EqualTo(Completed), told.ToString());
        Assert.That(NameOf("twice"), Does.Contain("TaskNotCancelable"));
        Assert.That(NameOf("ended"), Does.Contain("UnsupportedOperation"));
        Assert.That(NameOf("push"), Does.Contain("PushNotificationNotSupported"), told.ToString());
        Assert.That(await host.SubmissionsAsync(Of("id"), cancellationToken), Is.EqualTo(new[] { ("a2a", "same") }));

        string Of(string name) => told.GetProperty(name).GetString()!;
        int Number(string name) => told.GetProperty(name).GetInt32();
        string NameOf(string name) => told.GetProperty(name).GetProperty("name").GetString()!;
    }

    [TestCase("rpc")]
    [TestCase("rest")]
    public async Task Task_OfAnotherCaller_DoesNotExist(string transport, CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync(DoorHost.WithKey);
        (string anna, string ben) = await host.AddCallersAsync(cancellationToken);
        JsonElement sent = await SendAsync(host, anna, cancellationToken);
        string id = sent.GetProperty("result").GetProperty("task").GetProperty("id").GetString()!;

        JsonElement told = await Counterpart.RunAsync(host, "a2a.mjs", ben, "foreign", cancellationToken, transport, id);

        foreach (JsonProperty one in told.EnumerateObject())
        {
            Assert.That(one.Value.GetProperty("name").GetString(), Does.Contain("TaskNotFound"), one.Name);
        }
    }

    [Test]
    public async Task Request_WithoutAVersion_IsRefused(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync();

        JsonElement refused = await SendAsync(host, null, cancellationToken, version: null);

        Assert.That(refused.GetProperty("error").GetProperty("code").GetInt32(), Is.EqualTo(-32009));
    }

    private static async Task<JsonElement> SendAsync(
        ApiHost host, string? key, CancellationToken cancellationToken, string? version = "1.0")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/a2a/worker")
        {
            Content = new StringContent(
                """
                {"jsonrpc":"2.0","id":1,"method":"SendMessage","params":{
                "message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"Answer."}]}}}
                """,
                Encoding.UTF8, "application/json"),
        };
        if (version is not null)
        {
            request.Headers.Add("A2A-Version", version);
        }

        if (key is not null)
        {
            request.Headers.Authorization = new("Bearer", key);
        }

        using HttpResponseMessage response = await host.Client.SendAsync(request, cancellationToken);
        return JsonElement.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
    }

    private static Task<ApiHost> StartAsync(params (string Key, string Value)[] settings) => DoorHost.StartAsync(
        static request => request switch
        {
            { Turn: < 2 } when request.Says("Look twice") => ChatReply.Call("look", new { at = request.Turn }) with
            {
                Text = $"I look, time {request.Turn}.",
            },
            { Turn: 0 } when request.Says("Send it") => ChatReply.Call("send", new { }),
            _ when request.Says("Wait.") => ChatReply.Say(Answer) with
            {
                Before = static token => new TaskCompletionSource().Task.WaitAsync(token),
            },
            _ => ChatReply.Say(Answer),
        },
        [
            AgentTool.Create("look", "Looks.", ToolEffect.None, static (int at) => $"seen {at}"),
            AgentTool.Create("send", "Sends.", ToolEffect.NotIdempotent, static () => "sent"),
        ],
        settings);
}
