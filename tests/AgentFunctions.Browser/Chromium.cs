using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>One Chromium for each worker of the tests; each page is in a context of its own.</summary>
[SetUpFixture]
internal sealed class Chromium
{
    /// <summary>
    /// How long a page may take says nothing about the page: machines differ. Less, in milliseconds, is for work on a test.
    /// </summary>
    public static readonly float Patience = float.Parse(
        Environment.GetEnvironmentVariable("AGENTFUNCTIONS_PATIENCE") ?? "300000", CultureInfo.InvariantCulture);

    private static readonly string[] Places =
        ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome",
            "/Applications/Chromium.app/Contents/MacOS/Chromium"];

    // A driver serves one thread at a time.
    private static readonly ConcurrentDictionary<string, Lazy<Task<(IPlaywright Driver, IBrowser Browser)>>> Workers = new();

    private static string? place;

    public static async Task<IBrowserContext> NewContextAsync(BrowserNewContextOptions? options = null)
    {
        (_, IBrowser browser) = await Workers.GetOrAdd(
            TestContext.CurrentContext.WorkerId ?? "", static _ => new(LaunchAsync)).Value;
        IBrowserContext context = await browser.NewContextAsync(options ?? new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = 1440, Height = 900 },
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout(Patience);
        return context;
    }

    [OneTimeSetUp]
    public void Find()
    {
        place = Environment.GetEnvironmentVariable("CHROMIUM") ?? Array.Find(Places, File.Exists);
        if (string.IsNullOrEmpty(place))
        {
            if (Environment.GetEnvironmentVariable("CI") is { Length: > 0 })
            {
                Assert.Fail("There is no Chromium; CI installs it.");
            }

            Assert.Ignore("There is no Chromium. Install it (apt-get install chromium), or name it in the variable CHROMIUM.");
        }

        Assertions.SetDefaultExpectTimeout(Patience);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        foreach (Lazy<Task<(IPlaywright Driver, IBrowser Browser)>> worker in Workers.Values)
        {
            (IPlaywright driver, IBrowser browser) = await worker.Value;
            await browser.DisposeAsync();
            driver.Dispose();
        }
    }

    private static async Task<(IPlaywright Driver, IBrowser Browser)> LaunchAsync()
    {
        IPlaywright driver = await Playwright.CreateAsync();
        return (driver, await driver.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = place,
            Args = ["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none"],
        }));
    }
}
