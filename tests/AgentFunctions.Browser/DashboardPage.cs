using System.Collections.Concurrent;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>A page of the dashboard in a context of its own, which hears of all that must not happen.</summary>
internal sealed class DashboardPage : IAsyncDisposable
{
    private static readonly AxeRunOptions Rules = new()
    {
        RunOnly = new RunOnlyOptions { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"] },
    };

    private readonly ConcurrentQueue<string> _faults = new();
    private readonly IBrowserContext _context;
    private readonly Uri _root;

    private DashboardPage(IBrowserContext context, IPage page, Uri root)
    {
        _context = context;
        _root = root;
        Page = page;
        Hear(page);
        context.Request += (_, request) =>
        {
            if (new Uri(request.Url) is { Scheme: "http" or "https" } asked && asked.Authority != root.Authority)
            {
                _faults.Enqueue($"asked elsewhere: {request.Url}");
            }
        };
    }

    public IPage Page { get; }

    public IBrowserContext Context => _context;

    public static async Task<DashboardPage> OpenAsync(DashboardServer server, string path = "", BrowserNewContextOptions? options = null)
    {
        IBrowserContext context = await Chromium.NewContextAsync(options);
        var page = new DashboardPage(context, await context.NewPageAsync(), server.Url);
        await page.GoAsync(path);
        return page;
    }

    public Task GoAsync(string path) => Page.GotoAsync(new Uri(_root, $"dashboard/{path}").ToString());

    public ILocator Button(string name, bool exact = true) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = exact });

    public ILocator Heading(string name) => Page.GetByRole(AriaRole.Heading, new() { Name = name, Exact = true });

    /// <summary>No script failed, nothing was refused by the policy of content, nothing was asked of another host.</summary>
    public void AssertClean() => Assert.That(_faults, Is.Empty);

    /// <summary>axe finds nothing, with no rule left out.</summary>
    public async Task AssertAccessibleAsync(string what)
    {
        AxeResult result = await Page.RunAxe(Rules);
        Assert.That(
            result.Violations.Select(fault => $"{what}: {fault.Id}: {string.Join("; ", fault.Nodes.Take(3).Select(node => node.Html))}"), Is.Empty);
    }

    /// <summary>Nothing is wider than the window.</summary>
    public async Task AssertFitsAsync(string what) => Assert.That(
        await Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - window.innerWidth"), Is.LessThanOrEqualTo(0), what);

    public ValueTask DisposeAsync() => _context.DisposeAsync();

    /// <summary>Another tab of the same person.</summary>
    public async Task<IPage> TabAsync(string path)
    {
        IPage tab = await _context.NewPageAsync();
        Hear(tab);
        await tab.GotoAsync(new Uri(_root, $"dashboard/{path}").ToString());
        return tab;
    }

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
