using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.TestKit;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>Several people with keys of their own in front of one approval.</summary>
[CancelAfter(3_600_000)]
internal sealed class ApproversTests
{
    private const string Policy = """
        rules:
          - name: two-for-deploys
            when: { tool: edit_file }
            then: ask
            approval: { roles: [lead], count: 2, notRequester: true }
        """;

    [Test]
    public async Task Decide_TwoAreNeeded_TheRequesterMayNotAndTheSecondYesLetsItGo()
    {
        await using DashboardServer server = await DashboardServer.StartAsync(
            Policy, (DashboardServer.Key, "the-host-s-own-key-that-is-long-enough-0123456789"));
        server.Script("DEPLOY", static request => request.Turn == 0
            ? ChatReply.Call("edit_file", new { path = "deploy.yaml", old_text = "replicas: 2", new_text = "replicas: 12" })
            : ChatReply.Say("Done."));
        await KeyAsync(server, "root", "admin");
        string ada = await KeyAsync(server, "ada", "submitter", "lead");
        string bo = await KeyAsync(server, "bo", "lead", "viewer");
        string cy = await KeyAsync(server, "cy", "lead", "viewer");
        using var asked = new HttpRequestMessage(HttpMethod.Post, "/api/runs")
        {
            Content = JsonContent.Create(new { agent = "lead", goal = "DEPLOY it." }),
        };
        asked.Headers.Authorization = new("Bearer", ada);
        using HttpResponseMessage answer = await server.Http.SendAsync(asked);
        string run = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
        string id = (await server.WaitAsync(run, static one => one.GetProperty("waits").GetArrayLength() == 1))
            .GetProperty("waits")[0].GetProperty("id").GetString()!;

        await using DashboardPage requester = await DashboardPage.OpenAsync(server, $"approvals/{id}");
        await requester.SignInAsync(ada);
        await Assertions.Expect(requester.Button("Approve as asked")).ToHaveAttributeAsync("aria-disabled", "true");
        await Assertions.Expect(requester.Page.Locator(".detail .banner")).ToContainTextAsync("two-for-deploys");
        await requester.AssertAccessibleAsync("an approval of others");

        await using DashboardPage first = await DashboardPage.OpenAsync(server, $"approvals/{id}");
        await first.SignInAsync(bo);
        await using DashboardPage second = await DashboardPage.OpenAsync(server, $"approvals/{id}");
        await second.SignInAsync(cy);
        await ApproveAsync(first);
        await second.GoAsync($"approvals/{id}");
        await Assertions.Expect(second.Page.Locator(".detail")).ToContainTextAsync("1 of 2 said yes");
        await Assertions.Expect(second.Page.Locator(".detail")).ToContainTextAsync("bo: yes");
        await ApproveAsync(second);

        await server.StatusAsync(run, "completed");
        requester.AssertClean();
        first.AssertClean();
        second.AssertClean();
    }

    private static async Task ApproveAsync(DashboardPage page)
    {
        await page.Page.GetByLabel("Comment, which the model reads").FillAsync("I have looked.");
        await Assertions.Expect(page.Page.Locator(".decide:not([data-asleep])")).ToBeVisibleAsync();
        // It is shown for some seconds only.
        Task told = Assertions.Expect(page.Page.GetByText("Approved: edit_file")).ToBeVisibleAsync();
        await page.Button("Approve as asked").ClickAsync();
        await told;
    }

    private static async Task<string> KeyAsync(DashboardServer server, string name, params string[] roles)
    {
        using HttpResponseMessage made = await server.Http.PostAsJsonAsync("/api/keys", new { name, roles });
        Assert.That(made.IsSuccessStatusCode, Is.True, await made.Content.ReadAsStringAsync());
        return (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString()!;
    }
}
