using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.TestKit;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>
/// Every screen in light and dark, on a desk and on a phone: axe finds nothing, nothing is cut, a picture of each lies in
/// <c>TestResults/screens</c>. Whoever changes the style sheet looks at them.
/// </summary>
[CancelAfter(3_600_000)]
internal sealed class ScreensTests() : ServedTests(
    Policy, ("Reviews__Queues__0__Label", "team=payments"), ("Reviews__Queues__0__Capacity", "20"))
{
    private const string Policy =
        "rules: [{name: asks-edits, when: {tool: edit_file}, then: ask, reason: Deployments are looked at by a person}]";

    internal static readonly string Folder = Directory.CreateDirectory(
        Path.Combine(TestContext.CurrentContext.WorkDirectory, "TestResults", "screens")).FullName;

    /// <summary>The screens whose words do not depend on how long something took or on what came first.</summary>
    private static readonly string[] Compared =
    [
        "runs", "start", "approvals", "questions", "inbox", "run-live", "run-tree", "run-transcript", "run-shown", "run-files",
        "run-changes", "agents", "agent", "incidents", "monitors", "reviews", "policy", "kill", "life",
    ];

    private static readonly (string Goal, string Team)[] Goals =
    [
        ("Summarise this week's support tickets", "support"), ("Bring the changelog up to date", "docs"),
        ("Check the licences of new packages", "legal"), ("Draft the answer to ticket 4182", "support"),
        ("Find flaky tests of the last month", "platform"), ("Translate the release notes", "docs"),
    ];

    private readonly TaskCompletionSource _never = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _audit = "";
    private string _approval = "";
    private string _swarm = "";
    private string _incident = "";

    [OneTimeSetUp]
    public async Task FillAsync()
    {
        Server.Script("Merge the parts of", static request => Swarm(request));
        Server.Script("Look at the part", static request => request.Turn == 0
            ? ChatReply.Call("read_file", new { path = "README.md" }) with
            {
                Text = "I read my part first.",
                Usage = new(9_000 + (1_700 * (request.Last("user").Length % 7)), 420, 0),
            }
            : ChatReply.Say("My part is done: four files, two findings.") with { Usage = new(12_400, 380, 9_000) });
        Server.Script("Audit the source tree", static request => Audit(request));
        Server.Script("Reconcile the ledger", request => request.Turn == 0
            ? ChatReply.Call("list_files", new { }) with { Usage = new(21_300, 180, 0) }
            : ChatReply.Say("Done.") with { Before = token => _never.Task.WaitAsync(token) });
        foreach ((string goal, _) in Goals)
        {
            Server.Script(goal, static request => request.Turn == 0
                ? ChatReply.Call("read_file", new { path = "README.md" }) with { Usage = new(14_200, 310, 6_000) }
                : ChatReply.Say("Done. The folder holds what it should.") with { Usage = new(15_900, 640, 14_000) });
        }

        await File.WriteAllTextAsync(Path.Combine(Server.Workspace, "access.log"),
            string.Concat(Enumerable.Range(0, 2_000).Select(static i => $"GET /orders/{i} 200 {i % 97} ms\n")));
        Server.Script("Nightly check", static _ => ChatReply.Error(400, "The prompt is not acceptable."));
        _audit = await Server.SubmitAsync(
            "Audit the source tree in parts and write one report", labels: new { team = "payments", env = "prod" },
            budget: new { steps = 400, usd = 25, tokens = 2_000_000, wallClock = "P5D" });
        _swarm = await Server.SubmitAsync(
            "Merge the parts of the platform's audit", labels: new { team = "platform" }, budget: new { subAgents = 20 });
        string failed = await Server.SubmitAsync("Nightly check of the invoices", "worker", new { team = "ops" });
        var done = new List<string>();
        foreach ((string goal, string team) in Goals)
        {
            done.Add(await Server.SubmitAsync(goal, "worker", new { team }));
        }

        string running = await Server.SubmitAsync("Reconcile the ledger of October", "worker", new { team = "finance" });
        JsonElement waiting = await Server.WaitAsync(_audit, static run => run.GetProperty("waits").GetArrayLength() == 2);
        _approval = waiting.GetProperty("waits").EnumerateArray()
            .First(static wait => wait.GetProperty("kind").GetString() == "approval").GetProperty("id").GetString()!;
        await Server.StatusAsync(_swarm, "completed");
        await Server.StatusAsync(failed, "failed");
        await Task.WhenAll(done.Select(run => Server.StatusAsync(run, "completed")));
        await Server.StatusAsync(running, "running");
        using HttpResponseMessage held = await Server.Http.PutAsJsonAsync("/api/holds/case-seven",
            new { label = "team=legal", reason = "Case 7: kept until the court has decided" });
        Assert.That(held.IsSuccessStatusCode, Is.True, await held.Content.ReadAsStringAsync());
        _incident = await Server.WatchShopAsync();
    }

    [OneTimeTearDown]
    public void Release() => _never.TrySetResult();

    [TestCase(1440, 900)]
    [TestCase(390, 844)]
    [Order(1)]
    public async Task Show_EveryScreen_AxeFindsNothingAndNothingIsCut(int width, int height)
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, options: new()
        {
            ViewportSize = new() { Width = width, Height = height },
            ReducedMotion = ReducedMotion.Reduce,
        });
        foreach ((string name, string path, string shown) in Screens())
        {
            await page.GoAsync(path);
            await Assertions.Expect(page.Page.Locator(shown).First).ToBeVisibleAsync();
            await page.AssertFitsAsync(name);
            await page.AssertAccessibleInBothAsync(name, Place(name, width));
            if (width > 640 && Compared.Contains(name))
            {
                await AriaSnapshot.AssertAsync(page.Page, name);
            }

            if (Pictures.AreTaken)
            {
                await Pictures.TakeAsync(page.Page, name);
            }
        }

        page.AssertClean();
    }

    [TestCase(1440, 900)]
    [TestCase(390, 844)]
    public async Task Show_EveryState_AxeFindsNothingAndNothingIsCut(int width, int height)
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, null, options: new()
        {
            ViewportSize = new() { Width = width, Height = height },
            ReducedMotion = ReducedMotion.Reduce,
        });
        string run = $"runs/{_audit}";
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await StateAsync("loading", run, ".skeleton",
            ($"**/api/runs/{_audit}", route => never.Task.ContinueWith(_ => route.AbortAsync(), TaskScheduler.Default)));
        never.SetResult();
        await StateAsync("empty", "", ".empty", ("**/api/watch**", static route => route.FulfillAsync(new() { Status = 404 })),
            ("**/api/runs/rows**", Answer(200, new
            {
                runs = Array.Empty<object>(),
                total = 0,
                counts = new { queued = 0, running = 0, waiting = 0, paused = 0, mine = 0, failed = 0, ended = 0 },
            })));
        await StateAsync("error", run, ".fault",
            ($"**/api/runs/{_audit}", Problem(503, "storeUnavailable", "The store does not answer. Try again.")));
        await StateAsync("forbidden", "agents", ".fault",
            ("**/api/agents", Problem(403, "notAllowed", "This needs the role viewer.")));
        await StateAsync("erased", run, ".fault",
            ($"**/api/runs/{_audit}",
                Problem(410, "runErased", "The run was erased on 1 May by ada: asked for by the customer.")));
        await StateAsync("held", run, ".fault", ($"**/api/runs/{_audit}", Problem(423, "runHeld", "A legal hold keeps it.")));
        await StateAsync("nothing", "runs/nothing/here", ".fault");
        await StateAsync("rehearsal", "kill", "[data-band=rehearsal]", ("**/api/session", Answer(200, new
        {
            caller = new { id = "local", roles = new[] { "*" } },
            required = false,
            ways = Array.Empty<object>(),
            host = new { version = "1", engine = "embedded", rehearsal = true },
        })));
        await StateAsync("sign-in", "", "dialog.signin",
            ("**/api/session", Answer(200,
                new { caller = (object?)null, required = true, ways = new[] { new { kind = "key" } } })),
            ("**/api/runs/rows**", Problem(401, "unauthorized", "A key is needed.")));
        await StateAsync("newer-version", "usage", "[data-band=version]",
            ("**/-/**/usage.js", Problem(404, "notFound", "Gone.")),
            ("**/-/**/app.js", route => route.Request.Method == "HEAD"
                ? route.FulfillAsync(new() { Status = 404 })
                : route.ContinueAsync()));
        await StateAsync("not-connected", "", "[data-band=net]", ("**/api/**", static route => route.AbortAsync()),
            ("**/health/live", static route => route.AbortAsync()));

        async Task StateAsync(string name, string path, string shown, params (string Address, Func<IRoute, Task> Answer)[] routes)
        {
            foreach ((string address, Func<IRoute, Task> answer) in routes)
            {
                await page.Context.RouteAsync(address, answer);
            }

            await page.GoAsync(path);
            await Assertions.Expect(page.Page.Locator(shown).First).ToBeVisibleAsync();
            await page.AssertFitsAsync(name);
            await page.AssertAccessibleInBothAsync(name, Place($"state-{name}", width));
            await page.Context.UnrouteAllAsync(new() { Behavior = UnrouteBehavior.IgnoreErrors });
        }

        static Func<IRoute, Task> Answer(int status, object body) =>
            route => route.FulfillAsync(new() { Status = status, Json = body });
        static Func<IRoute, Task> Problem(int status, string code, string detail) =>
            Answer(status, new { status, code, detail, traceId = "4bf92f3577b34da6a3ce929d0e0e4736" });
    }

    [Test]
    public async Task Show_ForcedColoursAndTwiceTheSize_NothingIsCut()
    {
        // 200 % of 1440 pixels leaves 720.
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, options: new()
        {
            ForcedColors = ForcedColors.Active,
            ViewportSize = new() { Width = 720, Height = 450 },
            DeviceScaleFactor = 2,
        });
        foreach ((string name, string path, string shown) in Screens()
            .Where(screen => screen.Name is "runs" or "run-live" or "approvals"))
        {
            await page.GoAsync(path);
            await Assertions.Expect(page.Page.Locator(shown).First).ToBeVisibleAsync();
            await page.AssertFitsAsync(name);
            await page.Page.ScreenshotAsync(new() { Path = Path.Combine(Folder, $"{name}-forced.png") });
        }
    }

    [Test]
    public async Task Tree_ByKeyboard_RowsAreReachedClosedAndOpened()
    {
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, $"runs/{_swarm}?tab=tree");
        ILocator rows = page.Page.Locator(".tree [role=row][aria-level]");
        await Assertions.Expect(rows).ToHaveCountAsync(6);
        await rows.First.FocusAsync();
        await page.Page.Keyboard.PressAsync("ArrowLeft");
        await Assertions.Expect(rows).ToHaveCountAsync(1);
        await Assertions.Expect(rows.First).ToHaveAttributeAsync("aria-expanded", "false");
        await page.Page.Keyboard.PressAsync("ArrowRight");
        await Assertions.Expect(rows).ToHaveCountAsync(6);
        await page.Page.Keyboard.PressAsync("ArrowDown");
        await Assertions.Expect(page.Page.Locator(".tree [role=row][aria-level='2'][aria-posinset='1']")).ToBeFocusedAsync();
        page.AssertClean();
    }

    [Test]
    public async Task Tree_ASubAgentWaitsForPeople_TheRowNamesTheTool()
    {
        Server.Script("parts at once", static request => request.Turn switch
        {
            0 => ChatReply.Call("spawn", new { items = new[] { "DEPLOY" }, template = "{item} yours", agent = "lead" }),
            1 => ChatReply.Call("wait", new { }),
            _ => ChatReply.Say("All parts reported."),
        });
        Server.Script("DEPLOY yours", static request => request.Turn == 0
            ? ChatReply.Call("edit_file", new { path = "deploy.yaml", old_text = "replicas: 2", new_text = "replicas: 3" })
            : ChatReply.Say("Done."));
        string run = await Server.SubmitAsync("Bring out all parts at once");
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, $"runs/{run}?tab=tree");
        ILocator below = page.Page.Locator(".tree [aria-level='2']");
        await Assertions.Expect(below).ToContainTextAsync("approval: edit_file");
        await page.Page.ReloadAsync();
        await Assertions.Expect(below).ToContainTextAsync("approval: edit_file");
        page.AssertClean();
    }

    /// <summary>Where the pictures of a screen lie, by the scheme of colours.</summary>
    internal static Func<string, string> Place(string name, int width) =>
        scheme => Path.Combine(Folder, $"{name}-{scheme}-{width}.png");

    private IEnumerable<(string Name, string Path, string Shown)> Screens() =>
    [
        ("runs", "", ".runs .row"), ("start", "start", ".form"), ("approvals", "approvals", ".item"),
        ("approval", $"approvals/{_approval}", ".decide"), ("questions", "questions", ".item"),
        ("inbox", "inbox", ".item"), ("run-live", $"runs/{_audit}", ".feed .turn"),
        ("run-timeline", $"runs/{_audit}?tab=timeline", ".timeline, table"),
        ("run-tree", $"runs/{_swarm}?tab=tree", ".tree .row"),
        ("run-transcript", $"runs/{_audit}?tab=transcript", ".transcript .turn"),
        ("run-budget", $"runs/{_audit}?tab=budget", ".chart"), ("run-audit", $"runs/{_audit}?tab=audit", ".audit-row"),
        ("run-files", $"runs/{_audit}?tab=files", ".empty, table"),
        ("run-shown", $"runs/{_audit}?tab=transcript&shown=2", ".transcript .card"),
        ("run-changes", $"runs/{_audit}?tab=changes", ".panel section.card"), ("agents", "agents", ".agent-card"),
        ("agent", "agents/lead", ".numbers"),
        ("incidents", "incidents", ".item"), ("incident", $"incidents/{_incident}", ".chart"),
        ("monitors", "monitors", ".agent-card"),
        ("monitor", "monitors/shop", ".chart"), ("reviews", "reviews", ".audit-row"), ("usage", "usage", ".numbers"),
        ("policy", "policy", ".rules"),
        ("kill", "kill", "select"), ("life", "life", ".cards table, .cards p"),
    ];

    private static ChatReply Swarm(ChatRequest request) => request.Turn switch
    {
        0 => ChatReply.Call("spawn", new
        {
            items = new[] { "parser", "docs", "tests", "billing", "ledger" },
            template = "Look at the part {item}",
            agent = "worker",
        }) with
        { Text = "I split the work." },
        1 => ChatReply.Call("wait", new { }),
        _ => ChatReply.Say("All parts reported."),
    };

    private static ChatReply Audit(ChatRequest request) => request.Turn switch
    {
        0 => ChatReply.Call("update_plan", new
        {
            items = new[] { "List the tree", "Read the parts", "Merge the parts", "Deploy the report" }
                .Select((text, i) => new { text, done = i < 2 }),
        }) with
        {
            Text = "I plan the audit first, then look at the tree.",
            Usage = new(2_842, 152, 1_400),
        },
        1 => new ChatReply
        {
            Calls =
            [
                ChatReplyCall.Of("list_files", new { }), ChatReplyCall.Of("search_files", new { pattern = "TODO" }),
                ChatReplyCall.Of("read_file", new { path = "access.log" }),
                ChatReplyCall.Of("read_file", new { path = "missing.txt" }),
            ],
            Usage = new(3_180, 120, 2_800),
        },
        2 => ChatReply.Call("write_file", new { path = "report.md", content = "# Report\n\nTwo findings." }) with
        {
            Text = """
                ## What I found

                The tree has **three** parts that matter.

                1. `src/billing` computes totals twice; the second pass is dead code.
                2. `src/ledger` trusts the caller's clock.
                3. Tests cover the happy path only.

                ```csharp
                var total = lines.Sum(line => line.Amount * line.Count);
                ```

                See [the ledger's notes](https://example.com/ledger). Next I write the report and ask for the deployment.
                """,
            Usage = new(4_420, 480, 3_100),
        },
        3 => new ChatReply
        {
            Text = "The report is written. Two things need people.",
            Calls =
            [
                ChatReplyCall.Of("ask_person", new
                {
                    question = "Which region shall the copy live in?", why = "Prices differ; the goal does not say.",
                    form = JsonSerializer.Deserialize<JsonElement>("""
                        {"type":"object","required":["region"],"properties":{
                        "region":{"type":"string","title":"Region",
                        "oneOf":[{"const":"weu","title":"West Europe"},{"const":"neu","title":"North Europe"}]},
                        "keepDays":{"type":"integer","title":"Keep days","minimum":1,"maximum":365,"default":30},
                        "notify":{"type":"boolean","title":"Tell the team"}}}
                        """),
                }),
                ChatReplyCall.Of("edit_file", new { path = "deploy.yaml", old_text = "replicas: 2", new_text = "replicas: 12" }),
            ],
            Usage = new(5_260, 210, 4_400),
        },
        _ => ChatReply.Say("Done: report.md holds the findings."),
    };
}
