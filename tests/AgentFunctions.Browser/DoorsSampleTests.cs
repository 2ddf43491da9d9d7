using System.Text.Json;
using AgentFunctions.EndToEnd;
using AgentFunctions.TestKit;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>
/// The sample with all doors, as a process of its own: its page in a real browser, and each door by a client of its protocol.
/// </summary>
[CancelAfter(600_000)]
internal sealed class DoorsSampleTests
{
    private ProgramProcess _sample = null!;
    private Uri _url = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _sample = ProgramProcess.StartSample("Doors", [], "--urls", "http://127.0.0.1:0");
        _url = await _sample.ListeningAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _sample.DisposeAsync();

    [Test]
    public async Task Page_AsksThePersonAndShowsTheAnswer()
    {
        await using IBrowserContext context = await Chromium.NewContextAsync();
        IPage page = await context.NewPageAsync();
        await page.GotoAsync(new Uri(_url, "/page").ToString());
        await Axe.AssertAsync(page, "before a question");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await page.GetByLabel("The guide asks in which city you are.").FillAsync("Bern");
        await page.GetByRole(AriaRole.Button, new() { Name = "Tell it" }).ClickAsync();

        await Assertions.Expect(page.GetByText("In Bern: 10 to 18.")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Send" })).ToBeEnabledAsync();
        await page.ScreenshotAsync(new() { Path = Path.Combine(ScreensTests.Folder, "doors-sample.png"), FullPage = true });
        await Axe.AssertAsync(page, "after the answer");
        Assert.That(await page.GetByText("calls").AllInnerTextsAsync(),
            Is.EqualTo(new[] { "calls get_location", "calls opening_hours" }));
    }

    [Test]
    public async Task Doors_ByTheClientsOfTheirProtocols_AnswerTheSame(CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = _url };
        JsonElement called = await McpMessage.SendAsync(
            http, "tools/call", "guide", new { name = "guide", arguments = new { goal = "When do museums open?" } },
            cancellationToken);
        (string? output, string? reason) = await NodeServers.RunClientAsync("sample.mjs", [_url.ToString()], cancellationToken);
        if (output is null)
        {
            Assert.That(Environment.GetEnvironmentVariable("CI"), Is.Null, reason);
            Assert.Ignore($"No clients (.ci/packages installs them): {reason}");
        }

        Assert.That(called.GetProperty("result").GetProperty("content")[0].GetProperty("text").GetString(),
            Does.Contain("In Bern: 10 to 18."));
        foreach (JsonProperty door in JsonElement.Parse(output!).EnumerateObject())
        {
            Assert.That(door.Value.GetString(), Does.Contain("In Bern: 10 to 18."), door.Name);
        }
    }
}
