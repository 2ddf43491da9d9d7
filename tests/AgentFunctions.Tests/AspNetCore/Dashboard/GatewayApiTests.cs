using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Gateway.KillSwitch;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.Tests.AspNetCore.Dashboard;

/// <summary>What the rules would decide, without deciding it: policy, agents, previews, quotas and the queue.</summary>
[CancelAfter(300_000)]
internal sealed class GatewayApiTests
{
    private TemporaryFolder _folder = null!;
    private ApiHost _host = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _folder = new TemporaryFolder();
        string policy = _folder.Write("policy.yaml", """
            rules:
              - { name: big, when: { tool: move, arguments: { amount: { above: 99 } } }, then: deny, reason: too much }
              - { name: pays, when: { tool: pay }, then: ask, approval: { roles: [lead], count: 2 } }
            """);
        _host = await ApiHost.StartAsync(
            static _ => ChatReply.Say("done"),
            [
                AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, (string to, int amount) => $"{to} {amount}"),
                AgentTool.Create("move", "Moves money.", ToolEffect.NotIdempotent, (int amount) => $"{amount}"),
                AgentTool.Create("look", "Looks.", ToolEffect.None, (string at) => at),
            ],
            builder => builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Governance:PolicyPath"] = policy,
                ["Gateway:Quotas:0:Name"] = "daily",
                ["Gateway:Quotas:0:Caller"] = "*",
                ["Gateway:Quotas:0:Runs"] = "100",
                ["Gateway:Quotas:1:Name"] = "red",
                ["Gateway:Quotas:1:Label"] = "team",
                ["Gateway:Quotas:1:Runs"] = "1",
            }));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _host.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task Policy_ByItself_NamesItsRulesAndDefaults()
    {
        JsonElement policy = await GetAsync("/api/policy");

        Assert.That(
            policy.GetProperty("rules").EnumerateArray().Select(static rule => rule.GetString()),
            Is.EqualTo(new[] { "big", "pays" }));
        Assert.That(
            policy.GetProperty("defaults").GetRawText(),
            Is.EqualTo("""{"none":"allow","idempotent":"ask","notIdempotent":"ask"}"""));
        Assert.That(policy.GetProperty("configured").GetBoolean(), Is.True);
    }

    [TestCase("""{"agent":"worker","tool":"move","arguments":{"amount":500}}""", "deny", "big")]
    [TestCase("""{"agent":"worker","tool":"move","arguments":{"amount":5}}""", "ask", "default:notIdempotent")]
    [TestCase("""{"agent":"worker","tool":"pay","arguments":{"to":"shop","amount":5}}""", "ask", "pays")]
    [TestCase("""{"agent":"worker","tool":"look"}""", "allow", "default:none")]
    public async Task PolicyTest_OfACall_SaysWhatTheRulesSay(string body, string verdict, string rule)
    {
        int before = await EntriesAsync();
        (HttpStatusCode status, JsonElement said) = await PostAsync("/api/policy/test", body);

        Assert.That(status, Is.EqualTo(HttpStatusCode.OK));
        Assert.That((Text(said, "verdict"), Text(said, "rule")), Is.EqualTo((verdict, rule)));
        Assert.That(
            said.TryGetProperty("roles", out JsonElement roles) ? roles.GetRawText() : "",
            Is.EqualTo(rule == "pays" ? """["lead"]""" : verdict == "ask" ? """["approver"]""" : ""));
        Assert.That(await EntriesAsync(), Is.EqualTo(before), "nothing is written down");
    }

    [TestCase("""{"tool":"pay"}""", HttpStatusCode.BadRequest, "agent")]
    [TestCase("""{"agent":"nobody","tool":"pay"}""", HttpStatusCode.NotFound, "nobody")]
    [TestCase("""{"agent":"worker","tool":"none"}""", HttpStatusCode.Conflict, "none")]
    [TestCase("""{"agent":"worker","tool":"pay","arguments":[1]}""", HttpStatusCode.BadRequest, "arguments")]
    public async Task PolicyTest_OfWhatIsNot_NamesIt(string body, HttpStatusCode status, string words)
    {
        (HttpStatusCode answered, JsonElement problem) = await PostAsync("/api/policy/test", body);

        Assert.That(answered, Is.EqualTo(status), problem.GetRawText());
        Assert.That(Text(problem, "detail"), Does.Contain(words));
    }

    [Test]
    public async Task Agent_ByItself_HasToolsVerdictsAndWhatItsRunsTook()
    {
        await EndedAsync();
        JsonElement agent = await GetAsync("/api/agents/worker");

        Assert.That(
            Verdicts(agent.GetProperty("tools")),
            Does.Contain(("pay", "ask", "pays")).And.Contains(("look", "allow", "default:none")).And.Contains(("move", "deny",
                "big")));
        Assert.That((Text(agent, "instructions"), Text(agent, "delegation")), Is.EqualTo(("Work.", "none")));
        Assert.That(agent.GetProperty("past").GetProperty("n").GetInt32(), Is.GreaterThan(0));
        Assert.That(agent.GetProperty("past").GetProperty("turns").GetRawText(), Is.EqualTo("[1,1,1]"));
        Assert.That(agent.GetProperty("agent").GetProperty("name").GetString(), Is.EqualTo("worker"));
        using HttpResponseMessage none = await _host.Client.GetAsync("/api/agents/nobody");
        Assert.That(none.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task Preview_OfASubmission_SaysWhoRunsItAndWhatIsAsked()
    {
        int before = await EntriesAsync();
        (HttpStatusCode status, JsonElement preview) = await PostAsync("/api/runs/preview", """{"goal":"Pay the shop"}""");

        Assert.That(status, Is.EqualTo(HttpStatusCode.OK), preview.GetRawText());
        Assert.That((Text(preview, "agent"), preview.GetProperty("admitted").GetBoolean()), Is.EqualTo(("worker", true)));
        Assert.That(preview.GetProperty("asks").EnumerateArray().Select(static tool => tool.GetString()), Does.Contain("pay"));
        JsonElement quota = preview.GetProperty("quotas")[0];
        Assert.That((Text(quota, "name"), quota.GetProperty("limit").GetProperty("runs").GetInt32()), Is.EqualTo(("daily", 100)));
        Assert.That(await EntriesAsync(), Is.EqualTo(before), "nothing is written down");
        (HttpStatusCode empty, _) = await PostAsync("/api/runs/preview", """{"goal":" "}""");
        Assert.That(empty, Is.EqualTo(HttpStatusCode.BadRequest));
    }

    [Test]
    public async Task Preview_OfWhatAQuotaOrAnOrderStops_NamesIt()
    {
        await _host.WaitAsync(await _host.SubmitAsync(new { goal = "x", labels = new { team = "red" } }));
        (_, JsonElement used) = await PostAsync("/api/runs/preview", """{"goal":"x","labels":{"team":"red"}}""");
        await _host.Get<KillOrders>().EngageAsync(KillScope.Label, "team=blue", Caller.Local, "a test");
        (_, JsonElement stopped) = await PostAsync("/api/runs/preview", """{"goal":"x","labels":{"team":"blue"}}""");
        await _host.Get<KillOrders>().ReleaseAsync(KillScope.Label, "team=blue", Caller.Local);

        Assert.That(
            (used.GetProperty("admitted").GetBoolean(), stopped.GetProperty("admitted").GetBoolean()),
            Is.EqualTo((false, false)));
        Assert.That(Text(used, "refusal"), Does.Contain("quota 'red'"));
        Assert.That(Text(stopped, "refusal"), Does.Contain("stopped").And.Contain("team=blue"));
    }

    [Test]
    public async Task Quotas_AndQueue_SayWhatIsUsed()
    {
        await EndedAsync();
        JsonElement[] quotas = [.. (await GetAsync("/api/quotas?label=team=green")).GetProperty("quotas").EnumerateArray()];
        JsonElement queue = await GetAsync("/api/queue");
        using HttpResponseMessage bad = await _host.Client.GetAsync("/api/quotas?label=team");

        Assert.That(
            quotas.Select(static quota => Text(quota, "account")), Is.EqualTo(new[] { "caller local", "label team=green" }));
        Assert.That(quotas[0].GetProperty("used").GetProperty("runs").GetInt32(), Is.GreaterThan(0));
        Assert.That(quotas[1].GetProperty("used").GetProperty("runs").GetInt32(), Is.Zero);
        Assert.That(queue.GetRawText(), Is.EqualTo("""{"limited":false,"active":0,"waiting":[]}"""));
        Assert.That(bad.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
    }

    private async Task EndedAsync() => await _host.WaitAsync(await _host.SubmitAsync(new { goal = "x" }));

    private async Task<int> EntriesAsync() => await _host.Get<AuditLog>().ReadAsync().CountAsync();

    private async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string address, string body)
    {
        using HttpResponseMessage response = await _host.Client.PostAsync(
            address, new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>());
    }

    private Task<JsonElement> GetAsync(string address) => _host.Client.GetFromJsonAsync<JsonElement>(address);

    private static (string, string, string)[] Verdicts(JsonElement tools) =>
        [.. tools.EnumerateArray().Select(static tool => (Text(tool, "tool"), Text(tool, "verdict"), Text(tool, "rule")))];

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
