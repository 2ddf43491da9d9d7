using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Governance.Audit;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.Tests.AspNetCore.Governance;

[CancelAfter(300_000)]
internal sealed class ApprovalApiTests
{
    private const string Secret = "hunter2hunter2";

    [Test]
    public async Task Approval_MaskedRevealedAndEdited_SaysWhatRuns(CancellationToken cancellationToken)
    {
        List<string> sent = [];
        AgentTool send = AgentTool.Create("send", "Sends.", ToolEffect.NotIdempotent, (string token) =>
        {
            sent.Add(token);
            return $"sent {token}";
        });
        using var folder = new TemporaryFolder();
        string policy = folder.Write("policy.yaml", "rules: [{name: ask, when: {tool: send}, then: ask}]");
        await using ApiHost host = await ApiHost.StartAsync(
            request => request.Turn == 0 ? ChatReply.Call("send", new { token = $"Bearer {Secret}" }) : ChatReply.Say("done"),
            [send],
            builder => builder.Configuration.AddInMemoryCollection([new("Secrets:db", Secret),
                new("Governance:PolicyPath", policy)]));
        using HttpResponseMessage posted = await host.Client.PostAsJsonAsync("/api/runs", new { goal = "send it" },
            cancellationToken);
        string run = (await posted.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;

        JsonElement asked = await Poll.ForAsync(
            () => host.Client.GetFromJsonAsync<JsonElement>("/api/approvals", cancellationToken),
            static found => found.GetProperty("items").GetArrayLength() > 0, cancellationToken);

        asked = asked.GetProperty("items")[0];
        string id = asked.GetProperty("id").GetString()!;
        Assert.That(asked.GetProperty("question").GetString(), Is.EqualTo("call"));
        Assert.That(asked.GetProperty("arguments").GetProperty("token").GetString(), Is.EqualTo("Bearer [secret:Secrets.db]"));
        Assert.That(asked.GetProperty("masked")[0].GetProperty("path").GetString(), Is.EqualTo("$.token"));
        Assert.That(asked.GetProperty("masked")[0].GetProperty("length").GetInt32(), Is.EqualTo(Secret.Length));

        JsonElement revealed = await host.Client.GetFromJsonAsync<JsonElement>($"/api/approvals/{id}?reveal=true",
            cancellationToken);
        Assert.That(revealed.GetProperty("arguments").GetProperty("token").GetString(), Is.EqualTo($"Bearer {Secret}"));

        using HttpResponseMessage decided = await host.Client.PostAsJsonAsync(
            $"/api/approvals/{id}", new { decision = "approve", arguments = new { token = $"Basic {Secret}" } },
            cancellationToken);
        JsonElement edited = (await decided.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("items")[0];
        Assert.That(edited.GetProperty("arguments").GetProperty("token").GetString(), Is.EqualTo("Basic [secret:Secrets.db]"));
        Assert.That(edited.GetProperty("originalArguments").GetProperty("token").GetString(),
            Is.EqualTo("Bearer [secret:Secrets.db]"));
        await host.Get<RunReader>().WaitForEndAsync(run, cancellationToken);

        Assert.That(sent, Is.EqualTo((string[])[$"Basic {Secret}"]));
        string audit = await host.Client.GetStringAsync(new Uri($"/api/audit?run={run}", UriKind.Relative), cancellationToken);
        Assert.That(audit, Does.Contain(AuditTypes.ApprovalRevealed).And.Contain("Bearer [secret:Secrets.db]").And.Not.Contain(Secret));
        Assert.That((await host.Get<AuditLog>().VerifyAsync(cancellationToken)).Holds, Is.True);
    }
}
