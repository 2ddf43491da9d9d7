using System.Text.Json;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>What DevUI, the page of Agent Framework, asks of a host: the same calls in the same order.</summary>
[CancelAfter(300_000)]
internal sealed class DevUiTests
{
    private static readonly string Answer = string.Concat(Enumerable.Range(0, 40)
        .Select(static i => $"Line {i} of the answer. "));

    [Test]
    public async Task Chat_LoadedAgainInItsMiddle_ShowsEachWordOnce(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync();

        JsonElement told = await RunAsync(host, "none", "chat", cancellationToken, "Answer.");

        JsonElement entity = told.GetProperty("entities")[0];
        Assert.That(told.GetProperty("entities").GetArrayLength(), Is.EqualTo(1));
        Assert.That((Of(entity, "id"), Of(entity, "type")), Is.EqualTo(("worker", "agent")));
        Assert.That(entity.GetProperty("tools").EnumerateArray().Select(static tool => tool.GetString()), Does.Contain("send"));
        Assert.That(told.GetProperty("info").ToString(), Is.EqualTo(entity.ToString()));
        JsonElement meta = told.GetProperty("meta");
        Assert.That((Of(meta, "runtime"), meta.GetProperty("auth_required").GetBoolean()), Is.EqualTo(("dotnet", false)));
        Assert.That(told.GetProperty("before").GetInt32(), Is.Zero);
        Assert.That(Of(told, "text"), Is.EqualTo(Answer));
        Assert.That(told.GetProperty("numbers").EnumerateArray().Select(static number => number.GetInt64()),
            Is.Ordered.And.Unique);
        Assert.That(Of(told, "end"), Is.EqualTo("response.completed"));
        Assert.That(Of(told, "second"), Is.EqualTo(Answer));
        Assert.That(told.GetProperty("list").GetArrayLength(), Is.EqualTo(1));
        Assert.That(told.GetProperty("list")[0].ToString(), Is.EqualTo(told.GetProperty("conversation").ToString()));
        Assert.That(
            told.GetProperty("items").EnumerateArray().Select(static item => $"{item[0]} {item[1]}"),
            Is.EqualTo((string[])["message user", "message assistant", "message user", "message assistant"]));
        Assert.That(told.GetProperty("foreign").GetInt32(), Is.EqualTo(404));
    }

    [Test]
    public async Task Approval_GivenOnThePage_MakesTheCall(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        int sent = 0;
        await using ApiHost host = await StartAsync(() => sent++, DoorHost.WithApproval(folder));

        JsonElement told = await RunAsync(host, "none", "approval", cancellationToken, "Send it.");

        JsonElement call = told.GetProperty("request").GetProperty("function_call");
        Assert.That((Of(call, "name"), call.GetProperty("arguments").GetProperty("to").GetString()), Is.EqualTo(("send", "ann")));
        Assert.That(told.GetProperty("numbers").EnumerateArray().Select(static number => number.GetInt64()),
            Is.Ordered.And.Unique);
        Assert.That((Of(told, "end"), Of(told, "done")), Is.EqualTo(("response.completed", "response.completed")));
        Assert.That((Of(told, "text"), sent), Is.EqualTo((Answer, 1)));
    }

    [Test]
    public async Task Stop_EndsTheRunByItsResponse(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync();

        JsonElement told = await RunAsync(host, "none", "stop", cancellationToken, "Wait.");

        Assert.That(Of(told, "cancelled"), Is.EqualTo("cancelled"));
    }

    [Test]
    public async Task Page_OfAnotherCaller_SeesNoDialogueAndWithoutAKeyNothing(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync(DoorHost.WithKey);
        (string anna, string ben) = await host.AddCallersAsync(cancellationToken);
        JsonElement hers = await RunAsync(host, anna, "chat", cancellationToken, "Answer.");

        JsonElement his = await RunAsync(host, ben, "foreign", cancellationToken);
        JsonElement nobody = await RunAsync(host, "none", "foreign", cancellationToken);

        Assert.That(hers.GetProperty("meta").GetProperty("auth_required").GetBoolean());
        Assert.That(hers.GetProperty("list").GetArrayLength(), Is.EqualTo(1));
        Assert.That((his.GetProperty("v1/entities").GetInt32(), his.GetProperty("list").GetInt32()), Is.EqualTo((200, 0)));
        foreach (string path in new[] { "meta", "v1/entities", "v1/entities/worker/info", "v1/conversations" })
        {
            Assert.That(nobody.GetProperty(path).GetInt32(), Is.EqualTo(401), path);
        }
    }

    private static string Of(JsonElement value, string name) => value.GetProperty(name).GetString()!;

    private static Task<JsonElement> RunAsync(
        ApiHost host, string key, string scenario, CancellationToken cancellationToken, params string[] arguments) =>
        Counterpart.RunAsync(host, "devui.mjs", key, scenario, cancellationToken, arguments);

    private static Task<ApiHost> StartAsync(params (string Key, string Value)[] settings) =>
        StartAsync(static () => { }, settings);

    private static Task<ApiHost> StartAsync(Action send, params (string Key, string Value)[] settings) => DoorHost.StartAsync(
        static request => request switch
        {
            { Turn: 0 } when request.Says("Send it") => ChatReply.Call("send", new { to = "ann" }),
            _ when request.Says("Wait.") =>
                ChatReply.Say(Answer) with { Before = static token => Task.Delay(Timeout.Infinite, token) },
            _ => ChatReply.Say(Answer),
        },
        [
            AgentTool.Create("send", "Sends.", ToolEffect.NotIdempotent, (string to) =>
            {
                send();
                return $"sent to {to}";
            }),
        ],
        settings);
}
