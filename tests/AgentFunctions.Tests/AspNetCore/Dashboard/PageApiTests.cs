using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AspNetCore.Dashboard;

/// <summary>What the dashboard asks: lists, inbox, approvals, audit and acts on several runs.</summary>
[CancelAfter(300_000)]
internal sealed class PageApiTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void CreateFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public async Task Rows_OfRuns_AreFilteredOrderedAndCounted()
    {
        await using ApiHost host = await StartAsync();
        string first = await EndedAsync(host, "Count the apples", "red");
        string second = await EndedAsync(host, "Count the pears", "blue");
        string waiting = await WaitingAsync(host);
        JsonElement all = await GetAsync(host, "/api/runs/rows");
        JsonElement row = Rows(all)[0];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Ids(all), Is.EqualTo(new[] { waiting, second, first }));
            Assert.That(all.GetProperty("counts").GetRawText(), Is.EqualTo(
                """{"queued":0,"running":0,"waiting":1,"paused":0,"mine":1,"failed":0,"ended":2}"""));
            Assert.That(row.GetProperty("waits")[0].GetProperty("kind").GetString(), Is.EqualTo("approval"));
            Assert.That(row.GetProperty("waits")[0].GetProperty("mine").GetBoolean(), Is.True);
            Assert.That(row.GetProperty("requester").GetString(), Is.EqualTo("local"));
            Assert.That(Rows(all).Select(static one => Encoding.UTF8.GetByteCount(one.GetRawText())),
                Is.All.LessThanOrEqualTo(450));
            Assert.That(Ids(await GetAsync(host, "/api/runs/rows?status=completed,failed")), Is.EqualTo(new[] { second, first }));
            Assert.That(Ids(await GetAsync(host, "/api/runs/rows?mine=true")), Is.EqualTo(new[] { waiting }));
            Assert.That(Ids(await GetAsync(host, "/api/runs/rows?waiting=approval")), Is.EqualTo(new[] { waiting }));
            Assert.That(Ids(await GetAsync(host, "/api/runs/rows?q=APPLES")), Is.EqualTo(new[] { first }));
            Assert.That(Ids(await GetAsync(host, "/api/runs/rows?label=team=blue")), Is.EqualTo(new[] { second }));
            Assert.That(Ids(await GetAsync(host, $"/api/runs/rows?ids={first},{waiting}")), Is.EqualTo(new[] { waiting, first }));
            Assert.That(Ids(await GetAsync(host, "/api/runs/rows?minUsd=5")), Is.Empty);
            Assert.That(Ids(await GetAsync(host, "/api/runs/rows?until=2020-01-01T00:00:00Z")), Is.Empty);
        }

        JsonElement page = await GetAsync(host, "/api/runs/rows?limit=2");
        Assert.That(Ids(await GetAsync(host, $"/api/runs/rows?limit=2&from={page.GetProperty("next").GetInt32()}")),
            Is.EqualTo(new[] { first }));
        Assert.That(page.GetProperty("total").GetInt32(), Is.EqualTo(3));
    }

    [TestCase("status=gone", "status:")]
    [TestCase("since=yesterday", "since:")]
    [TestCase("minUsd=much", "minUsd:")]
    [TestCase("sort=name", "sort:")]
    [TestCase("limit=0", "limit:")]
    [TestCase("mine=yes", "mine:")]
    public async Task Rows_OfABadQuery_NameTheField(string query, string field)
    {
        await using ApiHost host = await StartAsync();
        foreach (string route in new[] { "/api/runs/rows", "/api/watch" })
        {
            using HttpResponseMessage response = await host.Client.GetAsync($"{route}?{query}");
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest), route);
            Assert.That(await response.Content.ReadAsStringAsync(), Does.Contain(field), route);
        }
    }

    [Test]
    public async Task Watch_OfTheList_TellsWhatThereIsAndThenWhatChanges()
    {
        await using ApiHost host = await StartAsync();
        string first = await EndedAsync(host, "Count", "red");
        using HttpResponseMessage response = await host.Client.GetAsync("/api/watch?label=team",
            HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());

        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("text/event-stream"));
        Assert.That((await NextAsync(reader, "run.changed")).GetProperty("id").GetString(), Is.EqualTo(first));
        Assert.That((await NextAsync(reader, "counts")).GetProperty("total").GetInt32(), Is.EqualTo(1));
        Assert.That((await NextAsync(reader, "inbox")).GetProperty("approvals").GetInt32(), Is.Zero);
        string second = await EndedAsync(host, "Count again", "red");
        Assert.That((await NextAsync(reader, "run.changed")).GetProperty("id").GetString(), Is.EqualTo(second));
    }

    [Test]
    public async Task Inbox_OfACaller_CountsWhatItMayDecide()
    {
        await using ApiHost host = await StartAsync();
        await WaitingAsync(host);
        JsonElement inbox = await GetAsync(host, "/api/inbox");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(inbox.GetProperty("approvals").GetInt32(), Is.EqualTo(1));
            Assert.That(inbox.GetProperty("questions").GetInt32(), Is.Zero);
            Assert.That(inbox.GetProperty("oldest").ValueKind, Is.EqualTo(JsonValueKind.String));
            Assert.That(inbox.GetProperty("highest").ValueKind, Is.EqualTo(JsonValueKind.String));
        }
    }

    [Test]
    public async Task Approval_EditedByAPatch_IsCalledWithTheRestAsItWas()
    {
        await using ApiHost host = await StartAsync();
        string run = await WaitingAsync(host);
        JsonElement asked = (await GetAsync(host, $"/api/approvals?run={run}&mine=true")).GetProperty("items")[0];
        string id = asked.GetProperty("id").GetString()!;
        using HttpResponseMessage stale = await host.Client.PostAsJsonAsync($"/api/approvals/{id}",
            new { decision = "approve", callHash = "other" });
        using HttpResponseMessage both = await host.Client.PostAsJsonAsync($"/api/approvals/{id}",
            new { decision = "deny", edits = new { } });
        using HttpResponseMessage bad = await host.Client.PostAsJsonAsync($"/api/approvals/{id}",
            new { decision = "approve", edits = 7 });
        using HttpResponseMessage made = await host.Client.PostAsJsonAsync(
            $"/api/approvals/{id}",
            new { decision = "approve", edits = new { amount = 4 }, callHash = asked.GetProperty("callHash").GetString() });
        JsonElement decided = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("items")[0];
        await host.WaitAsync(run);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(asked.GetProperty("mayDecide").GetBoolean(), Is.True);
            Assert.That(stale.StatusCode, Is.EqualTo(HttpStatusCode.Conflict));
            Assert.That(both.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
            Assert.That(bad.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
            Assert.That(decided.GetProperty("asked").GetRawText(), Is.EqualTo("""{"to":"shop","amount":12}"""));
            Assert.That(decided.GetProperty("arguments").GetRawText(), Is.EqualTo("""{"to":"shop","amount":4}"""));
            Assert.That(decided.GetProperty("votes")[0].GetProperty("by").GetString(), Is.EqualTo("local"));
        }
    }

    [Test]
    public async Task Approvals_DecidedTogether_SayWhatBecameOfEach()
    {
        await using ApiHost host = await StartAsync();
        string run = await WaitingAsync(host);
        JsonElement asked = (await GetAsync(host, "/api/approvals")).GetProperty("items")[0];
        string id = asked.GetProperty("id").GetString()!;
        using HttpResponseMessage other = await host.Client.PostAsJsonAsync(
            "/api/approvals/decide",
            new { ids = new[] { id, "none" }, decision = "deny", hashes = new Dictionary<string, string> { [id] = "other" } });
        JsonElement[] refused = [.. (await other.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("items").EnumerateArray()];
        using HttpResponseMessage right = await host.Client.PostAsJsonAsync("/api/approvals/decide",
            new { ids = new[] { id }, decision = "deny", comment = "No." });
        JsonElement done = (await right.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("items")[0];
        using HttpResponseMessage none = await host.Client.PostAsJsonAsync("/api/approvals/decide",
            new { ids = Array.Empty<string>(), decision = "deny" });
        await host.WaitAsync(run);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(refused.Select(static one => one.GetProperty("code").GetString()),
                Is.EqualTo(new[] { "approvalStateForbids", "approvalNotFound" }));
            Assert.That(done.GetRawText(), Is.EqualTo($$"""{"id":"{{id}}","ok":true,"state":"denied"}"""));
            Assert.That(none.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        }
    }

    [Test]
    public async Task Bulk_OfWhatMatches_IsDoneForTheNumberThatWasSeen()
    {
        await using ApiHost host = await StartAsync();
        string[] runs = [await WaitingAsync(host), await WaitingAsync(host)];
        string ended = await EndedAsync(host, "Count", "red");
        using HttpResponseMessage wrong = await host.Client.PostAsJsonAsync("/api/runs/bulk?status=waiting",
            new { action = "cancel", expect = 3 });
        using HttpResponseMessage blind = await host.Client.PostAsJsonAsync("/api/runs/bulk?status=waiting",
            new { action = "cancel" });
        using HttpResponseMessage none = await host.Client.PostAsJsonAsync(
            "/api/runs/bulk", new { action = "cancel", ids = new[] { runs[0], null } });
        using HttpResponseMessage right = await host.Client.PostAsJsonAsync("/api/runs/bulk?status=waiting",
            new { action = "cancel", expect = 2, reason = "Enough." });
        JsonElement done = await right.Content.ReadFromJsonAsync<JsonElement>();
        foreach (string run in runs)
        {
            Assert.That((await host.WaitAsync(run)).GetProperty("status").GetString(), Is.EqualTo("cancelled"));
        }

        using HttpResponseMessage mixed = await host.Client.PostAsJsonAsync("/api/runs/bulk",
            new { action = "pause", ids = new[] { ended, "none" } });
        JsonElement[] items = [.. (await mixed.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("items").EnumerateArray()];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(wrong.StatusCode, Is.EqualTo(HttpStatusCode.Conflict));
            Assert.That(await wrong.Content.ReadAsStringAsync(), Does.Contain("otherNumber"));
            Assert.That(blind.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
            Assert.That(none.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
            Assert.That(await none.Content.ReadAsStringAsync(), Does.Contain("ids: "));
            Assert.That(done.GetProperty("done").GetInt32(), Is.EqualTo(2));
            Assert.That(items.Select(static one => one.GetProperty("code").GetString()),
                Is.EqualTo(new[] { "runStateForbids", "runNotFound" }));
        }
    }

    [Test]
    public async Task Audit_Filtered_GivesTheLastEntriesInSentences()
    {
        await using ApiHost host = await StartAsync();
        string run = await WaitingAsync(host);
        await EndedAsync(host, "Count", "red");
        JsonElement found = await GetAsync(host, $"/api/audit?run={run}&type=approval.requested&tool=pay&newest=true&text=true");
        JsonElement last = await GetAsync(host, "/api/audit?newest=true&limit=1");
        JsonElement page = await GetAsync(host, "/api/audit?type=run.submitted&limit=1");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(found.GetProperty("items").GetArrayLength(), Is.EqualTo(1));
            Assert.That(found.GetProperty("text")[0].GetString(), Does.Contain("waits for approval").And.Contain("pay"));
            Assert.That(last.GetProperty("items")[0].GetProperty("type").GetString(), Is.EqualTo("run.ended"));
            Assert.That(page.GetProperty("cursor").GetString(), Is.Not.Empty);
        }

        JsonElement next = await GetAsync(host,
            $"/api/audit?type=run.submitted&limit=1&after={page.GetProperty("cursor").GetString()}");
        Assert.That(next.GetProperty("items")[0].GetProperty("runId").GetString(),
            Is.Not.EqualTo(page.GetProperty("items")[0].GetProperty("runId").GetString()));
        using HttpResponseMessage bad = await host.Client.GetAsync("/api/audit?verdict=maybe");
        Assert.That(bad.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
    }

    [Test]
    public async Task Kill_AsADryRun_StopsNothing()
    {
        await using ApiHost host = await StartAsync();
        string run = await WaitingAsync(host);
        using HttpResponseMessage plan = await host.Client.PostAsJsonAsync("/api/kill?dryRun=true",
            new { scope = "agent", name = "worker" });
        JsonElement report = await plan.Content.ReadFromJsonAsync<JsonElement>();

        Assert.That(report.GetProperty("runs")[0].GetString(), Is.EqualTo(run));
        Assert.That((await GetAsync(host, "/api/kill")).GetProperty("items").GetArrayLength(), Is.Zero);
        Assert.That((await GetAsync(host, $"/api/runs/{run}")).GetProperty("status").GetString(), Is.EqualTo("waiting"));
    }

    [Test]
    public async Task Events_ByThePage_AreTheLastOnesOrThoseBefore()
    {
        await using ApiHost host = await StartAsync();
        string run = await EndedAsync(host, "Count", "red");
        JsonElement[] all = [.. (await GetAsync(host, $"/api/runs/{run}/events?follow=false")).EnumerateArray()];
        JsonElement tail = await GetAsync(host, $"/api/runs/{run}/events?follow=false&tail=2");
        JsonElement before = await GetAsync(host, $"/api/runs/{run}/events?follow=false&before=2&limit=1");
        JsonElement typed = await GetAsync(host, $"/api/runs/{run}/events?follow=false&types=run.submitted,run.ended");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(tail.EnumerateArray().Select(static e => e.GetProperty("position").GetInt64()),
                Is.EqualTo(new long[] { all.Length - 2, all.Length - 1 }));
            Assert.That(before.EnumerateArray().Select(static e => e.GetProperty("position").GetInt64()),
                Is.EqualTo(new long[] { 1 }));
            Assert.That(typed.EnumerateArray().Select(static e => e.GetProperty("type").GetString()),
                Is.EqualTo(new[] { "run.submitted", "run.ended" }));
        }
    }

    [Test]
    public async Task Nodes_OfATree_AreFlatAndAddUp()
    {
        await using ApiHost host = await StartAsync();
        string run = await EndedAsync(host, "Count", "red");
        JsonElement node = (await GetAsync(host, $"/api/runs/{run}/nodes")).GetProperty("nodes")[0];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(node.GetProperty("id").GetString(), Is.EqualTo(run));
            Assert.That(node.GetProperty("critical").GetBoolean(), Is.True);
            Assert.That(node.GetProperty("own").GetRawText(), Is.EqualTo(node.GetProperty("branch").GetRawText()));
            Assert.That(node.GetProperty("own").GetProperty("steps").GetInt32(), Is.EqualTo(1));
        }
    }

    [Test]
    public async Task Spans_OfARun_AreListedOrSummedUpInParts()
    {
        await using ApiHost host = await StartAsync();
        string run = await WaitingAsync(host);
        JsonElement all = await GetAsync(host, $"/api/runs/{run}/spans");
        JsonElement few = await GetAsync(host, $"/api/runs/{run}/spans?max=1");
        JsonElement before = await GetAsync(host, $"/api/runs/{run}/spans?to=2020-01-01T00:00:00Z");
        JsonElement path = await GetAsync(host, $"/api/runs/{run}/critical-path");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                all.GetProperty("spans").EnumerateArray().Select(static span => span.GetProperty("kind").GetString()),
                Is.EqualTo(new[] { "model", "person" }));
            Assert.That(all.GetProperty("spans")[1].GetProperty("over").GetBoolean(), Is.False);
            Assert.That(all.TryGetProperty("buckets", out _), Is.False);
            Assert.That(few.GetProperty("buckets").GetArrayLength(), Is.EqualTo(200));
            Assert.That(
                few.GetProperty("buckets")[199].GetProperty("n").GetInt32(), Is.EqualTo(1), "it still waits for a person");
            Assert.That(few.TryGetProperty("spans", out _), Is.False);
            Assert.That(before.GetProperty("spans").GetArrayLength(), Is.Zero);
            Assert.That(path.GetProperty("steps").EnumerateArray().Last().GetProperty("kind").GetString(), Is.EqualTo("person"));
            Assert.That(
                path.GetProperty("parts").GetProperty("people").GetInt64(),
                Is.LessThanOrEqualTo(path.GetProperty("wallMs").GetInt64()));
        }
    }

    [TestCase("max=0", "max:")]
    [TestCase("from=soon", "from:")]
    [TestCase("from=2026-01-02&to=2026-01-01", "from:")]
    public async Task Spans_OfABadQuery_NameTheField(string query, string field)
    {
        await using ApiHost host = await StartAsync();
        string run = await EndedAsync(host, "Count", "red");
        using HttpResponseMessage response = await host.Client.GetAsync($"/api/runs/{run}/spans?{query}");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(await response.Content.ReadAsStringAsync(), Does.Contain(field));
    }

    [Test]
    public async Task Watch_OfTheInbox_TellsNothingOfRuns()
    {
        await using ApiHost host = await StartAsync();
        await WaitingAsync(host);
        using HttpResponseMessage response = await host.Client.GetAsync(
            "/api/watch?topic=inbox", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        string? first;
        do
        {
            first = await reader.ReadLineAsync();
        }
        while (first?.StartsWith("event: ", StringComparison.Ordinal) == false);

        Assert.That(first, Is.EqualTo("event: inbox"));
        Assert.That(await reader.ReadLineAsync(), Does.Contain("\"approvals\":1"));
    }

    private Task<ApiHost> StartAsync()
    {
        string policy = _folder.Write("policy.yaml", "rules:\n  - { name: ask, when: { tool: pay }, then: ask }\n");
        AgentTool pay = AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, (string to, int amount) => $"{to} {amount}");
        return ApiHost.StartAsync(
            static request => request.Turn == 0 && request.Body.GetRawText().Contains("Pay now", StringComparison.Ordinal)
                ? ChatReply.Call("pay", new { to = "shop", amount = 12 })
                : ChatReply.Say("done"),
            [pay], builder => builder.Configuration["Governance:PolicyPath"] = policy);
    }

    private static async Task<string> EndedAsync(ApiHost host, string goal, string team)
    {
        string id = await host.SubmitAsync(new { goal, labels = new { team } });
        await host.WaitAsync(id);
        return id;
    }

    private static async Task<string> WaitingAsync(ApiHost host)
    {
        string id = await host.SubmitAsync(new { goal = "Pay now" });
        await Poll.ForAsync(async () => (await GetAsync(host, $"/api/runs/{id}")).GetProperty("status").GetString() == "waiting"
            ? "waiting"
            : null);
        return id;
    }

    private static Task<JsonElement> GetAsync(ApiHost host, string address) => host.Client.GetFromJsonAsync<JsonElement>(address);

    private static JsonElement[] Rows(JsonElement page) => [.. page.GetProperty("runs").EnumerateArray()];

    private static string?[] Ids(JsonElement page) => [.. Rows(page).Select(static row => row.GetProperty("id").GetString())];

    private static async Task<JsonElement> NextAsync(StreamReader reader, string name)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line == $"event: {name}")
            {
                return JsonElement.Parse((await reader.ReadLineAsync())!["data: ".Length..]);
            }
        }

        throw new AssertionException($"The stream ended before '{name}'.");
    }
}
