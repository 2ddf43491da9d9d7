using System.Globalization;
using System.Text.RegularExpressions;
using AgentFunctions.EndToEnd;
using AgentFunctions.TestKit;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>
/// 10,000 runs, and a run of 10,000 turns and some days, in a real store behind a real server: nobody waits for all of it.
/// </summary>
[CancelAfter(3_600_000)]
internal sealed partial class LargeTests : ServedTests
{
    private readonly TemporaryFolder _folder = new();
    private ProgramProcess _program = null!;
    private Uri _url = null!;
    private string _run = "";

    [OneTimeSetUp]
    public async Task FillAsync()
    {
        Server.Script("Work for days",
            static request => request.Turn == 0 ? ChatReply.Call("list_files", new { }) : ChatReply.Say("I listed them."));
        _run = await Server.SubmitAsync("Work for days.");
        await Server.StatusAsync(_run, "completed");
        string source = Path.Combine(_folder.Path, "small.afrun");
        string large = Path.Combine(_folder.Path, "large.afrun");
        await File.WriteAllBytesAsync(source, await Server.Http.GetByteArrayAsync($"/api/runs/{_run}/export"));
        await ExportFile.MultiplyAsync(source, large);
        _program = ProgramProcess.Start([], "inspect", large);
        _url = await _program.ListeningAsync();
    }

    [OneTimeTearDown]
    public async Task EndAsync()
    {
        if (_program is not null)
        {
            await _program.DisposeAsync();
        }

        _folder.Dispose();
    }

    [Test]
    public async Task List_TenThousandRuns_FilterCountsOpenAndBackToTheSamePlace()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(_url, "?subAgents=true");
        ILocator rows = page.Page.Locator(".runs .row");
        await Assertions.Expect(page.Page.GetByText("100 loaded of 10,000")).ToBeVisibleAsync();
        await Assertions.Expect(rows.First).ToContainTextAsync("Work for days.");
        Assert.That(await rows.CountAsync(), Is.LessThan(60));

        await page.Page.EvaluateAsync("() => window.scrollTo(0, 150 * 44)");
        ILocator wanted = page.Page.GetByText("Goal number 150", new() { Exact = true });
        await Assertions.Expect(wanted).ToBeVisibleAsync();
        Assert.That(await rows.CountAsync(), Is.LessThan(60));
        await wanted.ClickAsync();
        await Assertions.Expect(page.Heading("Goal number 150")).ToBeVisibleAsync();
        await page.Page.GoBackAsync();
        await Assertions.Expect(wanted).ToBeInViewportAsync();

        await page.Page.EvaluateAsync("() => window.scrollTo(0, 0)");
        await page.Button($"{ExportFile.FailedRuns} Failed", exact: false).ClickAsync();
        await Assertions.Expect(page.Page.GetByText($"{ExportFile.FailedRuns} loaded of {ExportFile.FailedRuns}"))
            .ToBeVisibleAsync();
        await Assertions.Expect(rows.First).ToContainTextAsync("Failed");
        await page.Page.GoBackAsync();
        await Assertions.Expect(rows.First).ToContainTextAsync("Completed");
        await page.Page.GetByLabel("Search", new() { Exact = true }).FillAsync("Goal number 77");
        await Assertions.Expect(page.Page.GetByText("100 loaded of 111")).ToBeVisibleAsync();
        page.AssertClean();
    }

    [Test]
    public async Task Open_ARunOfTenThousandTurns_IsUsableLikeASmallOne()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(_url, null);
        await page.Context.AddInitScriptAsync("""
            new MutationObserver(() => {
              if (!window.usable && document.querySelector('.run-title .status') && document.querySelector('.feed .turn'))
                window.usable = performance.now();
            }).observe(document, { childList: true, subtree: true });
            """);
        page.Allow(Server.Url.ToString());
        string best = "";
        double least = double.MaxValue;

        // Others use the machine too: the best of a few looks counts, each against a small run of the same moment.
        for (int i = 0; i < 8 && least > 2; i++)
        {
            (double few, double many) = (await UsableAsync(Server.Url), await UsableAsync(_url));
            if (many / few < least)
            {
                (least, best) = (many / few, string.Create(CultureInfo.InvariantCulture,
                    $"usable after: a small run {few:0} ms, one of 10,000 turns {many:0} ms"));
            }
        }

        TestContext.Out.WriteLine(best);
        Assert.That(least, Is.LessThanOrEqualTo(2), best);
        page.AssertClean();

        async Task<double> UsableAsync(Uri host)
        {
            await page.Page.GotoAsync(new Uri(host, $"dashboard/runs/{_run}").ToString());
            await page.Page.WaitForFunctionAsync("() => window.usable");
            return await page.Page.EvaluateAsync<double>("() => window.usable");
        }
    }

    [Test]
    public async Task Heap_TenThousandRowsAreLoaded_ItIsBounded()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(_url, "?subAgents=true");
        await Assertions.Expect(page.Page.GetByText("100 loaded of 10,000")).ToBeVisibleAsync();
        await page.Page.EvaluateAsync("() => window.scrollTo(0, 100_000_000)");
        await Assertions.Expect(page.Page.GetByText("10,000 loaded of 10,000")).ToBeVisibleAsync(new() { Timeout = 300_000 });
        Assert.That(await page.HeapAsync("10,000 rows"), Is.LessThan(25_000_000));
        page.AssertClean();
    }

    [Test]
    public async Task Transcript_TenThousandTurns_OpensAtTheEndJumpsAndSearches()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(_url, null);
        int asked = 0;
        page.Page.Request += (_, request) => asked += request.Url.Contains("/transcript?", StringComparison.Ordinal) ? 1 : 0;
        await page.GoAsync($"runs/{_run}?tab=transcript");
        ILocator turns = page.Page.Locator(".transcript .turn");
        await Assertions.Expect(turns.Last).ToContainTextAsync("Turn 10000");
        await Assertions.Expect(turns.Last).ToBeInViewportAsync();
        await page.Button("Show earlier").ClickAsync();
        await Assertions.Expect(turns).ToHaveCountAsync(100);

        await page.Page.GetByLabel("Go to turn").FillAsync("5000");
        await page.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(turns.First).ToContainTextAsync("Turn 5000");
        await Assertions.Expect(turns).ToHaveCountAsync(50);
        await page.Button("Show more").ClickAsync();
        await Assertions.Expect(turns.Last).ToContainTextAsync("Turn 5099");

        await page.Page.GetByLabel("Search the transcript").FillAsync("finding 7777");
        await page.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(turns).ToHaveCountAsync(1);
        await Assertions.Expect(turns.First).ToContainTextAsync("Turn 7777");
        await page.AssertAccessibleAsync("search of a transcript");
        Assert.That(asked, Is.LessThan(40));
        page.AssertClean();
    }

    [Test]
    public async Task Timeline_SomeDays_IsZoomedToSecondsByKeyboard()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(_url, $"runs/{_run}?tab=timeline");
        ILocator chart = page.Page.Locator(".timeline svg[role=img]");
        await Assertions.Expect(chart).ToHaveAttributeAsync("aria-label", Buckets());
        await page.Page.Locator(".timeline").ClickAsync(new() { Position = new() { X = 4, Y = 4 } });
        for (int i = 0; i < 14; i++)
        {
            await page.Page.Keyboard.PressAsync("+");
        }

        // 2^14 times nearer: days are seconds.
        await Assertions.Expect(chart).ToHaveAttributeAsync("aria-label", Steps());
        await Assertions.Expect(page.Page.Locator(".panel [role=status]")).ToHaveTextAsync(Seconds());
        await page.Page.Keyboard.PressAsync("0");
        await Assertions.Expect(chart).ToHaveAttributeAsync("aria-label", Buckets());
        page.AssertClean();
    }

    [Test]
    public async Task Heap_MoreThanTenThousandEvents_ItIsBounded()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(_url, null);
        await page.Context.AddInitScriptAsync(
            "window.longest = 0; new PerformanceObserver(list => { for (const one of list.getEntries()) "
            + "window.longest = Math.max(window.longest, one.duration); }).observe({ type: 'longtask' });");
        await page.GoAsync($"runs/{_run}?tab=budget");
        await Assertions.Expect(page.Page.Locator(".chart").First).ToBeVisibleAsync(new() { Timeout = 300_000 });
        await Assertions.Expect(page.Page.Locator(".chart [aria-label*='in 10000 turns']"))
            .ToBeVisibleAsync(new() { Timeout = 300_000 });
        Assert.That(await page.HeapAsync("15,002 events"), Is.LessThan(15_000_000));
        TestContext.Out.WriteLine(
            $"reading 15,002 events: the longest task {await page.Page.EvaluateAsync<double>("() => window.longest"):0} ms");
        page.AssertClean();
    }

    [GeneratedRegex("[0-9]+ buckets")]
    private static partial Regex Buckets();

    [GeneratedRegex(@"Timeline of \d+ steps?")]
    private static partial Regex Steps();

    [GeneratedRegex(@"Shows \d\d(\.\d)? s")]
    private static partial Regex Seconds();
}
