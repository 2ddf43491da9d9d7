using System.Text.Json;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Audit;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>OpenAI's API with OpenAI's own client.</summary>
[CancelAfter(300_000)]
internal sealed class OpenAIDoorTests
{
    private static readonly string Answer = string.Concat(Enumerable.Range(0, 60).Select(static i => $"Line {i} of → the answer. "));

    private int _sent;

    [Test]
    public async Task Stream_TakenUpAtTwentyPoints_HasTheSameEventsUnderTheSameNumbers(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync([]);

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
    public async Task Response_InTheBackground_IsPolledContinuedForkedAndDeleted(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync([]);

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
        AuditEntry[] submitted = [.. (await AuditAsync(host, id["resp_".Length..], cancellationToken))
            .Where(static entry => entry.Type == "run.submitted")];
        Assert.That(submitted.Select(static entry => entry.Door), Is.EqualTo((string[])["openai"]));

        string Of(string name) => told.GetProperty(name).GetString()!;
    }

    [Test]
    public async Task Approval_AnsweredTwice_IsOneCallAndOneResponse(CancellationToken cancellationToken)
    {
        _sent = 0;
        using var folder = new TemporaryFolder();
        string policy = folder.Write("policy.yaml", "rules: [{name: ask, when: {tool: send}, then: ask}]");
        await using ApiHost host = await StartAsync([("Governance:PolicyPath", policy)]);

        JsonElement told = await Counterpart.RunAsync(host, "openai.mjs", "none", "approval", cancellationToken, "Send it.");

        JsonElement request = told.GetProperty("request");
        Assert.That(request.GetProperty("type").GetString(), Is.EqualTo("mcp_approval_request"), told.ToString());
        Assert.That(request.GetProperty("name").GetString(), Is.EqualTo("send"));
        Assert.That(told.GetProperty("done").GetString(), Is.EqualTo(Answer));
        Assert.That(told.GetProperty("again").GetString(), Is.EqualTo(told.GetProperty("id").GetString()));
        Assert.That(told.GetProperty("numbers").EnumerateArray().Select(static number => number.GetInt32()), Is.Ordered.And.Unique);
        Assert.That(
            told.GetProperty("items").EnumerateArray().Select(static item => item.GetString()),
            Is.EqualTo((string[])["mcp_call", "message"]));
        Assert.That(_sent, Is.EqualTo(1));
    }

    [Test]
    public async Task Response_OfAnotherCaller_DoesNotExist_AndErrorsNameTheMember(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync([("Api:Key", "the-key-of-the-host")]);
        ApiKeys keys = host.Get<ApiKeys>();
        await keys.AddAsync("root", [CallerRoles.Admin], Caller.Local, cancellationToken);
        string anna = await keys.AddAsync("anna", [CallerRoles.Submitter], Caller.Local, cancellationToken);
        string ben = await keys.AddAsync("ben", [CallerRoles.Submitter], Caller.Local, cancellationToken);
        JsonElement own = await Counterpart.RunAsync(host, "openai.mjs", anna, "retry", cancellationToken, "Answer.");

        JsonElement told = await Counterpart.RunAsync(
            host, "openai.mjs", ben, "errors", cancellationToken, own.GetProperty("id").GetString()!);

        foreach (string name in (string[])["foreign", "cancel", "remove", "stream", "items", "next", "none"])
        {
            Assert.That(told.GetProperty(name).GetProperty("status").GetInt32(), Is.EqualTo(404), name);
        }

        Assert.That(told.GetProperty("model").GetProperty("code").GetString(), Is.EqualTo("model_not_found"));
        Assert.That(told.GetProperty("member").GetProperty("param").GetString(), Is.EqualTo("prompt"));
        Assert.That(told.GetProperty("empty").GetProperty("status").GetInt32(), Is.EqualTo(400));
    }

    [Test]
    public async Task Request_WhoseAnswersAreLost_IsOneRun(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync([]);

        JsonElement told = await Counterpart.RunAsync(host, "openai.mjs", "none", "retry", cancellationToken, "Answer.");
        JsonElement models = await Counterpart.RunAsync(host, "openai.mjs", "none", "models", cancellationToken);

        JsonElement runs = JsonElement.Parse(await host.Client.GetStringAsync(new Uri("/api/runs", UriKind.Relative), cancellationToken));
        Assert.That(told.GetProperty("asked").GetInt32(), Is.EqualTo(3));
        Assert.That(told.GetProperty("text").GetString(), Is.EqualTo(Answer));
        Assert.That(runs.GetProperty("runs").GetArrayLength(), Is.EqualTo(1));
        Assert.That(models.GetProperty("names")[0].GetString(), Is.EqualTo("worker"));
    }

    [Test]
    public async Task ChatCompletion_WholeAndStreamed_HasTheAnswerAlone(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync([]);

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

    private Task<ApiHost> StartAsync((string Key, string Value)[] settings) => ApiHost.StartAsync(
        Script,
        [
            AgentTool.Create("look", "Looks.", ToolEffect.None, static (string at) => $"seen {at}"),
            AgentTool.Create("send", "Sends.", ToolEffect.NotIdempotent, () =>
            {
                Interlocked.Increment(ref _sent);
                return "sent";
            }),
        ],
        builder =>
        {
            builder.Configuration.AddInMemoryCollection(
                settings.Select(static one => KeyValuePair.Create(one.Key, (string?)one.Value)));
            builder.Services.AddAgentFunctionsDoors();
        },
        static app => app.MapDoors());

    private static ChatReply Script(ChatRequest request)
    {
        string goal = request.Messages.Select(static message => message.ToString())
            .FirstOrDefault(static text => text.Contains("Look twice", StringComparison.Ordinal)
                || text.Contains("Send it", StringComparison.Ordinal)) ?? "";
        return request.Turn switch
        {
            < 2 when goal.Contains("Look", StringComparison.Ordinal) => ChatReply.Call("look", new { at = $"place {request.Turn}" })
                with
            { Text = $"I look for the {request.Turn}th time, at a place that is far away." },
            0 when goal.Contains("Send", StringComparison.Ordinal) => ChatReply.Call("send", new { }),
            _ => ChatReply.Say(Answer),
        };
    }

    private static async Task<List<AuditEntry>> AuditAsync(ApiHost host, string run, CancellationToken cancellationToken)
    {
        var audit = new List<AuditEntry>();
        await foreach (AuditEntry entry in host.Get<AuditLog>().ReadAsync(run, 0, cancellationToken))
        {
            audit.Add(entry);
        }

        return audit;
    }
}
