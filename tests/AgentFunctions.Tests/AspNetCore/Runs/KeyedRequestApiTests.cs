using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AspNetCore.Runs;

/// <summary>Over HTTP, a request that is repeated under its key is the same request; and scopes can be set there.</summary>
[CancelAfter(300_000)]
internal sealed class KeyedRequestApiTests
{
    private static readonly AgentTool Pay = AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent,
        (string to) => $"paid {to}");

    [Test]
    public async Task Submit_WithScopes_NarrowsTheRuns()
    {
        await using ApiHost host = await ApiHost.StartAsync(
            static _ => ChatReply.Say("done"), null,
            static builder => builder.Services.AddAgent(Agent.Create("scoped").WithInstructions("Work.")
                .WithScopes("read", "write").Build()));

        string id = await host.SubmitAsync(new { goal = "x", agent = "scoped", scopes = new[] { "read", "admin" } });
        string all = await host.SubmitAsync(new { goal = "x", agent = "scoped" });

        Assert.That((await host.Get<RunStore>().GetAsync(id)).Scopes, Is.EqualTo(new[] { "read" }));
        Assert.That((await host.Get<RunStore>().GetAsync(all)).Scopes, Is.EquivalentTo(new[] { "read", "write" }));
        using HttpResponseMessage wrong = await host.Client.PostAsJsonAsync("/api/runs",
            new { goal = "x", agent = "scoped", scopes = new[] { "a b" } });
        Assert.That(wrong.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(await wrong.Content.ReadAsStringAsync(), Does.Contain("scopes"));
        await host.WaitAsync(id);
        await host.WaitAsync(all);
    }

    [Test]
    public async Task PauseAndResume_RepeatedUnderTheirKeys_AreOnce()
    {
        await using ApiHost host =
            await ApiHost.StartAsync(static _ => ChatReply.Say("never") with { Before = static token => Task.Delay(Timeout.Infinite, token) });
        string id = await host.SubmitAsync(new { goal = "x" });

        for (int i = 0; i < 3; i++)
        {
            Assert.That((await SendAsync(host, $"/api/runs/{id}/pause", "p", null)).Status, Is.EqualTo(HttpStatusCode.Accepted));
        }

        await SendAsync(host, $"/api/runs/{id}/resume", "r", null);
        Assert.That((await SendAsync(host, $"/api/runs/{id}/pause", "p", null)).Status, Is.EqualTo(HttpStatusCode.Accepted),
            "it was done, whatever came after");
        (HttpStatusCode reused, string words) = await SendAsync(host, $"/api/runs/{id}/resume", "p", null);
        await SendAsync(host, $"/api/runs/{id}/resume", "r", null);

        Assert.That(reused, Is.EqualTo(HttpStatusCode.Conflict), words);
        List<JournalEvent> events = [];
        await foreach ((_, JournalEvent happened) in host.Get<Journal>().ReadAsync(id))
        {
            events.Add(happened);
        }

        Assert.That(events.Count(static e => e.Type == JournalEventTypes.RunPaused), Is.EqualTo(1));
        Assert.That(events.Count(static e => e.Type == JournalEventTypes.RunResumed), Is.EqualTo(1));
        Assert.That((await host.Get<RunReader>().GetAsync(id)).Status, Is.EqualTo(RunStatus.Running));
        await SendAsync(host, $"/api/runs/{id}/cancel", "c", null);
        await host.WaitAsync(id);
        Assert.That((await SendAsync(host, $"/api/runs/{id}/cancel", "c", null)).Status, Is.EqualTo(HttpStatusCode.Accepted));
    }

    [Test]
    public async Task Decision_RepeatedUnderItsKey_IsOnceAndAnotherUnderItIsRefused(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        string policy = folder.Write("policy.yaml", "rules: [{name: ask, when: {tool: pay}, then: ask}]");
        await using ApiHost host = await ApiHost.StartAsync(
            static request => request.Turn == 0 ? ChatReply.Call("pay", new { to = "bob" }) : ChatReply.Say(request.Results[^1]),
            [Pay],
            builder => builder.Configuration.AddInMemoryCollection([new("Governance:PolicyPath", policy)]));
        string[] runs = [await host.SubmitAsync(new { goal = "one" }), await host.SubmitAsync(new { goal = "two" })];
        JsonElement[] asked = await AskedAsync(host, 2, cancellationToken);
        string late = await host.SubmitAsync(new { goal = "three" });
        JsonElement other = (await AskedAsync(host, 3,
            cancellationToken)).Single(one => one.GetProperty("run").GetString() == late);
        string id = IdOf(asked[0]);
        var approve = new { decision = "approve", comment = "fine", similar = true, seen = asked.Select(IdOf).ToArray() };

        (HttpStatusCode Status, string Body)[] answers = [await SendAsync(host, $"/api/approvals/{id}", "d", approve),
            await SendAsync(host, $"/api/approvals/{id}", "d", approve)];
        (HttpStatusCode reused, _) = await SendAsync(host, $"/api/approvals/{id}", "d", new { decision = "deny" });
        (HttpStatusCode unasked, string words) = await SendAsync(host, $"/api/approvals/{id}", "e",
            new { decision = "approve", seen = new[] { id } });

        Assert.That(answers.Select(static answer => answer.Status), Is.All.EqualTo(HttpStatusCode.OK), answers[1].Body);
        Assert.That((reused, unasked), Is.EqualTo((HttpStatusCode.Conflict, HttpStatusCode.BadRequest)));
        Assert.That(words, Does.Contain("seen"));
        foreach (string run in runs)
        {
            await host.Get<RunReader>().WaitForEndAsync(run, cancellationToken);
        }

        Assert.That((await AskedAsync(host, 1, cancellationToken)).Select(IdOf), Is.EqualTo(new[] { IdOf(other) }),
            "what came later was not seen");
        AuditEntry[] decided = await host.Get<AuditLog>().ReadAsync(cancellationToken: cancellationToken)
            .Where(static entry => entry.Type == AuditTypes.ApprovalDecided).ToArrayAsync(cancellationToken);
        Assert.That(decided, Has.Length.EqualTo(2), "one each");
        await SendAsync(host, $"/api/approvals/{IdOf(other)}", "f", new { decision = "deny" });
        await host.Get<RunReader>().WaitForEndAsync(late, cancellationToken);
    }

    private static string IdOf(JsonElement approval) => approval.GetProperty("id").GetString()!;

    private static async Task<JsonElement[]> AskedAsync(ApiHost host, int count, CancellationToken cancellationToken)
    {
        JsonElement list = await Poll.ForAsync(
            () => host.Client.GetFromJsonAsync<JsonElement>("/api/approvals", cancellationToken),
            found => found.GetProperty("items").GetArrayLength() == count, cancellationToken);
        return [.. list.GetProperty("items").EnumerateArray()];
    }

    private static async Task<(HttpStatusCode Status, string Body)> SendAsync(ApiHost host, string path, string key, object? body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = body is null ? null : JsonContent.Create(body),
        };
        request.Headers.Add("Idempotency-Key", key);
        using HttpResponseMessage answer = await host.Client.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
