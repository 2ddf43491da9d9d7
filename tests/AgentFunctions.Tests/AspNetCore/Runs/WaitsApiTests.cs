using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.Tests.AspNetCore.Runs;

/// <summary>
/// A run that waits for several people at once shows all of it: each approval, its deadline and its next reminder.
/// </summary>
[CancelAfter(300_000)]
internal sealed class WaitsApiTests
{
    [Test]
    public async Task Run_TwoCallsAwaitAPerson_ShowsBothWithDeadlineAndReminder(CancellationToken cancellationToken)
    {
        AgentTool deploy = AgentTool.Create("deploy", "Deploys.", ToolEffect.NotIdempotent,
            (string place) => $"deployed to {place}");
        using var folder = new TemporaryFolder();
        string policy = folder.Write(
            "policy.yaml", "rules: [{name: ask, when: {tool: deploy}, then: ask, approval: {expires: 4h, remind: 1h}}]");
        await using ApiHost host = await ApiHost.StartAsync(
            static request => request.Turn == 0
                ? new ChatReply
                {
                    Calls = [ChatReplyCall.Of("deploy", new { place = "test" }),
                    ChatReplyCall.Of("deploy", new { place = "live" })]
                }
                : ChatReply.Say("done"),
            [deploy], builder => builder.Configuration.AddInMemoryCollection([new("Governance:PolicyPath", policy)]));
        string id = await host.SubmitAsync(new { goal = "deploy it" });

        JsonElement run = await UntilAsync(host, id, static run => run.GetProperty("waits").GetArrayLength() == 2,
            cancellationToken);
        JsonElement[] asked =
            [.. (await host.Client.GetFromJsonAsync<JsonElement>("/api/approvals", cancellationToken)).GetProperty("items")
                .EnumerateArray()];
        JsonElement[] waits = [.. run.GetProperty("waits").EnumerateArray()];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(run.GetProperty("status").GetString(), Is.EqualTo("waiting"));
            Assert.That(waits.Select(static wait => wait.GetProperty("kind").GetString()), Is.All.EqualTo("approval"));
            Assert.That(waits.Select(static wait => wait.GetProperty("id").GetString()),
                Is.EquivalentTo(asked.Select(static one => one.GetProperty("id").GetString())));
            Assert.That(run.GetProperty("waitingFor").GetRawText(), Is.EqualTo(waits[0].GetRawText()));
            foreach (JsonElement wait in waits)
            {
                JsonElement approval =
                    asked.Single(one => one.GetProperty("id").GetString() == wait.GetProperty("id").GetString());
                DateTime until = wait.GetProperty("until").GetDateTime();
                Assert.That(until, Is.EqualTo(approval.GetProperty("expiresAt").GetDateTime()),
                    "the deadline, not the next reminder");
                Assert.That(wait.GetProperty("remindsAt").GetDateTime(),
                    Is.EqualTo(until.AddHours(-3)).Within(TimeSpan.FromSeconds(1)));
            }
        }

        await host.PostApprovalAsync(asked[0].GetProperty("id").GetString()!, cancellationToken);
        run = await UntilAsync(host, id, static run => run.GetProperty("waits").GetArrayLength() == 1, cancellationToken);
        Assert.That(run.GetProperty("waitingFor").GetProperty("id").GetString(),
            Is.EqualTo(asked[1].GetProperty("id").GetString()));

        await host.PostApprovalAsync(asked[1].GetProperty("id").GetString()!, cancellationToken);
        run = await host.WaitAsync(id);
        Assert.That(run.GetProperty("status").GetString(), Is.EqualTo("completed"));
        Assert.That(run.GetProperty("waits").GetArrayLength(), Is.Zero);
    }

    private static Task<JsonElement> UntilAsync(ApiHost host, string id, Func<JsonElement, bool> isSo,
        CancellationToken cancellationToken) =>
        Poll.ForAsync(() => host.Client.GetFromJsonAsync<JsonElement>($"/api/runs/{id}", cancellationToken), isSo,
            cancellationToken);
}

file static class Approvals
{
    public static async Task PostApprovalAsync(this ApiHost host, string id, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await host.Client.PostAsJsonAsync($"/api/approvals/{id}",
            new { decision = "approve" }, cancellationToken);
        Assert.That(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
    }
}
