using AgentFunctions.TestKit;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>What becomes of a page when the host goes, comes back, or does not know the caller.</summary>
[CancelAfter(3_600_000)]
internal sealed class ConnectionTests : ServedTests
{
    private const string ApiKey = "a-key-of-the-host-that-is-long-enough-0123456789";

    private DashboardServer _guarded = null!;

    [OneTimeSetUp]
    public async Task GuardAsync() => _guarded = await DashboardServer.StartAsync(
        "rules: [{name: asks, when: {tool: edit_file}, then: ask}]", (DashboardServer.Key, ApiKey));

    [OneTimeTearDown]
    public async Task UnguardAsync()
    {
        if (_guarded is not null)
        {
            await _guarded.DisposeAsync();
        }
    }

    [Test]
    public async Task Kill_PageOpen_ItSaysSoAtOnceAndAfterTheRestartNothingIsLostOrDoubled()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Server.Script("SURVIVE", request => request.Turn switch
        {
            0 => ChatReply.Call("list_files", new { }),
            1 => ChatReply.Call("read_file", new { path = "README.md" }),
            _ => ChatReply.Say("It went on where it stood.") with { Before = token => gate.Task.WaitAsync(token) },
        });
        string run = await Server.SubmitAsync("Let it SURVIVE.");
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, $"runs/{run}");
        await Assertions.Expect(page.Page.Locator(".call")).ToHaveCountAsync(2);
        await Assertions.Expect(page.Page.Locator("dd.now")).ToContainTextAsync("turn 3");
        await page.Page.GetByLabel("Say something to the run").FillAsync("half a sentence");

        await Server.KillAsync();
        await Assertions.Expect(page.Page.Locator(".band[data-band=net]")).ToContainTextAsync("Not connected since");
        await Assertions.Expect(page.Button("Send")).ToBeDisabledAsync();
        await Assertions.Expect(page.Button("Pause")).ToBeDisabledAsync();

        gate.SetResult();
        await Server.RestartAsync();
        await Assertions.Expect(page.Page.Locator(".band[data-band=net]")).ToHaveCountAsync(0);
        await Assertions.Expect(page.Page.Locator(".run-title .status")).ToContainTextAsync("Completed");
        await Assertions.Expect(page.Page.Locator(".feed")).ToContainTextAsync("It went on where it stood.");
        await Assertions.Expect(page.Page.Locator(".call")).ToHaveCountAsync(2);
        await Assertions.Expect(page.Page.Locator(".feed .turn-head b", new() { HasTextString = "Turn" })).ToHaveCountAsync(3);
        await Assertions.Expect(page.Button("Send")).ToBeEnabledAsync();
        Assert.That(await page.Page.GetByLabel("Say something to the run").InputValueAsync(), Is.EqualTo("half a sentence"));
        page.AssertClean();
    }

    /// <summary>Scenario 4, where nothing breaks: the host dies without a word.</summary>
    [Test]
    public async Task Silence_OfAStream_ThePageComesBackWithin45Seconds()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Server.Script("QUIET", _ => ChatReply.Say("At last.") with { Before = token => gate.Task.WaitAsync(token) });
        string run = await Server.SubmitAsync("Be QUIET.");
        await Server.StatusAsync(run, "running");
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, null);
        await page.Context.AddInitScriptAsync(StreamScript.For("live=true", isSilent: true));
        await page.Context.AddInitScriptAsync(
            "{ const scripted = window.fetch; window.streams = 0; window.fetch = (input, init) => "
            + "{ window.streams += String(input).includes('live=true') ? 1 : 0; return scripted(input, init); }; }");
        await page.Page.Clock.InstallAsync();
        await page.GoAsync($"runs/{run}");
        await Assertions.Expect(page.Page.Locator(".crumb .live-dot")).ToHaveTextAsync("live");
        Assert.That(await page.Page.EvaluateAsync<int>("() => window.streams"), Is.EqualTo(1));
        await page.Page.Clock.RunForAsync(39_000);
        Assert.That(await page.Page.EvaluateAsync<int>("() => window.streams"), Is.EqualTo(1), "a host may be silent that long");
        await page.Page.Clock.RunForAsync(6_000);
        await Poll.UntilAsync(
            async () =>
            {
                await page.Page.Clock.RunForAsync(100);
                return await page.Page.EvaluateAsync<int>("() => window.streams") > 1;
            },
            TestContext.CurrentContext.CancellationToken);
        gate.SetResult();
        page.AssertClean();
    }

    [Test]
    public async Task StreamEnds_OfItsLifetimeInMidCall_ItGoesOnWithoutALossOrAWord()
    {
        await using DashboardServer server = await DashboardServer.StartAsync(settings: ("Api__StreamLifetime", "00:00:01"));
        var rest = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int chunks = 0;
        server.Script("LASTING", request => request.Turn == 0
            ? ChatReply.Call("list_files", new { })
            : ChatReply.Say("What was said before the stream ended stays, and what is said after it follows without a gap.") with
            {
                BetweenChunks = token => Interlocked.Increment(ref chunks) > 2 ? rest.Task.WaitAsync(token) : Task.CompletedTask,
            });
        await using DashboardPage page = await DashboardPage.OpenAsync(server, null);
        int streams = 0;
        page.Page.Request += (_, request) =>
            Interlocked.Add(ref streams, request.Url.Contains("live=true", StringComparison.Ordinal) ? 1 : 0);
        await page.Context.AddInitScriptAsync(Answers);
        string run = await server.SubmitAsync("Something LASTING.");
        await page.GoAsync($"runs/{run}");
        ILocator live = page.Page.Locator(".live-text");
        await Assertions.Expect(live).ToContainTextAsync("What was said before");
        await page.Page.EvaluateAsync(
            """
            () => {
              window.said = [];
              const live = document.querySelector('.live-text'), dot = document.querySelector('.crumb .live-dot');
              new MutationObserver(() => {
                if (document.querySelector('[data-band=net]')) window.said.push('band');
                if (dot.textContent !== 'live') window.said.push(dot.textContent);
                if (!document.querySelector('.feed').textContent.includes('follows') && !live.textContent.includes('What was said before'))
                  window.said.push('gone');
              }).observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true });
            }
            """);
        int before = Volatile.Read(ref streams);
        await Poll.UntilAsync(() => Task.FromResult(Volatile.Read(ref streams) >= before + 3),
            TestContext.CurrentContext.CancellationToken);
        rest.SetResult();

        await Assertions.Expect(page.Page.Locator(".feed")).ToContainTextAsync("it follows without a gap.");
        await Assertions.Expect(live).ToBeHiddenAsync();
        await Assertions.Expect(page.Page.Locator(".call")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Page.Locator(".feed .turn-head b", new() { HasTextString = "Turn" })).ToHaveCountAsync(2);
        Assert.That(await page.Page.EvaluateAsync<string[]>("() => window.said.filter(word => word !== 'ended')"), Is.Empty,
            string.Join(", ", await page.Page.EvaluateAsync<string[]>("() => window.answers")));
        page.AssertClean();
    }

    [Test]
    public async Task SignIn_KeyIsWrongThenRight_AnotherTabNeedsNoTyping()
    {
        await _guarded.SubmitAsync("Look around.");
        await using DashboardPage page = await DashboardPage.OpenAsync(_guarded);
        IPage early = await page.TabAsync("");
        await Assertions.Expect(early.Locator("dialog.signin")).ToBeVisibleAsync();
        ILocator field = page.Page.GetByLabel("API key");
        await field.FillAsync("wrong");
        await page.AssertAccessibleAsync("sign-in");
        await page.Button("Sign in").ClickAsync();
        await Assertions.Expect(page.Page.GetByText("This key is not known here.")).ToBeVisibleAsync();

        await field.FillAsync(ApiKey);
        await page.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Page.Locator(".runs .row").First).ToBeVisibleAsync();
        await Assertions.Expect(early.Locator(".runs .row").First).ToBeVisibleAsync();
        await Assertions.Expect(early.Locator("dialog")).ToHaveCountAsync(0);
        IPage tab = await page.TabAsync("");
        await Assertions.Expect(tab.Locator(".runs .row").First).ToBeVisibleAsync();
        await Assertions.Expect(tab.Locator("dialog")).ToHaveCountAsync(0);
        Assert.That(page.Page.Url, Does.Not.Contain(ApiKey));
        Assert.That(await page.Page.EvaluateAsync<string>("() => JSON.stringify(localStorage) + document.cookie"),
            Does.Not.Contain(ApiKey));
        page.AssertClean();
    }

    [Test]
    public async Task Withdraw_KeyInMidSession_SignInLiesOverThePageAndTheCommentIsKept()
    {
        _guarded.Script("EDIT", static request => request.Turn == 0
            ? ChatReply.Call("edit_file", new { path = "deploy.yaml", old_text = "replicas: 2", new_text = "replicas: 12" })
            : ChatReply.Say("Done."));
        string run = await _guarded.SubmitAsync("EDIT it.");
        await _guarded.StatusAsync(run, "waiting");
        await using DashboardPage page = await DashboardPage.OpenAsync(_guarded, "approvals");
        await page.Page.GetByLabel("API key").FillAsync(ApiKey);
        await page.Button("Sign in").ClickAsync();
        await page.Page.GetByLabel("Comment, which the model reads").FillAsync("I looked at it twice.");

        // The next requests carry a key that nobody knows any more.
        bool withdrawn = true;
        await page.Context.RouteAsync("**/api/**", async route =>
        {
            Dictionary<string, string> headers = new(route.Request.Headers);
            if (withdrawn && headers.ContainsKey("authorization"))
            {
                headers["authorization"] = "Bearer withdrawn";
            }

            await route.ContinueAsync(new() { Headers = headers });
        });
        await Assertions.Expect(page.Page.Locator("dialog.signin")).ToBeVisibleAsync();
        await Assertions.Expect(page.Page.GetByText("Your key is no longer valid.")).ToBeVisibleAsync();
        withdrawn = false;
        await page.Page.GetByLabel("API key").FillAsync(ApiKey);
        await page.Button("Sign in").ClickAsync();
        await Assertions.Expect(page.Page.Locator("dialog.signin")).ToHaveCountAsync(0);
        Assert.That(await page.Page.GetByLabel("Comment, which the model reads").InputValueAsync(),
            Is.EqualTo("I looked at it twice."));
        page.AssertClean();
    }

    [Test]
    public async Task Open_EightTabs_TheEighthLoadsAndHiddenOnesHoldNoConnection()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Server.Script("MANY",
            request => ChatReply.Say("All tabs have it.") with { Before = token => gate.Task.WaitAsync(token) });
        string run = await Server.SubmitAsync("MANY tabs.");
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, $"runs/{run}");
        var tabs = new List<IPage> { page.Page };
        for (int i = 1; i < 8; i++)
        {
            tabs.Add(await page.TabAsync($"runs/{run}"));
            await Assertions.Expect(tabs[i].Locator("h1")).ToHaveTextAsync("MANY tabs.");
        }

        // At most four of them hold a stream; the others look again every ten seconds and say so.
        await Assertions.Expect(tabs[7].GetByText("every 10 s: other tabs hold the streams")).ToBeVisibleAsync();
        foreach (IPage tab in tabs)
        {
            await DashboardPage.HideAsync(tab, hidden: true);
        }

        await Poll.UntilAsync(async () => await LocksAsync(page.Page) == 0, TestContext.CurrentContext.CancellationToken);
        gate.SetResult();
        await Server.StatusAsync(run, "completed");
        await DashboardPage.HideAsync(tabs[7], hidden: false);
        await Assertions.Expect(tabs[7].Locator(".feed")).ToContainTextAsync("All tabs have it.");
        page.AssertClean();
    }

    /// <summary>Keeps how each stream began and ended, to say so if something is wrong.</summary>
    private const string Answers = """
        (() => {
          const real = window.fetch;
          window.answers = [];
          window.fetch = async (input, init) => {
            if (!String(input).includes('live=true')) return real(input, init);
            try {
              const answer = await real(input, init), [one, other] = answer.body?.tee() ?? [null, null];
              new Response(other).text().then(text => window.answers.push(`${answer.status} ${text.slice(-160)}`),
                error => window.answers.push(`${answer.status} ${error}`));
              return new Response(one, { status: answer.status, headers: answer.headers });
            } catch (error) {
              window.answers.push(String(error));
              throw error;
            }
          };
        })();
        """;

    private static Task<int> LocksAsync(IPage page) =>
        page.EvaluateAsync<int>("async () => (await navigator.locks.query()).held.length");
}
