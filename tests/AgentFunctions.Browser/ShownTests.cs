using AgentFunctions.TestKit;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>What the model was shown at a turn.</summary>
[CancelAfter(3_600_000)]
internal sealed class ShownTests : ServedTests
{
    private string _short = "";

    [OneTimeSetUp]
    public async Task RunAsync()
    {
        Server.Script("SHOWN",
            static request => request.Turn == 0 ? ChatReply.Call("list_files", new { }) : ChatReply.Say("I listed them."));
        _short = await Server.SubmitAsync("Say what you were SHOWN.");
        await Server.StatusAsync(_short, "completed");
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
}
