using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Views;

namespace AgentFunctions.Tests.AspNetCore.Governance;

[CancelAfter(300_000)]
internal sealed class AuditApiTests
{
    [Test]
    public async Task Audit_PagedByCursorAndByNumber_IsTheSameList([Values] bool ofRun, CancellationToken cancellationToken)
    {
        AgentTool send = AgentTool.Create("send", "Sends.", ToolEffect.Idempotent, static (int number) => $"sent {number}");
        await using ApiHost host = await ApiHost.StartAsync(
            static request => request.Turn < 4 ? ChatReply.Call("send", new { number = request.Turn }) : ChatReply.Say("done"),
            [send]);
        using HttpResponseMessage posted = await host.Client.PostAsJsonAsync("/api/runs", new { goal = "send it" },
            cancellationToken);
        string run = (await posted.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;
        await host.Get<RunReader>().WaitForEndAsync(run, cancellationToken);
        await host.Get<AuditLog>().AppendAsync(new AuditEntry(AuditTypes.KeyChanged) { Actor = "ann" }, cancellationToken);
        string query = ofRun ? $"/api/audit?limit=3&run={run}" : "/api/audit?limit=3";

        List<string> byCursor = await PagesAsync("cursor", "after");
        List<string> byNumber = await PagesAsync("next", "from");

        Assert.That(byCursor, Is.EqualTo(byNumber).And.Unique.And.Count.GreaterThan(8));
        Assert.That(byCursor.Any(static entry => entry.Contains("\"key.changed\"", StringComparison.Ordinal)),
            Is.EqualTo(!ofRun));

        async Task<List<string>> PagesAsync(string member, string parameter)
        {
            var entries = new List<string>();
            string? place = null;
            do
            {
                JsonElement page = await host.Client.GetFromJsonAsync<JsonElement>(
                    place is null ? query : $"{query}&{parameter}={place}", cancellationToken);
                entries.AddRange(page.GetProperty("items").EnumerateArray().Select(static entry => entry.GetRawText()));
                place = page.TryGetProperty(member, out JsonElement next) ? next.ToString() : null;
            }
            while (place is { Length: > 0 });

            return entries;
        }
    }

    [Test]
    public async Task Audit_CursorThatNobodyGave_IsRefused(CancellationToken cancellationToken)
    {
        await using ApiHost host = await ApiHost.StartAsync(static _ => ChatReply.Say("done"), []);

        using HttpResponseMessage answer = await host.Client.GetAsync(new Uri("/api/audit?after=tomorrow", UriKind.Relative),
            cancellationToken);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(await answer.Content.ReadAsStringAsync(cancellationToken), Does.Contain("after: use a cursor"));
    }

    [Test]
    public async Task Verify_WholeLog_AnswersTheHeadsToKeep(CancellationToken cancellationToken)
    {
        await using ApiHost host = await ApiHost.StartAsync(static _ => ChatReply.Say("done"), []);
        await host.Get<AuditLog>().AppendAsync(new AuditEntry(AuditTypes.KeyChanged) { RunId = "run" }, cancellationToken);

        JsonElement answer = await host.Client.GetFromJsonAsync<JsonElement>("/api/audit/verify", cancellationToken);

        Assert.That(answer.GetProperty("holds").GetBoolean(), Is.True);
        JsonElement head = answer.GetProperty("heads").EnumerateArray().Single();
        Assert.That((head.GetProperty("shard").GetString(), head.GetProperty("count").GetInt64()), Is.EqualTo(("11", 1L)));
        Assert.That(answer.GetProperty("head").GetString(), Is.EqualTo(head.GetProperty("hash").GetString()));
    }
}
