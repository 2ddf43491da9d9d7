using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>A page of the dashboard in a context of its own, which hears of all that must not happen.</summary>
internal sealed class DashboardPage : IAsyncDisposable
{
    // A null or a number that stands for "there is none", beside elements that say something.
    private const string Stray = """
        () => [...document.querySelectorAll('main *')].flatMap(element => [...element.childNodes].filter(node => node.nodeType === 3
          && (/^(null|undefined|NaN|\[object .*)$/.test(node.data.trim()) || node.data.trim() === '0' && element.childElementCount > 0
            && element.matches('.screen, .screen > *, .card, .body, .cards, .two, .two > *, dd, .chips'))))
          .map(node => `${node.parentElement.className}: ${node.data}`)
        """;

    private readonly ConcurrentQueue<string> _faults = new();
    private readonly IBrowserContext _context;
    private readonly Uri _root;
    private readonly HashSet<string> _known;

    private DashboardPage(IBrowserContext context, IPage page, Uri root)
    {
        _known = [root.Authority];
        _context = context;
        _root = root;
        Page = page;
        Hear(page);
        context.Request += (_, request) =>
        {
            if (new Uri(request.Url) is { Scheme: "http" or "https" } asked && !_known.Contains(asked.Authority))
            {
                _faults.Enqueue($"asked elsewhere: {request.Url}");
            }
        };
    }

    public IPage Page { get; }

    public IBrowserContext Context => _context;

    public static Task<DashboardPage> OpenAsync(DashboardServer server, string? path = "",
        BrowserNewContextOptions? options = null) =>
        OpenAsync(server.Url, path, options);

    public static async Task<DashboardPage> OpenAsync(Uri root, string? path = "", BrowserNewContextOptions? options = null)
    {
        IBrowserContext context = await Chromium.NewContextAsync(options);
        var page = new DashboardPage(context, await context.NewPageAsync(), root);
        if (path is not null)
        {
            await page.GoAsync(path);
        }

        return page;
    }

    /// <summary>Another host that the page may speak to.</summary>
    public void Allow(string address) => _known.Add(new Uri(address).Authority);

    /// <summary>Signs in with a key, as a person does.</summary>
    public async Task SignInAsync(string key)
    {
        await Page.GetByLabel("API key").FillAsync(key);
        await Button("Sign in").ClickAsync();
        await Assertions.Expect(Page.Locator("dialog.signin")).ToHaveCountAsync(0);
    }

    public Task GoAsync(string path) => Page.GotoAsync(new Uri(_root, $"dashboard/{path}").ToString());

    public ILocator Button(string name, bool exact = true) =>
        Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = exact });

    public ILocator Heading(string name) => Page.GetByRole(AriaRole.Heading, new() { Name = name, Exact = true });

    /// <summary>No script failed, nothing was refused by the policy of content, nothing was asked of another host.</summary>
    public void AssertClean() => Assert.That(_faults, Is.Empty);

    /// <summary>axe finds nothing, with no rule left out.</summary>
    public Task AssertAccessibleAsync(string what) => Axe.AssertAsync(Page, what);

    /// <summary>
    /// axe finds nothing in light nor in dark, between which only colours differ; a picture of each is taken if it has a place.
    /// </summary>
    public async Task AssertAccessibleInBothAsync(string what, Func<string, string>? place = null)
    {
        foreach (ColorScheme scheme in new[] { ColorScheme.Dark, ColorScheme.Light })
        {
            await Page.EmulateMediaAsync(new() { ColorScheme = scheme });
            await Axe.AssertAsync(Page, $"{what}, {scheme}", coloursAlone: scheme == ColorScheme.Dark);
            if (place is not null)
            {
                await Page.ScreenshotAsync(new() { Path = place(scheme.ToString().ToLowerInvariant()) });
            }
        }
    }

    /// <summary>What lives on the page, in bytes: the least of three looks after the collector ran.</summary>
    public async Task<double> HeapAsync(string what)
    {
        ICDPSession devTools = await _context.NewCDPSessionAsync(Page);
        await devTools.SendAsync("Performance.enable");
        double least = double.MaxValue;
        for (int i = 0; i < 3; i++)
        {
            await devTools.SendAsync("HeapProfiler.collectGarbage");
            JsonElement? metrics = await devTools.SendAsync("Performance.getMetrics");
            least = Math.Min(least, metrics!.Value.GetProperty("metrics").EnumerateArray()
                .First(static metric => metric.GetProperty("name").GetString() == "JSHeapUsedSize").GetProperty("value")
                .GetDouble());
        }

        await devTools.DetachAsync();
        TestContext.Out.WriteLine($"heap, {what}: {least / 1e6:0.0} MB");
        return least;
    }

    /// <summary>All that lives on the page, its strings included, as the browser tells of it.</summary>
    public async Task<string> HeapTextAsync()
    {
        ICDPSession devTools = await _context.NewCDPSessionAsync(Page);
        var told = new System.Text.StringBuilder();
        ICDPSessionEvent chunks = devTools.Event("HeapProfiler.addHeapSnapshotChunk");
        chunks.OnEvent += (_, said) => told.Append(said!.Value.GetProperty("chunk").GetString());
        await devTools.SendAsync("HeapProfiler.takeHeapSnapshot", new() { ["reportProgress"] = false });
        await devTools.DetachAsync();
        return told.ToString();
    }

    /// <summary>Nothing is wider than the window, and nothing says what only a program would.</summary>
    public async Task AssertFitsAsync(string what)
    {
        Assert.That(
            await Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - window.innerWidth"),
            Is.LessThanOrEqualTo(0), what);
        Assert.That(await Page.EvaluateAsync<string[]>(Stray), Is.Empty, what);
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();

    /// <summary>Another tab of the same person.</summary>
    public async Task<IPage> TabAsync(string path)
    {
        IPage tab = await _context.NewPageAsync();
        Hear(tab);
        await tab.GotoAsync(new Uri(_root, $"dashboard/{path}").ToString());
        return tab;
    }

    /// <summary>Makes a tab believe that it is not in view, or is again.</summary>
    public static Task HideAsync(IPage page, bool hidden) => page.EvaluateAsync(
        """
        hidden => {
          Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
          document.dispatchEvent(new Event('visibilitychange'));
        }
        """, hidden);

    private void Hear(IPage page)
    {
        page.PageError += (_, error) => _faults.Enqueue($"script: {error}");
        page.Console += (_, message) =>
        {
            // An answer that is an error is the page's business, and so is a host that is not there.
            if (message.Type is "error" && !message.Text.Contains("Failed to load resource", StringComparison.Ordinal)
                && !message.Text.Contains("net::ERR", StringComparison.Ordinal))
            {
                _faults.Enqueue($"console: {message.Text}");
            }
        };
    }
}
