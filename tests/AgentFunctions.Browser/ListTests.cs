using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>The list of runs as it changes, and when nobody looks at it.</summary>
[CancelAfter(3_600_000)]
internal sealed partial class ListTests : ServedTests
{
    private const int Runs = 10_000;

    [Test]
    public async Task List_ANewRun_DoesNotMoveWhatOneLooksAt()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, null);
        await FillAsync(page);
        await page.GoAsync("");
        ILocator rows = page.Page.Locator(".runs .row");
        await Assertions.Expect(rows.First).ToContainTextAsync("Goal number 0");
        Assert.That(await rows.CountAsync(), Is.LessThan(60));
        await page.Page.EvaluateAsync("() => window.scrollTo(0, 150 * 44)");
        ILocator wanted = page.Page.GetByText("Goal number 150", new() { Exact = true });
        await Assertions.Expect(wanted).ToBeVisibleAsync();
        Assert.That(await rows.CountAsync(), Is.LessThan(60));

        // A new run does not move what one looks at.
        double place = (await wanted.BoundingBoxAsync())!.Y;
        await page.Page.EvaluateAsync("() => window.say('run.changed', window.newRun)");
        await Assertions.Expect(page.Button("1 new")).ToBeVisibleAsync();
        Assert.That((await wanted.BoundingBoxAsync())!.Y, Is.EqualTo(place).Within(60));

        await page.Page.EvaluateAsync("() => window.scrollTo(0, 0)");
        await page.Page.Locator("body").PressAsync("j");
        await Assertions.Expect(rows.First).ToHaveClassAsync(At());
        await page.Page.Keyboard.PressAsync("x");
        await Assertions.Expect(page.Page.GetByText("1 run selected")).ToBeVisibleAsync();
        page.AssertClean();
    }

    [Test]
    public async Task Delete_OneIsAlive_WhatCameOfEachIsThereAndFoundAgain()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Server.Script("WAIT", _ => ChatReply.Say("At last.") with { Before = token => gate.Task.WaitAsync(token) });
        string done = await Server.SubmitAsync("Say something short.", labels: new { batch = "seven" });
        string alive = await Server.SubmitAsync("WAIT for it.", labels: new { batch = "seven" });
        await Server.StatusAsync(done, "completed");
        await Server.StatusAsync(alive, "running");
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, "?label=batch%3Dseven");
        await Assertions.Expect(page.Page.Locator(".runs .row")).ToHaveCountAsync(2);
        await page.Page.GetByLabel("Select all that are loaded").CheckAsync();
        await page.Button("Delete").ClickAsync();
        await page.Page.Locator("dialog").GetByLabel("Why").FillAsync("A test of bulk actions");
        await page.Page.Locator("dialog").GetByRole(AriaRole.Button, new() { Name = "Delete 2 runs" }).ClickAsync();

        ILocator work = page.Page.GetByRole(AriaRole.Region, new() { Name = "Action on several runs" });
        await Assertions.Expect(work).ToContainTextAsync("1 done, 1 failed");
        await Assertions.Expect(work.Locator("tr").First).ToContainTextAsync("failed");
        await Assertions.Expect(work.Locator("tr").First).ToContainTextAsync("cancel=true");
        await Assertions.Expect(page.Page.Locator(".runs .row")).ToHaveCountAsync(1);
        await page.AssertFitsAsync("bulk action");
        await page.AssertAccessibleAsync("bulk action");
        await page.Page.ReloadAsync();
        await Assertions.Expect(work).ToContainTextAsync("1 done, 1 failed");
        await work.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await Assertions.Expect(work).ToHaveCountAsync(0);
        gate.SetResult();
        page.AssertClean();
    }

    [Test]
    public async Task Words_OfStates_AreThoseOfTheApi()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, "");
        string[] states = [.. Enum.GetNames<RunStatus>()];
        string[] said = await page.Page.EvaluateAsync<string[]>(
            """
            async states => {
              const { status } = await import(new URL('h.js', document.querySelector('script[src]').src));
              return states.map(state => status(state[0].toLowerCase() + state.slice(1)).textContent);
            }
            """, states);
        Assert.That(said.Select(static word => word.Replace(" ", "", StringComparison.Ordinal)), Is.EqualTo(states).IgnoreCase);
    }

    [Test]
    public async Task Idle_AMinuteOfAnOpenList_CostsAFewHundredBytes()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, null);
        await FillAsync(page);
        await page.Page.Clock.InstallAsync();
        await page.GoAsync("");
        await Assertions.Expect(page.Page.Locator(".list-foot .live-dot")).ToHaveTextAsync("live");
        await page.Page.EvaluateAsync("() => window.say('inbox', { approvals: 0, questions: 0, reviews: 0, incidents: 0 })");
        await page.Page.Clock.PauseAtAsync(DateTime.UtcNow.AddMinutes(2));
        var asked = new ConcurrentQueue<string>();
        page.Page.Request += (_, request) => asked.Enqueue(request.Url);
        for (int i = 0; i < 10; i++)
        {
            await page.Page.Clock.RunForAsync(6_000);
        }

        // A question about the inbox at the beginning and at the end of the minute; the answers, unchanged, are 304.
        Assert.That(asked, Has.Count.LessThanOrEqualTo(2));

        // A quarter of an hour without a touch, and nothing runs: no stream is held, the page looks once a minute.
        await page.Page.Clock.FastForwardAsync(TimeSpan.FromMinutes(16).ToString());
        await page.Page.Clock.RunForAsync(61_000);
        await Assertions.Expect(page.Page.Locator(".list-foot .live-dot")).ToHaveTextAsync("refreshes every minute");
        Assert.That(await page.Page.EvaluateAsync<int>("async () => (await navigator.locks.query()).held.length"), Is.Zero);
        await page.Page.Mouse.MoveAsync(200, 200);
        await page.Page.Keyboard.PressAsync("Shift");
        await page.Page.Clock.RunForAsync(1_000);
        await Assertions.Expect(page.Page.Locator(".list-foot .live-dot")).ToHaveTextAsync("live");
        page.AssertClean();
    }

    [TestCase(502)]
    [TestCase(429)]
    public async Task Idle_TheHostRefusesOnce_ThePageLooksAgain(int status)
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, null);
        await FillAsync(page);
        await page.Page.Clock.InstallAsync();
        await page.GoAsync("");
        ILocator dot = page.Page.Locator(".list-foot .live-dot");
        await Assertions.Expect(dot).ToHaveTextAsync("live");
        await page.Page.EvaluateAsync("() => window.say('inbox', { approvals: 0, questions: 0, reviews: 0, incidents: 0 })");
        int asked = 0;
        await page.Context.RouteAsync(url => new Uri(url).AbsolutePath == "/api/runs/rows", route =>
            Interlocked.Increment(ref asked) == 1 ? route.FulfillAsync(new() { Status = status }) : route.FallbackAsync());
        await page.Page.Clock.PauseAtAsync(DateTime.UtcNow.AddMinutes(2));
        await page.Page.Clock.FastForwardAsync(TimeSpan.FromMinutes(16).ToString());
        await page.Page.Clock.RunForAsync(61_000);
        await Assertions.Expect(dot).ToHaveTextAsync("not connected");

        await page.Page.Clock.RunForAsync(61_000);

        await Assertions.Expect(dot).ToHaveTextAsync("refreshes every minute");
        await Poll.UntilAsync(() => Task.FromResult(Volatile.Read(ref asked) >= 2), TestContext.CurrentContext.CancellationToken);
        page.AssertClean();
    }

    /// <summary>The host's answers for 10,000 runs, in its own form, and a watch that says what the test says.</summary>
    private static async Task FillAsync(DashboardPage page)
    {
        await page.Context.AddInitScriptAsync(StreamScript.For("/api/watch"));
        await page.Context.AddInitScriptAsync(
            "window.newRun = { id: 'anew', agent: 'lead', goal: 'A new goal', status: 'queued', turn: 0, steps: 0, usd: 0, rev: 1, "
            + "createdAt: '2033-06-01T00:00:00Z', updatedAt: '2033-06-01T00:00:00Z' };");
        await page.Context.RouteAsync(url => new Uri(url).AbsolutePath == "/api/runs/rows", async route =>
        {
            string query = new Uri(route.Request.Url).Query;
            int from = From().Match(query) is { Success: true } match
                ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
                : 0;
            bool failed = query.Contains("failed", StringComparison.Ordinal);
            await route.FulfillAsync(new()
            {
                Json = new
                {
                    runs = Enumerable.Range(from, 100).Select(i => new
                    {
                        id = $"run{i:00000}",
                        agent = "lead",
                        goal = $"Goal number {i}",
                        status = failed ? "failed" : "completed",
                        turn = 1,
                        steps = 1,
                        usd = 0.1,
                        labels = new { team = "payments" },
                        requester = "local",
                        createdAt = DateTime.UnixEpoch.AddSeconds(1_700_000_000 - i),
                        updatedAt = DateTime.UnixEpoch.AddSeconds(1_700_000_000 - i),
                        rev = 1,
                    }),
                    next = from + 100 < Runs ? from + 100 : (int?)null,
                    total = Runs,
                    counts = new { queued = 0, running = 0, waiting = 0, paused = 0, mine = 0, failed = 12, ended = 9_988 },
                },
            });
        });
    }

    [GeneratedRegex(@"[?&]from=(\d+)", RegexOptions.CultureInvariant)]
    private static partial Regex From();

    [GeneratedRegex(@"\bat\b")]
    private static partial Regex At();
}
