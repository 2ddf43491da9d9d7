using AgentFunctions.TestKit;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>What operators switch, and lists of many runs.</summary>
[CancelAfter(3_600_000)]
internal sealed class OperateTests
{
    private DashboardServer _server = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _server = await DashboardServer.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    [Test]
    public async Task Kill_AnAgent_OnlyAfterItsNameIsTypedAndItCanBeReleased()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _server.Script("ENDLESS", _ => ChatReply.Say("Never.") with { Before = token => gate.Task.WaitAsync(token) });
        string run = await _server.SubmitAsync("Go on ENDLESS.", "worker");
        await using DashboardPage page = await DashboardPage.OpenAsync(_server, "kill");
        await page.Page.GetByLabel("Scope").SelectOptionAsync("agent");
        await page.Page.GetByLabel("Which").FillAsync("worker");
        await page.Button("See what it would stop").ClickAsync();
        await Assertions.Expect(page.Page.GetByText("Say why.")).ToBeVisibleAsync();
        await page.Page.GetByLabel("Reason").FillAsync("A test of the switch");
        await page.Button("See what it would stop").ClickAsync();
        ILocator dialog = page.Page.Locator("dialog");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Stop it" }).ClickAsync();
        await Assertions.Expect(dialog).ToContainTextAsync("Type worker.");
        await page.AssertAccessibleAsync("kill");
        await dialog.GetByLabel("Type worker to go on").FillAsync("worker");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Stop it" }).ClickAsync();

        await Assertions.Expect(page.Page.GetByText("agent worker is stopped")).ToBeVisibleAsync();
        await _server.StatusAsync(run, "cancelled");
        gate.SetResult();
        await page.Button("Release").ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Release" }).ClickAsync();
        await Assertions.Expect(page.Page.GetByText("Nothing is stopped.")).ToBeVisibleAsync();
        page.AssertClean();
    }

    [Test]
    public async Task List_TenThousandRuns_AFewRowsAreMadeAndBackIsTheSamePlace()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(_server, "agents");
        string real = await _server.SubmitAsync("Look around.");
        await _server.StatusAsync(real, "completed");

        // The host's answers for 10,000 runs, in its own form.
        await page.Context.RouteAsync(url => new Uri(url).AbsolutePath == "/api/runs/rows", async route =>
        {
            string query = new Uri(route.Request.Url).Query;
            int after = System.Text.RegularExpressions.Regex.Match(query, "from=(\\d+)") is { Success: true } match ? int.Parse(match.Groups[1].Value) : 0;
            bool failed = query.Contains("failed", StringComparison.Ordinal);
            var runs = Enumerable.Range(after, 100).Select(i => new
            {
                id = i == 150 ? real : $"run{i:00000}",
                agent = "lead",
                goal = $"Goal number {i}",
                status = failed ? "failed" : "completed",
                waits = Array.Empty<object>(),
                turn = 1,
                steps = 1,
                usd = 0.1,
                labels = new Dictionary<string, string>(),
                createdAt = DateTime.UnixEpoch.AddSeconds(2_000_000_000 - i),
                updatedAt = DateTime.UnixEpoch.AddSeconds(2_000_000_000 - i),
                rev = 1,
            });
            await route.FulfillAsync(new()
            {
                Json = new
                {
                    runs, next = after + 100 < 10_000 ? after + 100 : (int?)null, total = 10_000,
                    counts = new { running = 0, waiting = 0, mine = 0, failed = 12, ended = 9_988 },
                },
            });
        });
        await page.Context.RouteAsync("**/api/watch?**", static route => route.FulfillAsync(new() { Status = 404 }));
        await page.GoAsync("");
        ILocator rows = page.Page.Locator(".runs .row");
        await Assertions.Expect(rows.First).ToContainTextAsync("Goal number 0");
        Assert.That(await rows.CountAsync(), Is.LessThan(60));
        await page.Page.EvaluateAsync("() => window.scrollTo(0, 150 * 44)");
        ILocator wanted = page.Page.GetByText("Goal number 150", new() { Exact = true });
        await Assertions.Expect(wanted).ToBeVisibleAsync();
        Assert.That(await rows.CountAsync(), Is.LessThan(60));
        await page.Page.EvaluateAsync("() => window.scrollTo(0, 0)");
        await page.Button("12 Failed", exact: false).ClickAsync();
        await Assertions.Expect(page.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("status=failed"));
        await Assertions.Expect(rows.First).ToContainTextAsync("Failed");
        await page.Page.GoBackAsync();
        await Assertions.Expect(rows.First).ToContainTextAsync("Completed");
        await Assertions.Expect(page.Page).Not.ToHaveURLAsync(new System.Text.RegularExpressions.Regex("status=failed"));
        await page.Page.Locator("body").PressAsync("j");
        await Assertions.Expect(rows.First).ToHaveClassAsync(new System.Text.RegularExpressions.Regex("\\bat\\b"));
        await page.Page.Keyboard.PressAsync("x");
        await Assertions.Expect(page.Page.GetByText("1 run selected")).ToBeVisibleAsync();
        page.AssertClean();
    }

    [Test]
    public async Task Erase_PageOpen_ItSaysThatTheRunWasErased()
    {
        string run = await _server.SubmitAsync("Leave no trace.");
        await _server.StatusAsync(run, "completed");
        await using DashboardPage page = await DashboardPage.OpenAsync(_server, $"runs/{run}");
        await page.Button("More actions").ClickAsync();
        await page.Button("Erase").ClickAsync();
        await page.Page.Locator("dialog").GetByLabel("Why").FillAsync("A person asked for it");
        await page.Page.Locator("dialog").GetByRole(AriaRole.Button, new() { Name = "Erase" }).ClickAsync();
        await Assertions.Expect(page.Heading("Runs")).ToBeVisibleAsync();
        await Poll.UntilAsync(
            async () => (int)(await _server.Http.GetAsync($"/api/runs/{run}")).StatusCode == 410, TestContext.CurrentContext.CancellationToken);

        await page.GoAsync($"runs/{run}");
        await Assertions.Expect(page.Heading("This was erased")).ToBeVisibleAsync();
        page.AssertClean();
    }
}
