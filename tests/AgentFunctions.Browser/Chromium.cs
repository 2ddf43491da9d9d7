using System.Globalization;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>One Chromium for all tests, each in a context of its own.</summary>
[SetUpFixture]
internal sealed class Chromium
{
    /// <summary>
    /// How long a page may take says nothing about the page: machines differ. Less, in milliseconds, is for work on a test.
    /// </summary>
    public static readonly float Patience = float.Parse(
        Environment.GetEnvironmentVariable("AGENTFUNCTIONS_PATIENCE") ?? "300000", CultureInfo.InvariantCulture);

    private static readonly string[] Places =
        ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"];

    private static IPlaywright? driver;
    private static IBrowser? browser;

    public static async Task<IBrowserContext> NewContextAsync(BrowserNewContextOptions? options = null)
    {
        IBrowserContext context = await browser!.NewContextAsync(options ?? new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = 1440, Height = 900 },
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout(Patience);
        return context;
    }

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        string? place = Environment.GetEnvironmentVariable("CHROMIUM") ?? Array.Find(Places, File.Exists);
        if (place is null)
        {
            if (Environment.GetEnvironmentVariable("CI") is { Length: > 0 })
            {
                Assert.Fail("There is no Chromium; CI installs it.");
            }

            Assert.Ignore("There is no Chromium. Install it (apt-get install chromium), or name it in the variable CHROMIUM.");
        }

        Assertions.SetDefaultExpectTimeout(Patience);
        driver = await Playwright.CreateAsync();
        browser = await driver.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = place,
            Args = ["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none"],
        });
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (browser is not null)
        {
            await browser.DisposeAsync();
        }

        driver?.Dispose();
    }
}
