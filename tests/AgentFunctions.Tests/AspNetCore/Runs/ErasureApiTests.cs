using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Gateway.Holds;
using AgentFunctions.Loop;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.AspNetCore.Runs;

[CancelAfter(300_000)]
internal sealed class ErasureApiTests
{
    private static readonly string[] s_addresses = ["", "/tree", "/events", "/transcript", "/artifacts", "/artifacts/x",
        "/changes", "/files"];

    [Test]
    public async Task Delete_OfAnEndedRun_LeadsTo410EverywhereAndToAnErasure(CancellationToken cancellationToken)
    {
        await using ApiHost host = await ApiHost.StartAsync(static _ => ChatReply.Say("done"));
        string id = await host.SubmitAsync(new { goal = "x" });
        await host.WaitAsync(id);
        JsonElement plan = await ReadAsync(host, HttpMethod.Delete, $"/api/runs/{id}?dryRun=true", HttpStatusCode.OK,
            cancellationToken);
        Assert.That((plan.GetProperty("runs").GetInt32(),
            plan.TryGetProperty("refusal", out JsonElement refusal) && refusal.ValueKind != JsonValueKind.Null),
            Is.EqualTo((1, false)));
        await ReadAsync(host, HttpMethod.Delete, $"/api/runs/{id}", HttpStatusCode.BadRequest, cancellationToken);

        using HttpResponseMessage begun = await host.Client.DeleteAsync($"/api/runs/{id}?reason=asked%20for", cancellationToken);
        await host.Get<IOrchestrationClient>().WaitForCompletionAsync(EraseFlow.InstanceIdOf(id), cancellationToken);

        Assert.That((begun.StatusCode, begun.Headers.Location?.ToString()),
            Is.EqualTo((HttpStatusCode.Accepted, $"/api/erasures/{id}")));
        JsonElement erasure = await ReadAsync(host, HttpMethod.Get, $"/api/erasures/{id}", HttpStatusCode.OK, cancellationToken);
        Assert.That((erasure.GetProperty("state").GetString(), erasure.GetProperty("reason").GetString()),
            Is.EqualTo(("erased", "asked for")));
        foreach (string address in s_addresses)
        {
            JsonElement gone = await ReadAsync(host, HttpMethod.Get, $"/api/runs/{id}{address}", HttpStatusCode.Gone,
                cancellationToken);
            Assert.That(gone.GetProperty("code").GetString(), Is.EqualTo("runErased"), address);
        }

        foreach (string verb in new[] { "cancel", "pause", "resume", "messages", "budget", "fork", "workspace/restore",
            "rewind" })
        {
            using HttpResponseMessage answer = await host.Client.PostAsJsonAsync($"/api/runs/{id}/{verb}", new { },
                cancellationToken);
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Gone), verb);
        }

        await ReadAsync(host, HttpMethod.Delete, $"/api/runs/{id}?reason=again", HttpStatusCode.Gone, cancellationToken);
        Assert.That((await ReadAsync(host, HttpMethod.Get, "/api/runs", HttpStatusCode.OK, cancellationToken)).GetProperty("runs")
            .GetArrayLength(), Is.Zero);
    }

    [Test]
    public async Task Delete_OfALiveRun_IsRefusedOrEndsIt(CancellationToken cancellationToken)
    {
        await using ApiHost host = await ApiHost.StartAsync(
            static _ => ChatReply.Say("done") with { Before = static token => Task.Delay(Timeout.Infinite, token) });
        string id = await host.SubmitAsync(new { goal = "x" });

        JsonElement refused = await ReadAsync(host, HttpMethod.Delete, $"/api/runs/{id}?reason=x", HttpStatusCode.Conflict,
            cancellationToken);
        Assert.That(refused.GetProperty("detail").GetString(), Does.Contain("cancel=true"));
        await ReadAsync(host, HttpMethod.Delete, $"/api/runs/{id}?reason=x&cancel=true", HttpStatusCode.Accepted,
            cancellationToken);
        await host.Get<IOrchestrationClient>().WaitForCompletionAsync(EraseFlow.InstanceIdOf(id), cancellationToken);

        await ReadAsync(host, HttpMethod.Get, $"/api/runs/{id}", HttpStatusCode.Gone, cancellationToken);
    }

    [Test]
    public async Task Delete_OfARunWithACallOfUnknownOutcome_NamesIt(CancellationToken cancellationToken)
    {
        await using ApiHost host = await ApiHost.StartAsync(static _ => ChatReply.Say("done"));
        string id = await host.SubmitAsync(new { goal = "x" });
        await host.WaitAsync(id);
        await host.Get<AgentFunctions.Ledger.CallLedger>().WriteAsync(
            id, 1, 0, new AgentFunctions.Ledger.LedgerEntry("pay", AgentFunctions.Ledger.LedgerState.Started,
                DateTimeOffset.UnixEpoch), cancellationToken);

        JsonElement refused = await ReadAsync(host, HttpMethod.Delete, $"/api/runs/{id}?reason=x", HttpStatusCode.Conflict,
            cancellationToken);
        Assert.That(refused.GetProperty("detail").GetString(), Does.Contain($"'pay' ({id}/1/0)"));
        await ReadAsync(host, HttpMethod.Delete, $"/api/runs/{id}?reason=x&force=true", HttpStatusCode.Accepted,
            cancellationToken);
    }

    [Test]
    public async Task Hold_KeepsWhatItNames_UntilAnotherPersonLiftsIt(CancellationToken cancellationToken)
    {
        await using ApiHost host = await ApiHost.StartAsync(static _ => ChatReply.Say("done"));
        string id = await host.SubmitAsync(new { goal = "x", labels = new { team = "red" } });
        await host.WaitAsync(id);
        using HttpResponseMessage set = await host.Client.PutAsJsonAsync("/api/holds/case-7",
            new { label = "team=red", reason = "lawsuit" }, cancellationToken);
        Assert.That(set.StatusCode, Is.EqualTo(HttpStatusCode.OK), await set.Content.ReadAsStringAsync(cancellationToken));
        using HttpResponseMessage other = await host.Client.PutAsJsonAsync("/api/holds/case-7",
            new { label = "team=blue", reason = "lawsuit" }, cancellationToken);
        Assert.That(other.StatusCode, Is.EqualTo(HttpStatusCode.Conflict));

        JsonElement held = await ReadAsync(host, HttpMethod.Delete, $"/api/runs/{id}?reason=x", HttpStatusCode.Locked,
            cancellationToken);
        Assert.That(held.GetProperty("detail").GetString(), Does.Contain("case-7"));
        await ReadAsync(host, HttpMethod.Delete, "/api/holds/case-7", HttpStatusCode.Forbidden, cancellationToken);
        await host.Get<LegalHolds>()
            .LiftAsync("case-7", new Caller("judge") { Roles = [CallerRoles.Auditor] }, cancellationToken);
        await ReadAsync(host, HttpMethod.Delete, $"/api/runs/{id}?reason=x", HttpStatusCode.Accepted, cancellationToken);
    }

    [TestCase("{\"reason\":\"x\"}", "run:")]
    [TestCase("{\"agent\":\"a\",\"reason\":\" \"}", "reason:")]
    [TestCase("{\"run\":\"no run\",\"reason\":\"x\"}", "run:")]
    [TestCase("{\"agent\":\"a\",\"reason\":\"x\",\"until\":\"2001-01-01T00:00:00Z\"}", "until:")]
    public async Task Hold_ThatSaysTooLittle_IsRefused(string body, string field)
    {
        await using ApiHost host = await ApiHost.StartAsync(static _ => ChatReply.Say("done"));
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        using HttpResponseMessage answer = await host.Client.PutAsync("/api/holds/h", content);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain(field));
    }

    private static async Task<JsonElement> ReadAsync(
        ApiHost host, HttpMethod method, string address, HttpStatusCode expected, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, address);
        using HttpResponseMessage answer = await host.Client.SendAsync(request, cancellationToken);
        string body = await answer.Content.ReadAsStringAsync(cancellationToken);
        Assert.That(answer.StatusCode, Is.EqualTo(expected), $"{method} {address}: {body}");
        return JsonElement.Parse(body);
    }
}
