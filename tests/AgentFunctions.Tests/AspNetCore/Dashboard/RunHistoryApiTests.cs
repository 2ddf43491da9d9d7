using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Gateway.Holds;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.AspNetCore.Dashboard;

/// <summary>Where a run comes from, what its model was shown, how calls like its own were decided, and what runs used.</summary>
[CancelAfter(300_000)]
internal sealed class RunHistoryApiTests
{
    private static readonly AgentTool Echo = AgentTool.Create(
        "echo", "Repeats a text.", ToolEffect.None, (string text) => $"echo of {text}");
    private static readonly AgentTool Pay = AgentTool.Create(
        "pay", "Pays.", ToolEffect.NotIdempotent, (string to, int amount) => $"{to} {amount}");

    private TemporaryFolder _folder = null!;
    private ApiHost _host = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _folder = new TemporaryFolder();
        string policy = _folder.Write("policy.yaml", "rules:\n  - { name: ask, when: { tool: pay }, then: ask }\n");
        _host = await ApiHost.StartAsync(
            static request => request.Body.GetRawText().Contains("Pay now", StringComparison.Ordinal) && request.Turn == 0
                ? ChatReply.Call("pay", new { to = "shop", amount = 12 })
                : request.Turn < 3 && request.Body.GetRawText().Contains("Echo thrice", StringComparison.Ordinal)
                    ? ChatReply.Call("echo", new { text = $"word{request.Turn}" })
                    : ChatReply.Say("all done"),
            [Echo, Pay], builder => builder.Configuration["Governance:PolicyPath"] = policy);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _host.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task Lineage_OfForksAndRewinds_IsFoundFromBothEnds()
    {
        string first = await EndedAsync("Echo thrice");
        string fork = Text(await _host.PostAsync(first, "fork", new { turn = 1 }, HttpStatusCode.Accepted), "id");
        await _host.WaitAsync(fork);
        string rewound = Text(
            (await _host.PostAsync(fork, "rewind", new { turn = 1, files = false }, HttpStatusCode.Accepted)).GetProperty("run"),
            "id");
        await _host.WaitAsync(rewound);

        JsonElement up = await GetAsync($"/api/runs/{rewound}/lineage");
        JsonElement down = await GetAsync($"/api/runs/{first}/lineage");

        Assert.That(Relatives(up, "ancestors"), Is.EqualTo(new[] { (fork, rewound, 1, true), (first, fork, 1, false) }));
        Assert.That(Relatives(down, "descendants"), Is.EqualTo(new[] { (fork, first, 1, false), (rewound, fork, 1, true) }));
        Assert.That(
            (up.GetProperty("descendants").GetArrayLength(), down.GetProperty("ancestors").GetArrayLength()), Is.EqualTo((0, 0)));
        Assert.That(Text(down.GetProperty("descendants")[0], "status"), Is.EqualTo("completed"));
        Assert.That(
            (await GetAsync($"/api/runs/{rewound}")).GetProperty("forkedFrom").GetRawText(),
            Is.EqualTo($$"""{"run":"{{fork}}","turn":1,"rewind":true}"""));
        using HttpResponseMessage none = await _host.Client.GetAsync("/api/runs/nobody/lineage");
        Assert.That(none.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task Run_ByItself_NamesItsPolicyHoldsAndRevision()
    {
        string run = await EndedAsync("Say it");
        await _host.Get<LegalHolds>().SetAsync(new Hold("case-7") { Run = run, Reason = "a case" }, Caller.Local);

        JsonElement shown = await GetAsync($"/api/runs/{run}");
        JsonElement row = (await GetAsync($"/api/runs/rows?ids={run}")).GetProperty("runs")[0];

        Assert.That(Text(shown, "policyHash"), Has.Length.EqualTo(64));
        Assert.That(shown.GetProperty("holds").GetRawText(), Is.EqualTo("""["case-7"]"""));
        Assert.That(shown.GetProperty("rev").GetInt64(), Is.EqualTo(row.GetProperty("rev").GetInt64()));
        Assert.That((await GetAsync("/api/runs?limit=1")).GetProperty("runs")[0].TryGetProperty("rev", out _), Is.False);
    }

    [Test]
    public async Task Transcript_BackwardsByTurnAndByWords_FindsItsMessages()
    {
        string run = await EndedAsync("Echo thrice");
        JsonElement[] all = Messages(await GetAsync($"/api/runs/{run}/transcript"));

        JsonElement last = await GetAsync($"/api/runs/{run}/transcript?before={int.MaxValue}&limit=2");
        JsonElement before = await GetAsync(
            $"/api/runs/{run}/transcript?before={last.GetProperty("previous").GetInt64()}&limit=200");
        JsonElement turn = await GetAsync($"/api/runs/{run}/transcript?turn=2");
        JsonElement found = await GetAsync($"/api/runs/{run}/transcript?q=ECHO%20OF%20word1");
        JsonElement page = await GetAsync($"/api/runs/{run}/transcript?q=word&limit=1");

        Assert.That(Positions(last), Is.EqualTo(new long[] { all.Length - 2, all.Length - 1 }));
        Assert.That(Positions(before), Is.EqualTo(Enumerable.Range(0, all.Length - 2)));
        Assert.That(before.TryGetProperty("previous", out _), Is.False);
        Assert.That(Messages(turn).Select(static one => one.GetProperty("turn").GetInt32()).Distinct(), Is.EqualTo(new[] { 2 }));
        Assert.That(Messages(turn), Has.Length.EqualTo(all.Count(static one => one.GetProperty("turn").GetInt32() == 2)));
        Assert.That(Messages(found).Select(static one => Text(one, "role")), Is.EqualTo(new[] { "tool" }));
        Assert.That((Messages(page).Length, page.GetProperty("next").ValueKind), Is.EqualTo((1, JsonValueKind.Number)));
    }

    [TestCase("before=3&q=x", "before:")]
    [TestCase("turn=0", "turn:")]
    [TestCase("before=soon", "before:")]
    public async Task Transcript_OfABadQuery_NamesTheField(string query, string field)
    {
        using HttpResponseMessage response = await _host.Client.GetAsync(
            $"/api/runs/{await EndedAsync("Say it")}/transcript?{query}");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(await response.Content.ReadAsStringAsync(), Does.Contain(field));
    }

    [Test]
    public async Task Shown_AtATurn_IsWhatTheModelWasSentThen()
    {
        string run = await EndedAsync("Echo thrice");

        JsonElement second = await GetAsync($"/api/runs/{run}/shown?turn=2");
        JsonElement last = await GetAsync($"/api/runs/{run}/shown");

        Assert.That(Text(second, "instructions"), Does.StartWith("Work."));
        Assert.That(second.GetProperty("tools").EnumerateArray().Select(static one => one.GetString()), Does.Contain("echo"));
        Assert.That(Messages(second).Select(static one => Text(one, "role")), Is.EqualTo(new[] { "user", "assistant", "tool" }));
        Assert.That(
            Messages(second)[2].GetProperty("contents")[0].GetProperty("text").GetString(),
            Does.Contain("echo of word0").And.Contain("<data"));
        Assert.That(Messages(last), Has.Length.EqualTo(7));
        Assert.That(second.GetProperty("summary").ValueKind, Is.EqualTo(JsonValueKind.Null));
        using HttpResponseMessage beyond = await _host.Client.GetAsync($"/api/runs/{run}/shown?turn=9");
        Assert.That(beyond.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
    }

    [Test]
    public async Task Approval_ByItself_HasTheSchemaAndHowSuchCallsWereDecided()
    {
        string first = await AskedAsync();
        using HttpResponseMessage denied = await _host.Client.PostAsJsonAsync(
            $"/api/approvals/{first}", new { decision = "deny", comment = "not on Fridays" });
        string second = await AskedAsync();

        JsonElement shown = await GetAsync($"/api/approvals/{second}");
        JsonElement listed = (await GetAsync("/api/approvals")).GetProperty("items")[0];
        await _host.Client.PostAsJsonAsync($"/api/approvals/{second}", new { decision = "approve", edits = new { amount = 4 } });
        JsonElement after = await GetAsync($"/api/approvals/{second}");

        Assert.That(
            shown.GetProperty("schema").GetProperty("properties").GetProperty("amount").GetProperty("type").GetString(),
            Is.EqualTo("integer"));
        JsonElement history = shown.GetProperty("history");
        Assert.That((history.GetProperty("approved").GetInt32(), history.GetProperty("denied").GetInt32()), Is.EqualTo((0, 1)));
        Assert.That(
            (Text(history.GetProperty("last"), "by"), Text(history.GetProperty("last"), "comment")),
            Is.EqualTo(("local", "not on Fridays")));
        Assert.That(listed.TryGetProperty("schema", out _) || listed.TryGetProperty("history", out _), Is.False);
        JsonElement now = after.GetProperty("history");
        Assert.That((now.GetProperty("approved").GetInt32(), now.GetProperty("edited").GetInt32()), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task Usage_ByDayAndWhat_SumsUpItsRuns()
    {
        string label = $"t{Guid.NewGuid():N}";
        string run = await _host.SubmitAsync(
            new { goal = "Echo thrice", labels = new Dictionary<string, string> { ["team"] = label } });
        JsonElement ended = await _host.WaitAsync(run);
        await _host.WaitAsync(
            await _host.SubmitAsync(new { goal = "Say it", labels = new Dictionary<string, string> { ["team"] = label } }));

        JsonElement day = (await GetAsync($"/api/usage?label=team={label}")).GetProperty("rows")[0];
        JsonElement[] rows = [.. (await GetAsync("/api/usage?by=label:team&bucket=hour")).GetProperty("rows").EnumerateArray()];
        JsonElement[] agents = [.. (await GetAsync($"/api/usage?by=agent&label=team={label}")).GetProperty("rows")
            .EnumerateArray()];

        Assert.That(
            (day.GetProperty("runs").GetInt32(), day.GetProperty("live").GetInt32(), day.GetProperty("failed").GetInt32()),
            Is.EqualTo((2, 0, 0)));
        Assert.That(day.GetProperty("steps").GetInt32(), Is.EqualTo(ended.GetProperty("steps").GetInt32() + 1));
        Assert.That(day.GetProperty("input").GetInt64(), Is.GreaterThan(0));
        Assert.That(Text(day, "at"), Does.EndWith("T00:00:00Z"));
        Assert.That(
            rows.Where(row => row.GetProperty("key").GetString() == label).Sum(static row => row.GetProperty("runs").GetInt32()),
            Is.EqualTo(2));
        Assert.That(agents.Select(static row => Text(row, "key")), Is.EqualTo(new[] { "worker" }));
        Assert.That((await GetAsync("/api/usage?to=2020-01-01")).GetProperty("rows").GetArrayLength(), Is.Zero);
    }

    [TestCase("by=tool", "by:")]
    [TestCase("bucket=week", "bucket:")]
    [TestCase("from=2026-01-02&to=2026-01-01", "from:")]
    public async Task Usage_OfABadQuery_NamesTheField(string query, string field)
    {
        using HttpResponseMessage response = await _host.Client.GetAsync($"/api/usage?{query}");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(await response.Content.ReadAsStringAsync(), Does.Contain(field));
    }

    private async Task<string> EndedAsync(string goal)
    {
        string id = await _host.SubmitAsync(new { goal });
        await _host.WaitAsync(id);
        return id;
    }

    private async Task<string> AskedAsync()
    {
        string run = await _host.SubmitAsync(new { goal = "Pay now" });
        return await Poll.ForAsync(async () =>
        {
            JsonElement items = (await GetAsync($"/api/approvals?run={run}")).GetProperty("items");
            return items.GetArrayLength() > 0 ? Text(items[0], "id") : null;
        });
    }

    private Task<JsonElement> GetAsync(string address) => _host.Client.GetFromJsonAsync<JsonElement>(address);

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static JsonElement[] Messages(JsonElement page) => [.. page.GetProperty("messages").EnumerateArray()];

    private static long[] Positions(JsonElement page) =>
        [.. Messages(page).Select(static one => one.GetProperty("position").GetInt64())];

    private static (string, string, int, bool)[] Relatives(JsonElement lineage, string name) =>
    [
        .. lineage.GetProperty(name).EnumerateArray()
            .Select(static one => (Text(one, "id"), Text(one, "next"), one.GetProperty("turn").GetInt32(),
                one.GetProperty("rewind").GetBoolean())),
    ];
}
