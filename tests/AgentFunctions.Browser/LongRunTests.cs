using System.Collections.Specialized;
using System.Globalization;
using System.Text.RegularExpressions;
using System.Web;
using AgentFunctions.TestKit;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>A run of 10,000 turns and some days: nobody waits for all of it.</summary>
[CancelAfter(3_600_000)]
internal sealed class LongRunTests : ServedTests
{
    private const int Turns = 10_000;
    private static readonly DateTime Begin = DateTime.UnixEpoch.AddSeconds(1_700_000_000);

    private string _run = "";
    private string _short = "";

    [OneTimeSetUp]
    public async Task RunAsync()
    {
        Server.Script("SHOWN", static request => request.Turn == 0 ? ChatReply.Call("list_files", new { }) : ChatReply.Say("I listed them."));
        _run = await Server.SubmitAsync("Work for days.");
        _short = await Server.SubmitAsync("Say what you were SHOWN.");
        await Server.StatusAsync(_run, "completed");
        await Server.StatusAsync(_short, "completed");
    }

    [Test]
    public async Task Transcript_TenThousandTurns_OpensAtTheEndJumpsAndSearches()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, null);
        int asked = 0;
        await page.Context.RouteAsync($"**/api/runs/{_run}/transcript?**", async route =>
        {
            Interlocked.Increment(ref asked);
            await route.FulfillAsync(new() { Json = Page(HttpUtility.ParseQueryString(new Uri(route.Request.Url).Query)) });
        });
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
        Assert.That(asked, Is.LessThan(12));
        page.AssertClean();
    }

    [Test]
    public async Task Timeline_SomeDays_IsZoomedToSecondsByKeyboard()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, null);
        await page.Context.RouteAsync($"**/api/runs/{_run}/spans?**", async route =>
        {
            NameValueCollection query = HttpUtility.ParseQueryString(new Uri(route.Request.Url).Query);
            DateTime from = TimeOf(query["from"]) ?? Begin;
            DateTime to = TimeOf(query["to"]) ?? Begin.AddDays(3);
            await route.FulfillAsync(new() { Json = to - from > TimeSpan.FromHours(2) ? Buckets(from, to) : Spans(from, to) });
        });
        await page.Context.RouteAsync($"**/api/runs/{_run}/critical-path", static route => route.FulfillAsync(new()
        {
            Json = new
            {
                start = Begin,
                wallMs = 259_200_000,
                parts = new { model = 100_000_000, tools = 59_200_000, people = 100_000_000 },
                steps = Array.Empty<object>(),
            },
        }));
        await page.Context.RouteAsync($"**/api/runs/{_run}", async route =>
        {
            IAPIResponse answer = await route.FetchAsync();
            string body = await answer.TextAsync();
            await route.FulfillAsync(new() { Response = answer, Body = OfDays(body) });
        });
        await page.GoAsync($"runs/{_run}?tab=timeline");
        ILocator chart = page.Page.Locator(".timeline svg[role=img]");
        await Assertions.Expect(chart).ToHaveAttributeAsync("aria-label", new Regex("200 buckets"));
        await page.Page.Locator(".timeline").ClickAsync(new() { Position = new() { X = 4, Y = 4 } });
        for (int i = 0; i < 14; i++)
        {
            await page.Page.Keyboard.PressAsync("+");
        }

        // 2^14 times nearer: three days are sixteen seconds.
        await Assertions.Expect(chart).ToHaveAttributeAsync("aria-label", new Regex(@"Timeline of \d+ steps?"));
        await Assertions.Expect(page.Page.Locator(".panel [role=status]")).ToHaveTextAsync(new Regex(@"Shows 15|Shows 16"));
        await page.Page.Keyboard.PressAsync("0");
        await Assertions.Expect(chart).ToHaveAttributeAsync("aria-label", new Regex("200 buckets"));
        page.AssertClean();
    }

    [Test]
    public async Task Shown_ATurn_WhatTheModelSawIsThere()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, $"runs/{_short}?tab=transcript");
        await page.Button("Shown to it").Last.ClickAsync();
        await Assertions.Expect(page.Heading("What the model was shown at turn 2")).ToBeVisibleAsync();
        await page.Page.GetByText("Instructions", new() { Exact = true }).ClickAsync();
        await Assertions.Expect(page.Page.Locator(".transcript")).ToContainTextAsync("Audit the tree.");
        await page.AssertFitsAsync("shown");
        await page.AssertAccessibleAsync("shown");
        await page.Page.GoBackAsync();
        page.AssertClean();
    }

    private static DateTime? TimeOf(string? text) =>
        text is null ? null : DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal);

    private static string OfDays(string body) => Regex.Replace(
        Regex.Replace(body, "\"createdAt\":\"[^\"]+\"", $"\"createdAt\":\"{Begin:O}\""),
        "\"completedAt\":\"[^\"]+\"", $"\"completedAt\":\"{Begin.AddDays(3):O}\"");

    private static object Page(NameValueCollection query)
    {
        int limit = int.Parse(query["limit"]!, CultureInfo.InvariantCulture);
        if (query["q"] is { } words)
        {
            int turn = int.Parse(words.Split(' ')[^1], CultureInfo.InvariantCulture);
            return new { messages = new[] { Message(turn) }, next = (long?)null };
        }

        if (query["before"] is { } before)
        {
            int end = (int)Math.Min(Turns, long.Parse(before, CultureInfo.InvariantCulture));
            return new
            {
                messages = Enumerable.Range(end - limit, limit).Select(i => Message(i + 1)),
                next = end == Turns ? null : (long?)end,
                previous = end - limit,
            };
        }

        int first = query["turn"] is { } wanted
            ? int.Parse(wanted, CultureInfo.InvariantCulture) - 1
            : int.Parse(query["from"]!, CultureInfo.InvariantCulture);
        return new { messages = Enumerable.Range(first, limit).Select(i => Message(i + 1)), next = (long?)(first + limit) };
    }

    private static object Message(int turn) => new
    {
        position = turn - 1,
        turn,
        at = Begin.AddSeconds(turn * 25),
        role = "assistant",
        origin = "model",
        contents = new[] { new { type = "text", text = $"I looked at one more part, and this is finding {turn}." } },
    };

    private static object Buckets(DateTime from, DateTime to) => new
    {
        buckets = Enumerable.Range(0, 200).Select(i => new
        {
            from = from + ((to - from) * i / 200),
            to = from + ((to - from) * (i + 1) / 200),
            modelMs = 1_000 + i,
            toolMs = 500,
            waitMs = 100,
            errors = 0,
            n = 12,
        }),
    };

    private static object Spans(DateTime from, DateTime to) => new
    {
        spans = Enumerable.Range(0, 6).Select(i => new
        {
            kind = i % 2 == 0 ? "model" : "tool",
            name = i % 2 == 0 ? "scripted" : "read_file",
            turn = i,
            start = from + ((to - from) * i / 6),
            end = from + ((to - from) * (i + 1) / 6),
            ok = true,
            critical = true,
        }),
    };
}
