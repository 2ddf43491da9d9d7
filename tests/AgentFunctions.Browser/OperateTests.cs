using System.Net.Http.Json;
using AgentFunctions.TestKit;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>What operators switch, and a run that is erased.</summary>
[CancelAfter(3_600_000)]
internal sealed class OperateTests() : ServedTests(
    Policy, ("Gateway__Concurrency__Labels__0__Label", "lane=slow"), ("Gateway__Quotas__0__Name", "daily"),
    ("Gateway__Quotas__0__Caller", "*"), ("Gateway__Quotas__0__Runs", "500"))
{
    private const string Policy = """
        rules:
          - {name: no-secrets, when: {tool: read_file, arguments: {path: {matches: "secret"}}}, then: deny, reason: Secrets are read by nobody}
          - {name: asks-edits, when: {tool: edit_file}, then: ask, reason: Deployments are looked at by a person, approval: {roles: [lead], count: 2}}
          - {name: lets-commands, when: {tool: run_command}, then: allow}
        """;

    /// <summary>Scenario 16: a command is at work when its agent is stopped.</summary>
    [Test]
    public async Task Kill_AnEffectHasBegun_ItIsListedBeforeAndAfterAndTheAgentCanBeReleased()
    {
        Server.Script("ENDLESS", static request => request.Turn == 0
            ? ChatReply.Call("run_command", new { command = "sleep", arguments = new[] { "240" } })
            : ChatReply.Say("Never."));
        string run = await Server.SubmitAsync("Go on ENDLESS.", "worker");
        await Poll.UntilAsync(async () => (await Server.KillDryAsync("worker")).GetProperty("begun").GetArrayLength() == 1,
            TestContext.CurrentContext.CancellationToken);
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, "kill");
        await page.Page.GetByLabel("Scope").SelectOptionAsync("agent");
        await page.Page.GetByLabel("Which").FillAsync("worker");
        await page.Button("See what it would stop").ClickAsync();
        await Assertions.Expect(page.Page.GetByText("Say why.")).ToBeVisibleAsync();
        await page.Page.GetByLabel("Reason").FillAsync("A test of the switch");
        await page.Button("See what it would stop").ClickAsync();
        ILocator dialog = page.Page.Locator("dialog");
        await Assertions.Expect(dialog).ToContainTextAsync("Stops 1 run. 1 call in flight may have taken effect.");
        await Assertions.Expect(dialog.Locator("li")).ToContainTextAsync("run_command of");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Stop it" }).ClickAsync();
        await Assertions.Expect(dialog).ToContainTextAsync("Type worker.");
        await page.AssertAccessibleInBothAsync("kill, planned", ScreensTests.Place("kill-planned", 1440));
        await dialog.GetByLabel("Type worker to go on").FillAsync("worker");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Stop it" }).ClickAsync();

        await Assertions.Expect(page.Page.GetByText("agent worker is stopped")).ToBeVisibleAsync();
        ILocator report = page.Page.GetByRole(AriaRole.Region, new() { Name = "What was stopped" });
        await Assertions.Expect(report).ToContainTextAsync("Stopped 1 run. 1 call in flight may have taken effect.");
        await Assertions.Expect(report.Locator("li")).ToContainTextAsync(", turn 1, begun ");
        await page.AssertAccessibleInBothAsync("kill, engaged", ScreensTests.Place("kill-engaged", 1440));
        await page.AssertFitsAsync("kill, engaged");
        if (Pictures.AreTaken)
        {
            await Pictures.TakeAsync(page.Page, "kill-engaged");
        }

        await Server.StatusAsync(run, "cancelled");
        await page.Button("Release").ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Release" }).ClickAsync();
        await Assertions.Expect(page.Page.GetByText("Nothing is stopped.")).ToBeVisibleAsync();

        // What had begun can be looked at.
        await report.GetByRole(AriaRole.Link).ClickAsync();
        await Assertions.Expect(page.Heading("Go on ENDLESS.")).ToBeVisibleAsync();
        await Assertions.Expect(page.Page.Locator(".call")).ToContainTextAsync("run_command");
        page.AssertClean();
    }

    [Test]
    public async Task Erase_PageOpen_ItSaysThatTheRunWasErased()
    {
        string run = await Server.SubmitAsync("Leave no trace.");
        await Server.StatusAsync(run, "completed");
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, $"runs/{run}");
        IPage list = await page.TabAsync("");
        IPage tab = await page.TabAsync($"runs/{run}?tab=transcript");
        await Assertions.Expect(list.GetByText("Leave no trace.")).ToBeVisibleAsync();
        await Assertions.Expect(tab.Locator(".transcript .turn").First).ToBeVisibleAsync();
        await using DashboardPage elsewhere = await DashboardPage.OpenAsync(Server, $"runs/{run}");
        await Assertions.Expect(elsewhere.Page.Locator(".feed .turn").First).ToBeVisibleAsync();
        await page.Button("More actions").ClickAsync();
        await page.Button("Erase").ClickAsync();
        await page.Page.Locator("dialog").GetByLabel("Why").FillAsync("A person asked for it");
        await page.Page.Locator("dialog").GetByRole(AriaRole.Button, new() { Name = "Erase" }).ClickAsync();
        await Assertions.Expect(page.Heading("Runs")).ToBeVisibleAsync();
        await Poll.UntilAsync(
            async () => (int)(await Server.Http.GetAsync($"/api/runs/{run}")).StatusCode == 410,
            TestContext.CurrentContext.CancellationToken);

        // The other tabs hear of it; another browser looks when it is shown again.
        await Assertions.Expect(tab.GetByRole(AriaRole.Heading, new() { Name = "This was erased" })).ToBeVisibleAsync();
        await Assertions.Expect(tab.GetByText("Leave no trace.")).ToHaveCountAsync(0);
        await Assertions.Expect(list.GetByText("Leave no trace.")).ToHaveCountAsync(0);
        await DashboardPage.HideAsync(elsewhere.Page, true);
        await DashboardPage.HideAsync(elsewhere.Page, false);
        await Assertions.Expect(elsewhere.Heading("This was erased")).ToBeVisibleAsync();

        await page.GoAsync($"runs/{run}");
        await Assertions.Expect(page.Heading("This was erased")).ToBeVisibleAsync();
        page.AssertClean();
        elsewhere.AssertClean();
    }

    [Test]
    public async Task Erase_RunIsHeld_ItIsRefusedWithTheHoldAndStays()
    {
        string run = await Server.SubmitAsync("Keep every trace.");
        await Server.StatusAsync(run, "completed");
        using HttpResponseMessage held = await Server.Http.PutAsJsonAsync("/api/holds/case-seven",
            new { run, reason = "A case at court" });
        Assert.That(held.IsSuccessStatusCode, Is.True);
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, $"runs/{run}");
        await page.Button("More actions").ClickAsync();
        await page.Button("Erase").ClickAsync();
        ILocator dialog = page.Page.Locator("dialog");
        await dialog.GetByLabel("Why").FillAsync("A person asked for it");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Erase" }).ClickAsync();
        await Assertions.Expect(dialog.Locator(".field-error").Last).ToContainTextAsync("case-seven");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();

        await page.GoAsync($"runs/{run}?tab=audit");
        await page.Button("Verify the chain").ClickAsync();
        await Assertions.Expect(page.Page.GetByText("The chain holds")).ToBeVisibleAsync();
        page.AssertClean();
    }

    [Test]
    public async Task Policy_ACall_WhatWouldBeDecidedIsSaidWithTheRule()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, "policy");
        await Assertions.Expect(page.Page.Locator(".rules li")).ToHaveTextAsync(["no-secrets", "asks-edits", "lets-commands"]);
        ILocator answer = page.Page.Locator("[aria-live=polite]");
        await page.Page.GetByLabel("Tool", new() { Exact = true }).SelectOptionAsync("read_file");
        await page.Page.GetByLabel("Arguments").FillAsync("{");
        await page.Button("What would the policy say?").ClickAsync();
        await Assertions.Expect(page.Page.GetByText("This is not valid JSON.")).ToBeVisibleAsync();
        await page.Page.GetByLabel("Arguments").FillAsync("""{"path": "secret.txt"}""");
        await page.Button("What would the policy say?").ClickAsync();
        await Assertions.Expect(answer).ToContainTextAsync("It is denied: Secrets are read by nobody");
        await Assertions.Expect(answer).ToContainTextAsync("no-secrets");

        await page.Page.GetByLabel("Tool", new() { Exact = true }).SelectOptionAsync("edit_file");
        await page.Page.GetByLabel("Arguments").FillAsync("""{"path": "deploy.yaml", "old_text": "2", "new_text": "3"}""");
        await page.Button("What would the policy say?").ClickAsync();
        await Assertions.Expect(answer).ToContainTextAsync("People are asked");
        await Assertions.Expect(answer).ToContainTextAsync("2 of lead");
        await page.AssertAccessibleAsync("policy");
        await page.AssertFitsAsync("policy");
        page.AssertClean();
    }

    [Test]
    public async Task Queue_ALaneIsTaken_WhoWaitsForItIsThere()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Server.Script("SLOWLY", _ => ChatReply.Say("There.") with { Before = token => gate.Task.WaitAsync(token) });
        string first = await Server.SubmitAsync("Go SLOWLY.", labels: new { lane = "slow" });
        await Server.StatusAsync(first, "running");
        string second = await Server.SubmitAsync("Go SLOWLY, too.", labels: new { lane = "slow" });
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, "usage");
        ILocator queue = page.Page.GetByRole(AriaRole.Region, new() { Name = "Queue" });
        await Assertions.Expect(queue).ToContainTextAsync("1 waiting");
        await Assertions.Expect(page.Page.GetByRole(AriaRole.Region, new() { Name = "Quotas" }))
            .ToContainTextAsync("of 500 runs");
        await page.AssertAccessibleAsync("queue");
        await queue.GetByRole(AriaRole.Link).ClickAsync();
        await Assertions.Expect(page.Heading("Go SLOWLY, too.")).ToBeVisibleAsync();
        await Assertions.Expect(page.Page.Locator(".run-title .status")).ToContainTextAsync("Queued");
        gate.SetResult();
        await Server.StatusAsync(second, "completed");
        page.AssertClean();
    }

    [Test]
    public async Task Incident_ASignalIsInBreach_ItsSeriesIsDrawnAndAPersonTakesItOver()
    {
        string id = await Server.WatchShopAsync();
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, "monitors");
        await Assertions.Expect(page.Page.Locator("section[aria-label=shop]")).ToContainTextAsync("1 incident");
        await page.Page.GetByRole(AriaRole.Link, new() { Name = "shop", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Page.GetByRole(AriaRole.Img,
            new() { NameRegex = new("errors: 5 values from 0 to 9, 1 breach") })).ToBeVisibleAsync();
        await page.AssertAccessibleAsync("monitor");

        await page.GoAsync("incidents");
        await page.Page.Locator(".item").ClickAsync();
        await Assertions.Expect(page.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex($"incidents/{id}$"));
        await Assertions.Expect(page.Page.GetByRole(AriaRole.Img, new() { NameRegex = new("errors: 5 values") }))
            .ToBeVisibleAsync();
        await page.Button("Acknowledge").ClickAsync();
        await page.Page.Locator("dialog").GetByLabel("Comment (optional)").FillAsync("I look at it.");
        await page.Page.Locator("dialog").GetByRole(AriaRole.Button, new() { Name = "Acknowledge" }).ClickAsync();
        await Assertions.Expect(page.Page.Locator("section[aria-label='Timeline']")).ToContainTextAsync("I look at it.");
        await page.Button("Resolve").ClickAsync();
        await page.Page.Locator("dialog").GetByRole(AriaRole.Button, new() { Name = "Resolve" }).ClickAsync();
        await Assertions.Expect(page.Page.Locator(".head")).ToContainTextAsync("Resolved");
        await page.AssertAccessibleAsync("incident");
        await page.AssertFitsAsync("incident");
        page.AssertClean();
    }

    [Test]
    public async Task Preview_AGoal_SaysWhoWouldRunItAndWhatThePolicySaysAndStartsNothing()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, "agents/worker");
        await Assertions.Expect(page.Page.Locator("tr", new() { HasText = "write_file" })).ToContainTextAsync("Allow");
        await page.Button("Start a run").ClickAsync();
        await page.Page.GetByLabel("Goal", new() { Exact = true }).FillAsync("Only a PREVIEW.");
        await page.Button("Preview").ClickAsync();
        ILocator preview = page.Page.GetByRole(AriaRole.Region, new() { Name = "Preview" });
        await Assertions.Expect(preview).ToContainTextAsync("Would start");
        await Assertions.Expect(preview).ToContainTextAsync("worker");
        await page.AssertAccessibleAsync("preview");
        await page.AssertFitsAsync("preview");
        Assert.That(await Server.Http.GetStringAsync("/api/runs"), Does.Not.Contain("PREVIEW"));
        page.AssertClean();
    }

    [Test]
    public async Task Notice_PageIsHiddenAndSomethingWaits_WhoAskedForItIsTold()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, null);
        await page.Context.GrantPermissionsAsync(["notifications"]);
        await page.Context.AddInitScriptAsync("window.told = []; window.Notification = class { static permission = 'granted'; "
            + "static async requestPermission() { return 'granted'; } constructor(title, { body }) { window.told.push(body); } };");
        int approvals = 0;
        await page.Context.RouteAsync("**/api/inbox", route => route.FulfillAsync(
            new() { Json = new { approvals = Volatile.Read(ref approvals), questions = 0, reviews = 0, incidents = 0 } }));
        await page.Page.Clock.InstallAsync();
        await page.Page.RunAndWaitForResponseAsync(() => page.GoAsync("agents"), "**/api/inbox");
        await page.Button("Notices on the desktop").ClickAsync();
        await Assertions.Expect(page.Button("Notices on the desktop")).ToHaveAttributeAsync("aria-pressed", "true");
        await DashboardPage.HideAsync(page.Page, hidden: true);
        Volatile.Write(ref approvals, 2);
        await page.Page.Clock.RunForAsync(70_000);

        await Assertions.Expect(page.Page).ToHaveTitleAsync(new System.Text.RegularExpressions.Regex(@"^\(2\) "));
        Assert.That(await page.Page.EvaluateAsync<string[]>("() => window.told"), Is.EqualTo(["Waiting: 2 approvals."]));
        page.AssertClean();
    }
}
