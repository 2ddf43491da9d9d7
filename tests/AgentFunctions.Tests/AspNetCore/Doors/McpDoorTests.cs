using System.Net;
using System.Text;
using System.Text.Json;
using AgentFunctions.Gateway;
using AgentFunctions.TestKit;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>The door for MCP as a client without tasks meets it, and as callers without rights do.</summary>
[CancelAfter(300_000)]
internal sealed class McpDoorTests
{
    [Test]
    public async Task Call_OfAClientThatCannotAskItsPerson_SaysHowToAnswer(CancellationToken cancellationToken)
    {
        await using ApiHost host = await McpFixtures.StartAsync();

        JsonElement told = await CallAsync(host, "confirm_delete", new { }, cancellationToken);
        Assert.That(told.TryGetProperty("structuredContent", out _), told.ToString());
        string run = told.GetProperty("structuredContent").GetProperty("run").GetString()!;
        string text = told.GetProperty("content")[0].GetProperty("text").GetString()!;
        string question = text.Split("(id ")[1].Split(')')[0];
        JsonElement answered = await CallAsync(
            host, "run_answer", new { id = run, question, answers = new { confirm = true } }, cancellationToken);
        JsonElement status = await CallAsync(host, "run_status", new { id = run, waitSeconds = 50 }, cancellationToken);

        Assert.That(text, Does.Contain("run_status").And.Contain("run_answer"));
        Assert.That(answered.TryGetProperty("isError", out JsonElement isError) && isError.GetBoolean(), Is.False);
        Assert.That(status.TryGetProperty("structuredContent", out _), status.ToString());
        Assert.That(status.GetProperty("structuredContent").GetProperty("status").GetString(), Is.EqualTo("completed"));
        Assert.That(status.GetProperty("content")[0].GetProperty("text").GetString(), Does.Contain("Done:"));
    }

    [Test]
    public async Task Call_ThatIsRepeatedUnderItsKey_IsOneRun_AndNamesTheDoor(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync();

        string[] runs = new string[2];
        for (int i = 0; i < 2; i++)
        {
            JsonElement told = await CallAsync(
                host, "worker", new { goal = "Say hello.", requestKey = "k-1", labels = new { team = "a" } }, cancellationToken);
            Assert.That(told.GetProperty("content")[0].GetProperty("text").GetString(), Is.EqualTo("Hello."), told.ToString());
            runs[i] = told.GetProperty("structuredContent").GetProperty("run").GetString()!;
        }

        Assert.That(runs[0], Is.EqualTo(runs[1]));
        Assert.That(await host.SubmissionsAsync(runs[0], cancellationToken), Is.EqualTo(new[] { ("mcp", "mcp/k-1") }));
    }

    [TestCase("""{"goal":""}""", "goal")]
    [TestCase("""{"goal":"x","unknown":1}""", "unknown")]
    [TestCase("""{"goal":"x","budget":{"steps":"many"}}""", "budget")]
    public async Task Call_WithBadArguments_IsAnErrorThatTheModelCanMend(
        string arguments, string field, CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync();

        JsonElement told = await CallAsync(host, "worker", JsonElement.Parse(arguments), cancellationToken);

        Assert.That(told.GetProperty("isError").GetBoolean());
        Assert.That(
            told.GetProperty("content")[0].GetProperty("text").GetString(), Does.StartWith(field).And.EndsWith("[invalidInput]"));
    }

    [TestCase("run_answer", "comment")]
    [TestCase("run_cancel", "reason")]
    public async Task RunTool_WithWordsThatAreNoText_NamesTheField(string tool, string field, CancellationToken cancellationToken)
    {
        await using ApiHost host = await McpFixtures.StartAsync();
        JsonElement told = await CallAsync(host, "confirm_delete", new { }, cancellationToken);
        string run = told.GetProperty("structuredContent").GetProperty("run").GetString()!;
        string question = told.GetProperty("content")[0].GetProperty("text").GetString()!.Split("(id ")[1].Split(')')[0];

        JsonElement refused = await CallAsync(
            host, tool, new Dictionary<string, object> { ["id"] = run, ["question"] = question, [field] = 7 }, cancellationToken);

        Assert.That(refused.GetProperty("isError").GetBoolean());
        Assert.That(
            refused.GetProperty("content")[0].GetProperty("text").GetString(),
            Does.StartWith(field).And.EndsWith("[invalidInput]"));
    }

    [TestCase("Doors:WaitFor")]
    [TestCase("Doors:Mcp:WaitFor")]
    public void Start_WithAWaitThatIsOutOfRange_NamesTheSetting(string setting)
    {
        OptionsValidationException? refused = Assert.ThrowsAsync<OptionsValidationException>(
            () => StartAsync((setting, "00:00:00")));

        Assert.That(refused!.Message, Does.Contain($"{setting}: use 1 second to 1 day."));
    }

    [Test]
    public async Task Run_OfAnotherCaller_DoesNotExist(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync(DoorHost.WithKey);
        (string anna, string ben) = await host.AddCallersAsync(cancellationToken);
        string viewer = await host.Get<ApiKeys>().AddAsync("vera", [CallerRoles.Viewer], Caller.Local, cancellationToken);
        JsonElement told = await SendAsync(
            "tools/call", "worker", new { name = "worker", arguments = new { goal = "Say hello." } }, anna);
        string id = told.GetProperty("result").GetProperty("structuredContent").GetProperty("run").GetString()!;
        var arguments = new { id, text = "x", question = "y" };

        foreach (string tool in (string[])["run_status", "run_message", "run_answer", "run_cancel"])
        {
            JsonElement refused = await SendAsync("tools/call", tool, new { name = tool, arguments }, ben);
            Assert.That(refused.GetProperty("error").GetProperty("code").GetInt32(), Is.EqualTo(-32602), tool);
        }

        foreach (string method in (string[])["tasks/get", "tasks/update", "tasks/cancel"])
        {
            JsonElement refused = await SendAsync(method, id, new { taskId = id }, ben, knowsTasks: true);
            Assert.That(refused.GetProperty("error").GetProperty("code").GetInt32(), Is.EqualTo(-32602), method);
        }

        JsonElement seen = await SendAsync("tools/call", "run_status", new { name = "run_status", arguments }, viewer);
        Assert.That(seen.TryGetProperty("result", out _));

        Task<JsonElement> SendAsync(string method, string name, object parameters, string key, bool knowsTasks = false) =>
            McpMessage.SendAsync(host.Client, method, name, parameters, cancellationToken, knowsTasks, key);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Call_OfACallerWhoMayNotStartRuns_SaysWhichScopeIsMissing(
        bool knowsTasks, CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync(
            DoorHost.WithKey, ("Api:Oidc:0:Issuer", "https://issuer.example"), ("Api:Oidc:0:Audience", "agents"));
        await host.AddCallersAsync(cancellationToken);
        string viewer = await host.Get<ApiKeys>().AddAsync("vera", [CallerRoles.Viewer], Caller.Local, cancellationToken);

        using HttpRequestMessage request = McpMessage.Make(
            "tools/call", "worker", new { name = "worker", arguments = new { goal = "x" } }, knowsTasks, viewer);
        using HttpResponseMessage refused = await host.Client.SendAsync(request, cancellationToken);

        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(
            refused.Headers.WwwAuthenticate.ToString(),
            Does.StartWith("Bearer error=\"insufficient_scope\"").And.Contain("scope=\"submitter\"")
                .And.Contain("resource_metadata="));
        Assert.That(
            await refused.Content.ReadAsStringAsync(cancellationToken), Does.Contain("[notAllowed]").And.Contain("-32602"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Call_OverAQuota_SaysWhenToComeBack(bool knowsTasks, CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync(
            ("Gateway:Quotas:0:Name", "few"), ("Gateway:Quotas:0:Caller", "*"), ("Gateway:Quotas:0:Runs", "1"));
        object call = new { name = "worker", arguments = new { goal = "Say hello." } };
        await McpMessage.SendAsync(host.Client, "tools/call", "worker", call, cancellationToken);

        using HttpRequestMessage request = McpMessage.Make("tools/call", "worker", call, knowsTasks);
        using HttpResponseMessage refused = await host.Client.SendAsync(request, cancellationToken);

        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.TooManyRequests));
        Assert.That(refused.Headers.RetryAfter?.Delta, Is.GreaterThan(TimeSpan.Zero));
        Assert.That(
            await refused.Content.ReadAsStringAsync(cancellationToken),
            Does.Contain("few").And.Contain("[quotaExceeded]").And.Contain("-32603"));
    }

    [Test]
    public async Task Request_WithoutCredentials_IsToldWhereToGetThem(CancellationToken cancellationToken)
    {
        await using ApiHost host = await StartAsync(
            ("Api:Oidc:0:Issuer", "https://issuer.example"), ("Api:Oidc:0:Audience", "agents"));

        using HttpResponseMessage refused = await host.Client.PostAsync(
            "/mcp", new StringContent("{}", Encoding.UTF8, "application/json"), cancellationToken);
        string challenge = refused.Headers.WwwAuthenticate.ToString();
        string address = challenge.Split("resource_metadata=\"")[1].Split('"')[0];
        JsonElement document = JsonElement.Parse(await host.Client.GetStringAsync(new Uri(address), cancellationToken));

        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(challenge, Does.Contain("scope=\"submitter\""));
        Assert.That(document.GetProperty("authorization_servers")[0].GetString(), Is.EqualTo("https://issuer.example"));
        Assert.That(document.GetProperty("resource").GetString(), Does.EndWith("/mcp"));
    }

    private static Task<ApiHost> StartAsync(params (string Key, string Value)[] settings) =>
        DoorHost.StartAsync(static _ => ChatReply.Say("Hello."), [], settings);

    /// <summary>Calls a tool as a client of 2026-07-28 that has no capabilities.</summary>
    private static async Task<JsonElement> CallAsync(
        ApiHost host, string tool, object arguments, CancellationToken cancellationToken)
    {
        JsonElement answer = await McpMessage.SendAsync(
            host.Client, "tools/call", tool, new { name = tool, arguments }, cancellationToken);
        Assert.That(answer.TryGetProperty("result", out JsonElement result), answer.ToString());
        return result;
    }
}
