using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using AgentFunctions.TestKit;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>The list of runs when there are many, and when nobody looks at it.</summary>
[CancelAfter(3_600_000)]
internal sealed partial class ListTests : ServedTests
{
    private const int Runs = 10_000;

    [Test]
    public async Task List_TenThousandRuns_AFewRowsAreMadeAndBackIsTheSamePlace()
    {
        string real = await Server.SubmitAsync("Look around.");
        await Server.StatusAsync(real, "completed");
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, null);
        await FillAsync(page, real);
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

        await wanted.ClickAsync();
        await Assertions.Expect(page.Heading("Look around.")).ToBeVisibleAsync();
        await page.Page.GoBackAsync();
        await Assertions.Expect(wanted).ToBeInViewportAsync();

        await page.Page.EvaluateAsync("() => window.scrollTo(0, 0)");
        await page.Button("12 Failed", exact: false).ClickAsync();
        await Assertions.Expect(page.Page).ToHaveURLAsync(StatusFailed());
        await Assertions.Expect(rows.First).ToContainTextAsync("Failed");
        await page.Page.GoBackAsync();
        await Assertions.Expect(rows.First).ToContainTextAsync("Completed");
        await Assertions.Expect(page.Page).Not.ToHaveURLAsync(StatusFailed());
        await page.Page.Locator("body").PressAsync("j");
        await Assertions.Expect(rows.First).ToHaveClassAsync(At());
        await page.Page.Keyboard.PressAsync("x");
        await Assertions.Expect(page.Page.GetByText("1 run selected")).ToBeVisibleAsync();
        page.AssertClean();
    }

    [Test]
    public async Task Heap_TenThousandRowsAreLoaded_ItIsBounded()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, null);
        await FillAsync(page, "none");
        await page.GoAsync("");
        await Assertions.Expect(page.Page.Locator(".runs .row").First).ToBeVisibleAsync();
        await page.Page.EvaluateAsync("() => window.scrollTo(0, 100_000_000)");
        await Assertions.Expect(page.Page.GetByText("10,000 loaded of 10,000")).ToBeVisibleAsync();
        Assert.That(await page.HeapAsync("10,000 rows"), Is.LessThan(25_000_000));
        page.AssertClean();
    }

    [Test]
    public async Task Idle_AMinuteOfAnOpenList_CostsAFewHundredBytes()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, null);
        await FillAsync(page, "none");
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

    /// <summary>The host's answers for 10,000 runs, in its own form, and a watch that says what the test says.</summary>
    private static async Task FillAsync(DashboardPage page, string real)
    {
        await page.Context.AddInitScriptAsync(StreamScript.For("/api/watch"));
        await page.Context.AddInitScriptAsync(
            "window.newRun = { id: 'anew', agent: 'lead', goal: 'A new goal', status: 'queued', turn: 0, steps: 0, usd: 0, rev: 1, "
            + "createdAt: '2033-06-01T00:00:00Z', updatedAt: '2033-06-01T00:00:00Z' };");
        await page.Context.RouteAsync(url => new Uri(url).AbsolutePath == "/api/runs/rows", async route =>
        {
            string query = new Uri(route.Request.Url).Query;
            int from = From().Match(query) is { Success: true } match ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
            bool failed = query.Contains("failed", StringComparison.Ordinal);
            await route.FulfillAsync(new()
            {
                Json = new
                {
                    runs = Enumerable.Range(from, 100).Select(i => new
                    {
                        id = i == 150 ? real : $"run{i:00000}",
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

    [GeneratedRegex("status=failed")]
    private static partial Regex StatusFailed();

    [GeneratedRegex(@"\bat\b")]
    private static partial Regex At();
}
