using System.Collections.Concurrent;
using System.Text.Json;
using AgentFunctions.EndToEnd;
using AgentFunctions.TestKit;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>A run as a person sees it: started, watched, cut off, ended.</summary>
[CancelAfter(3_600_000)]
internal sealed class RunPageTests : ServedTests
{
    [Test, Order(0)]
    public async Task Start_EmptyHost_TextIsThereBeforeTheCallEndsAndTheDurableTextReplacesIt()
    {
        // Half of the answer, then nothing until the page has shown it.
        var half = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int chunks = 0;
        const string Essay = "The first half is already here. The second half comes when the test says so, "
            + "and it ends with the word FINISHED.";
        Server.Script("ESSAY", _ => ChatReply.Say(Essay) with
        {
            BetweenChunks = token => Interlocked.Increment(ref chunks) > 2 ? half.Task.WaitAsync(token) : Task.CompletedTask,
        });
        await using DashboardPage page = await DashboardPage.OpenAsync(Server);
        await page.Button("Start the first run").ClickAsync();
        await page.Page.GetByLabel("Goal", new() { Exact = true }).FillAsync("Write the ESSAY.");
        await page.Page.GetByLabel("Agent", new() { Exact = true }).SelectOptionAsync("lead");
        await page.Button("Start the run").DblClickAsync();

        ILocator live = page.Page.Locator(".live-text");
        await Assertions.Expect(live).ToContainTextAsync("The first half");
        await Assertions.Expect(page.Page.Locator("dd.now")).ToContainTextAsync("writes");
        await Assertions.Expect(page.Page.GetByText("FINISHED")).ToHaveCountAsync(0);
        half.SetResult();

        await Assertions.Expect(page.Page.Locator(".feed")).ToContainTextAsync("the word FINISHED.");
        await Assertions.Expect(live).ToBeHiddenAsync();
        await Assertions.Expect(page.Page.Locator(".run-title .status")).ToContainTextAsync("Completed");
        await Assertions.Expect(page.Page.Locator(".feed .turn", new() { HasText = "Turn 1" })).ToHaveCountAsync(1);
        await page.GoAsync("");
        await Assertions.Expect(page.Page.Locator(".runs .row")).ToHaveCountAsync(1);
        page.AssertClean();
    }

    [Test]
    public async Task Live_StreamBreaksInMidSentence_TheTextIsStruckThroughAndNothingIsDoubled()
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int asked = 0;
        int pieces = 0;
        Server.Script("BROKEN", _ => Interlocked.Increment(ref asked) == 1
            ? ChatReply.Say("A sentence that breaks off in the very middle of what it wanted to say.") with
            {
                AbortAfterChunks = 4,
                BetweenChunks = token => Interlocked.Increment(ref pieces) == 3 ? seen.Task.WaitAsync(token) : Task.CompletedTask,
            }
            : ChatReply.Say("A sentence that is whole this time."));
        string run = await Server.SubmitAsync("Say it BROKEN.");
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, $"runs/{run}");
        await Assertions.Expect(page.Page.Locator(".live-text")).ToContainTextAsync("A sentence that");
        seen.SetResult();

        ILocator cut = page.Page.Locator(".feed .cut");
        await Assertions.Expect(cut).ToContainTextAsync("Attempt 1 was cut off, asked again (attempt 2)");
        ILocator whole = page.Page.Locator(
            ".feed .turn-body > .prose", new() { HasText = "A sentence that is whole this time." });
        await Assertions.Expect(whole).ToHaveCountAsync(1);
        await Assertions.Expect(cut).ToHaveCountAsync(1);
        Assert.That(
            await cut.Locator(".prose").EvaluateAsync<string>("element => getComputedStyle(element).textDecorationLine"),
            Is.EqualTo("line-through"));
        page.AssertClean();
    }

    [Test]
    public async Task Live_TheStreamIsOpenedInMidCall_TheSnapshotIsTheTextSoFar()
    {
        var rest = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int chunks = 0;
        Server.Script("LATECOMER",
            _ => ChatReply.Say("What was said before anybody looked is not lost on those who come late.") with
            {
                BetweenChunks = token => Interlocked.Increment(ref chunks) > 2 ? rest.Task.WaitAsync(token) : Task.CompletedTask,
            });
        string run = await Server.SubmitAsync("Serve the LATECOMER.");
        await using DashboardPage first = await DashboardPage.OpenAsync(Server, $"runs/{run}");
        await Assertions.Expect(first.Page.Locator(".live-text")).ToContainTextAsync("What was said before");
        string before = await first.Page.Locator(".live-text").InnerTextAsync();
        await using DashboardPage second = await DashboardPage.OpenAsync(Server, $"runs/{run}");

        await Assertions.Expect(second.Page.Locator(".live-text")).ToContainTextAsync(before.Trim());
        rest.SetResult();
        await Assertions.Expect(second.Page.Locator(".feed")).ToContainTextAsync("those who come late.");
        await Assertions.Expect(first.Page.Locator(".feed")).ToContainTextAsync("those who come late.");
        first.AssertClean();
        second.AssertClean();
    }

    [Test]
    public async Task Live_ASecretIsSplitOverDeltas_ItIsNeverOnThePageNorInAnAnswer()
    {
        const string secret = "sk-proj-4fKq9Zt2Lm8Xw3Vb7Rn5Yc1Hd6Js0Pa";
        Server.Script("LEAK", _ => ChatReply.Say($"The key that I found is {secret} and I tell nobody about it."));
        string run = await Server.SubmitAsync("Do not LEAK.");
        await using DashboardPage page = await DashboardPage.OpenAsync(Server);
        var bodies = new ConcurrentQueue<Task<string>>();
        page.Page.Response += (_, response) =>
        {
            // Streams have no body to read while they are open; what they say is on the page.
            if (response.Status == 200 && response.Headers.TryGetValue("content-type", out string? type)
                && type.Contains("json", StringComparison.Ordinal))
            {
                bodies.Enqueue(response.TextAsync());
            }
        };
        await page.Page.EvaluateAsync(
            """
            () => {
              window.seen = '';
              new MutationObserver(() => { window.seen += document.body.textContent; })
                .observe(document.body, { childList: true, subtree: true, characterData: true });
            }
            """);
        await page.Page.Locator("a.goal", new() { HasText = "Do not LEAK." }).ClickAsync();
        await Assertions.Expect(page.Page.Locator(".feed")).ToContainTextAsync("and I tell nobody about it.");

        Assert.That(await page.Page.EvaluateAsync<string>("() => window.seen"), Does.Not.Contain(secret[8..24]));
        Assert.That(await page.Page.ContentAsync(), Does.Not.Contain(secret[8..24]));
        Assert.That(bodies, Is.Not.Empty);
        Assert.That(await Task.WhenAll(bodies), Has.None.Contains(secret[8..24]));
        string heap = await page.HeapTextAsync();
        Assert.That(heap, Does.Contain("and I tell nobody about it.").And.Not.Contain(secret[8..24]));
    }

    [Test]
    public async Task Forecast_AfterSomeTurns_ThePageAndTheProgramSayWhatEndsFirst()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Server.Script("PACE", request => request.Turn < 6
            ? ChatReply.Call("list_files", new { }) with { Usage = new(10_000, 500, 0) }
            : ChatReply.Say("Enough.") with { Before = token => gate.Task.WaitAsync(token) });
        string run = await Server.SubmitAsync("Keep the PACE.", budget: new { tokens = 200_000, usd = 100 });
        await Server.WaitAsync(run, static one => one.GetProperty("budget") is { ValueKind: JsonValueKind.Object } budget
            && budget.TryGetProperty("forecast", out JsonElement forecast)
            && forecast.ValueKind == JsonValueKind.Object
            && forecast.GetProperty("first").GetString() == "tokens" && forecast.GetProperty("basedOnTurns").GetInt32() == 6);
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, $"runs/{run}");
        await Assertions.Expect(page.Page.Locator(".answers")).ToContainTextAsync("the tokens end first");
        (int exitCode, string output, string errors) = await ProgramProcess.RunAsync(
            null, Server.Workspace, "show", run, "--server", Server.Url.ToString());

        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.Match(@"forecast: tokens end first, in .+, having cost \$\d+\.\d\d to \$\d+\.\d\d, by the pace of the last 6 turns"));
        gate.SetResult();
        page.AssertClean();
    }

    [Test]
    public async Task Open_NoSuchRun_ThePageSaysSo()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, "runs/7ybqmb3v7gz6d2629hqx9m5kjw");

        await Assertions.Expect(page.Heading("There is nothing here")).ToBeVisibleAsync();
        await page.AssertAccessibleAsync("404");
    }

    [Test]
    public async Task Show_HostileText_NothingRunsAndNothingIsFetched()
    {
        Server.Script("HOSTILE", _ => ChatReply.Say(
            "<img src=x onerror=\"window.ran = true\"> <script>window.ran = true</script>\n\n[click](javascript:window.ran=true) "
            + "![pixel](https://evil.example/pixel.png) [a bank](https://b\u0430nk.example/) \u202Egnp.exe\n\n"
            + new string('x', 60_000)));
        string run = await Server.SubmitAsync("Be HOSTILE.");
        await Server.StatusAsync(run, "completed");
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, $"runs/{run}");

        ILocator feed = page.Page.Locator(".feed");
        await Assertions.Expect(feed).ToContainTextAsync("<img src=x onerror=");
        await Assertions.Expect(feed).ToContainTextAsync("⟨U+202E⟩");
        await Assertions.Expect(feed).ToContainTextAsync("xn--bnk-6cd.example");
        await Assertions.Expect(feed).ToContainTextAsync("characters left");
        await page.Page.Locator(".feed button.out").Last.ClickAsync();
        await Assertions.Expect(page.Page.Locator("a.out")).ToHaveAttributeAsync("rel", "noopener noreferrer");
        Assert.That(await page.Page.EvaluateAsync<bool>("() => Boolean(window.ran)"), Is.False);
        Assert.That(await page.Page.Locator("main img, main script, main a[href^='javascript']").CountAsync(), Is.Zero);
        page.AssertClean();
    }
}
