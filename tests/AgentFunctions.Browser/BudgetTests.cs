using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using AgentFunctions.AspNetCore;
using AgentFunctions.TestKit;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>
/// What the page may cost: bytes, memory and frames. Only what does not depend on the machine is asserted; times are printed.
/// </summary>
[CancelAfter(3_600_000)]
[NonParallelizable]
internal sealed partial class BudgetTests : ServedTests
{
    private const int AllFiles = 90_000;
    private const int FirstContent = 45_000;
    private const double FirstContentShare = 3;
    private const int SubAgents = 300;

    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _run = "";

    [OneTimeSetUp]
    public async Task RunAsync()
    {
        Server.Script("HOLD", _ => ChatReply.Say("At last.") with { Before = token => _gate.Task.WaitAsync(token) });
        _run = await Server.SubmitAsync("HOLD on.");
        await Server.StatusAsync(_run, "running");
    }

    [OneTimeTearDown]
    public void Release() => _gate.TrySetResult();

    [Test]
    public async Task Files_AsTheyAreServed_AreWithinTheBudget()
    {
        string shell = await Server.Http.GetStringAsync("/dashboard/");
        string files = $"/dashboard/-/{Version().Match(shell).Groups[1].Value}/";
        string[] names = [.. typeof(ApiOptions).Assembly.GetManifestResourceNames().Where(
            static name => name.StartsWith("Dashboard/", StringComparison.Ordinal)
                && !name.EndsWith(".html", StringComparison.Ordinal))];
        int[] bytes = await Task.WhenAll(names.Select(name => LengthAsync(files + name["Dashboard/".Length..])));
        int page = await LengthAsync("/dashboard/");
        TestContext.Out.WriteLine($"all files: {bytes.Sum() + page} bytes in {bytes.Length + 1} files, the shell {page}");
        Assert.That(bytes, Has.Length.GreaterThan(10));
        Assert.That(bytes.Sum() + page, Is.LessThanOrEqualTo(AllFiles));
        Assert.That(page, Is.LessThanOrEqualTo(3_000), "shell");

        async Task<int> LengthAsync(string address)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.Add("Accept-Encoding", "br");
            using HttpResponseMessage response = await Server.Http.SendAsync(request);
            Assert.That(response.Content.Headers.ContentEncoding, Is.EqualTo(new[] { "br" }), address);
            return (await response.Content.ReadAsByteArrayAsync()).Length;
        }
    }

    [Test]
    public async Task FirstContent_List_ComesWithAPartOfTheFiles()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, null);
        var files = new ConcurrentQueue<IRequest>();
        page.Page.RequestFinished += (_, request) =>
        {
            if (request.Url.Contains("/dashboard/", StringComparison.Ordinal))
            {
                files.Enqueue(request);
            }
        };
        await page.GoAsync("");
        await Assertions.Expect(page.Page.Locator(".runs .row").First).ToBeVisibleAsync();
        int bytes = (await Task.WhenAll(files.Select(static file => file.SizesAsync()))).Sum(static sizes => sizes.ResponseBodySize);
        TestContext.Out.WriteLine($"the list: {files.Count} files, {bytes} bytes");
        Assert.That(files, Has.Count.InRange(5, 18));
        Assert.That(bytes, Is.InRange(10_000, FirstContent));
        page.AssertClean();
    }

    [Test]
    public async Task FirstContent_NoScriptHasCome_ThePlacesAreThereAndAllFilesAreAskedForAtOnce()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, null);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = new ConcurrentDictionary<string, bool>();
        await page.Context.RouteAsync("**/dashboard/-/**/*.js", async route =>
        {
            asked[Path.GetFileName(route.Request.Url)] = true;
            await gate.Task;
            await route.ContinueAsync();
        });
        await page.Page.GotoAsync(new Uri(Server.Url, "dashboard/").ToString(), new() { WaitUntil = WaitUntilState.Commit });
        await page.Page.WaitForFunctionAsync(Painted);
        await Assertions.Expect(page.Page.Locator(".side [data-place=approvals]")).ToBeVisibleAsync();
        Assert.That(await page.Page.Locator(".who").CountAsync(), Is.Zero, "a script ran");

        // None of the list's files waits for another one of them.
        await Poll.UntilAsync(
            () => Task.FromResult(asked.Keys.Order(StringComparer.Ordinal)
                .SequenceEqual(["api.js", "app.js", "h.js", "runs.js", "stream.js"])),
            TestContext.CurrentContext.CancellationToken);
        gate.SetResult();
        await Assertions.Expect(page.Page.Locator(".runs .row").First).ToBeVisibleAsync();
        await Assertions.Expect(page.Page.Locator(".side [data-place=runs]")).ToHaveAttributeAsync("aria-current", "page");
        page.AssertClean();
    }

    [Test]
    public async Task FirstContent_BesideAnEmptyPage_IsNearIt()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, null);
        string best = "";
        double least = double.MaxValue;

        // Others use the machine too: the best of a few looks counts, each against a page of one word of the same host.
        for (int i = 0; i < 8 && least > FirstContentShare; i++)
        {
            await page.Page.GotoAsync(new Uri(Server.Url, "health/live").ToString());
            double empty = await PaintAsync(page);
            await page.GoAsync("");
            double shown = await PaintAsync(page);
            await Assertions.Expect(page.Page.Locator(".runs .row").First).ToBeVisibleAsync();
            if (shown / empty < least)
            {
                least = shown / empty;
                best = string.Create(CultureInfo.InvariantCulture,
                    $"first content: a page of one word {empty:0} ms, the list {shown:0} ms");
            }
        }

        TestContext.Out.WriteLine(best);
        Assert.That(least, Is.LessThanOrEqualTo(FirstContentShare), best);
        page.AssertClean();
    }

    [Test]
    [Explicit("Prints the first content on a processor that is four times slower, 40 ms from the host.")]
    public async Task FirstContent_OfASlowerMachine()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, "");
        await Assertions.Expect(page.Page.Locator(".runs .row").First).ToBeVisibleAsync();
        ICDPSession devTools = await page.Context.NewCDPSessionAsync(page.Page);
        await devTools.SendAsync("Network.enable");
        foreach ((int rate, int latency) in new[] { (1, 0), (4, 40) })
        {
            await devTools.SendAsync("Emulation.setCPUThrottlingRate", new() { ["rate"] = rate });
            await devTools.SendAsync("Network.emulateNetworkConditions", new()
            {
                ["offline"] = false,
                ["latency"] = latency,
                ["downloadThroughput"] = -1,
                ["uploadThroughput"] = -1,
            });
            double least = double.MaxValue;
            for (int i = 0; i < 8; i++)
            {
                await page.GoAsync("");
                least = Math.Min(least, await PaintAsync(page));
                await Assertions.Expect(page.Page.Locator(".runs .row").First).ToBeVisibleAsync();
            }

            TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"first content, {rate} times slower, {latency} ms away: {least:0} ms"));
        }
    }

    private const string Painted = "() => performance.getEntriesByName('first-contentful-paint').length";

    private static async Task<double> PaintAsync(DashboardPage page)
    {
        await page.Page.WaitForFunctionAsync(Painted);
        return await page.Page.EvaluateAsync<double>("() => performance.getEntriesByName('first-contentful-paint')[0].startTime");
    }

    [Test]
    public async Task Heap_AnHourOfText_DoesNotGrow()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, null);
        await page.Context.AddInitScriptAsync(StreamScript.For("live=true"));
        await page.GoAsync($"runs/{_run}");
        await Assertions.Expect(page.Page.Locator(".crumb .live-dot")).ToHaveTextAsync("live");
        await SayTurnsAsync(page, 2, 12);
        double before = await page.HeapAsync("ten turns of text");
        await page.Page.EvaluateAsync(
            """
            () => {
              window.told = { since: Date.now(), n: 0 };
              new MutationObserver(() => window.told.n++).observe(document.querySelector('body > [role=status].sr'), { childList: true });
            }
            """);
        await SayTurnsAsync(page, 12, 42);
        Assert.That(await page.HeapAsync("forty turns of text") - before, Is.LessThan(5_000_000));

        // Who listens is told every ten seconds at most, whatever comes.
        Assert.That(
            await page.Page.EvaluateAsync<double>("() => window.told.n - (Date.now() - window.told.since) / 10_000"),
            Is.LessThanOrEqualTo(1));
        page.AssertClean();
    }

    /// <summary>Scenario 13; <see cref="SwarmTests"/> has it with a real host, which tells of fewer changes.</summary>
    [Test]
    public async Task Tree_ThreeHundredSubAgentsAndSixHundredChangesASecond_FramesStayNearThoseOfAnEmptyPage(
        [Values(1, 4)] int timesSlower)
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, null);
        await page.Context.AddInitScriptAsync(StreamScript.For("live=true"));
        await page.Context.RouteAsync($"**/api/runs/{_run}/nodes",
            route => route.FulfillAsync(new() { Json = new { nodes = Nodes() } }));
        var cancelled = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await page.Context.RouteAsync("**/api/runs/child*/cancel", async route =>
        {
            cancelled.TrySetResult(route.Request.Url);
            await route.FulfillAsync(new() { Status = 202, Json = new { } });
        });
        ICDPSession devTools = await page.Context.NewCDPSessionAsync(page.Page);
        await devTools.SendAsync("Emulation.setCPUThrottlingRate", new() { ["rate"] = timesSlower });
        string best = "";
        double least = double.MaxValue;

        // Others use the machine too: the best of a few looks counts, each against an empty page of the same moment.
        for (int i = 0; i < 6 && least > 1.5; i++)
        {
            await page.Page.GotoAsync("about:blank");
            double empty = (await page.Page.EvaluateAsync<double[]>(Frames))[0];
            await page.GoAsync($"runs/{_run}?tab=tree");
            await Assertions.Expect(page.Page.Locator(".tree .row").Nth(20)).ToBeVisibleAsync();
            await Assertions.Expect(page.Page.Locator(".crumb .live-dot")).ToHaveTextAsync("live");
            await page.Page.EvaluateAsync(Storm);
            double[] busy = await page.Page.EvaluateAsync<double[]>(Frames);
            if (busy[0] / empty < least)
            {
                least = busy[0] / empty;
                best = string.Create(CultureInfo.InvariantCulture,
                    $"p95 of frames, {timesSlower} times slower: empty {empty:0.0} ms, in the storm {busy[0]:0.0} ms, "
                    + $"longest {busy[1]:0} ms");
            }
        }

        TestContext.Out.WriteLine(best);
        Assert.That(least, Is.LessThanOrEqualTo(1.5), best);
        if (timesSlower > 1)
        {
            page.AssertClean();
            return;
        }

        // It can be used meanwhile: sorted, closed and opened, one of them cancelled.
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Steps", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Page.GetByRole(AriaRole.Columnheader, new() { Name = "Steps" }))
            .ToHaveAttributeAsync("aria-sort", "descending");
        ILocator root = page.Page.Locator(".tree [aria-level='1']");
        await root.FocusAsync();
        await page.Page.Keyboard.PressAsync("ArrowLeft");
        await Assertions.Expect(page.Page.Locator(".tree .row[aria-level]")).ToHaveCountAsync(1);
        await page.Page.Keyboard.PressAsync("ArrowRight");
        await Assertions.Expect(page.Page.Locator(".tree .row[aria-level='2']").Nth(10)).ToBeVisibleAsync();
        await page.Page.Keyboard.PressAsync("ArrowDown");
        await Assertions.Expect(page.Page.Locator(".tree .row[aria-level='2']:focus")).ToHaveCountAsync(1);
        Assert.That(await page.Page.EvaluateAsync<int>(SharedPlaces), Is.Zero,
            "the row that has the focus goes to its new place as the others do, out of view as well");
        await page.Page.Keyboard.PressAsync("c");
        await page.Page.Locator("dialog").GetByRole(AriaRole.Button, new() { Name = "Cancel it" }).ClickAsync();
        Assert.That(await cancelled.Task.WaitAsync(TestContext.CurrentContext.CancellationToken),
            Does.Contain("/api/runs/child"));
        page.AssertClean();
    }

    /// <summary>How many rows say of themselves, in any of 120 frames, that they are where another one is.</summary>
    private const string SharedPlaces = """
        async () => {
          let shared = 0;
          for (let frame = 0; frame < 120; frame++) {
            const places = [...document.querySelectorAll('.tree .row[aria-level="2"]')].map(row => row.ariaRowIndex);
            shared += places.length - new Set(places).size;
            await new Promise(requestAnimationFrame);
          }
          return shared;
        }
        """;

    private const string Frames = """
        () => new Promise(done => {
          const took = [];
          let before = 0;
          const next = at => {
            if (before) took.push(at - before);
            before = at;
            if (took.length < 150) requestAnimationFrame(next);
            else { took.sort((a, b) => a - b); done([took[Math.floor(took.length * 0.95)], took.at(-1)]); }
          };
          requestAnimationFrame(next);
        })
        """;

    private const string Storm = """
        () => {
          let n = 0;
          setInterval(() => window.say('tree.patch', { nodes: Array.from({ length: 30 }, () => {
            n++;
            const i = n % 300, steps = n % 97;
            return { id: `child${i}`, status: n % 7 ? 'running' : 'waiting', waits: n % 7 ? [] : [{ kind: 'approval', tool: 'deploy' }],
              now: n % 7 ? 'tool.started:search_files' : null, turns: steps, own: { steps, usd: n / 1e4, tokens: n },
              branch: { steps, usd: n / 1e4, tokens: n } };
          }) }), 50);
        }
        """;

    private static async Task SayTurnsAsync(DashboardPage page, int from, int to) => await page.Page.EvaluateAsync(
        """
        async ([from, to]) => {
          for (let turn = from; turn < to; turn++) {
            window.say('model.started', { turn, attempt: 1, model: 'scripted', at: new Date().toISOString() });
            let at = 0;
            for (let i = 0; i < 400; i++) {
              const text = `Piece ${i} of what turn ${turn} says about the tree. `;
              window.say('model.delta', { turn, attempt: 1, channel: 'text', at, text });
              at += text.length;
              if (i % 40 === 0) await new Promise(next => setTimeout(next));
            }
            window.say('model.completed', { position: turn * 10, type: 'model.completed', at: new Date().toISOString(), turn, model: 'scripted',
              text: 'It said something.', usage: { inputTokens: 100, outputTokens: 10, usd: 0 }, duration: 'PT1S' }, turn * 10);
          }
        }
        """, new[] { from, to });

    private IEnumerable<object> Nodes()
    {
        object Node(string id, string? parent, string name) => new
        {
            id,
            parent,
            name,
            agent = parent is null ? "lead" : "worker",
            goal = $"Look at the part {name}",
            status = "running",
            waits = Array.Empty<object>(),
            createdAt = DateTime.UnixEpoch.AddSeconds(1_700_000_000),
            updatedAt = DateTime.UnixEpoch.AddSeconds(1_700_000_000),
            turns = 1,
            criticalSteps = 1,
            own = new { steps = 1, usd = 0.01, tokens = 100 },
            branch = new { steps = 1, usd = 0.01, tokens = 100 },
            critical = false,
        };
        IEnumerable<object> children = Enumerable.Range(0, SubAgents).Select(i => Node($"child{i}", _run, $"part-{i}"));
        return [Node(_run, null, "lead"), .. children];
    }

    [GeneratedRegex("/-/([0-9a-f]+)/", RegexOptions.CultureInvariant)]
    private static partial Regex Version();
}
