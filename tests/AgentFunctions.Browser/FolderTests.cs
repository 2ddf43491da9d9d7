using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.TestKit;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>What a run changed in its folder, and the way back.</summary>
[CancelAfter(3_600_000)]
internal sealed class FolderTests : ServedTests
{
    [Test]
    public async Task GoBack_ToAnEarlierTurnAndForthAgain_TheFileFollows()
    {
        Server.Script("WRITER", static request => request.Turn switch
        {
            0 => ChatReply.Call("write_file", new { path = "plan.md", content = "first" }),
            1 => ChatReply.Call("write_file", new { path = "plan.md", content = "second" }),
            _ => ChatReply.Say("Written twice."),
        });
        string run = await Server.SubmitAsync("Be a WRITER.");
        await Server.StatusAsync(run, "completed");
        string file = Path.Combine(Server.Workspace, "plan.md");
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, $"runs/{run}?tab=changes");
        ILocator turns = page.Page.Locator(".panel section.card");
        await Assertions.Expect(turns).ToHaveCountAsync(2);
        await page.AssertFitsAsync("changes");
        await page.AssertAccessibleAsync("changes");

        await turns.Nth(1).Locator("summary").ClickAsync();
        await Assertions.Expect(turns.Nth(1).Locator(".lines del")).ToHaveTextAsync("- first");
        await Assertions.Expect(turns.Nth(1).Locator(".lines ins")).ToHaveTextAsync("+ second");
        IDownload download = await page.Page.RunAndWaitForDownloadAsync(
            () => turns.Nth(1).GetByRole(AriaRole.Button, new() { Name = "Download before" }).ClickAsync());
        Assert.That(await File.ReadAllTextAsync(await download.PathAsync()), Is.EqualTo("first"));
        await page.AssertAccessibleAsync("lines of a change");

        await GoBackAsync(page, turns.Nth(0), "Go back to here");
        await Assertions.Expect(turns).ToHaveCountAsync(3);
        Assert.That(await File.ReadAllTextAsync(file), Is.EqualTo("first"));

        // The restore is undone by going to the later turn.
        await GoBackAsync(page, page.Page.Locator("section[aria-label='Turn 2']"), "Go back to here");
        await Assertions.Expect(turns).ToHaveCountAsync(4);
        Assert.That(await File.ReadAllTextAsync(file), Is.EqualTo("second"));
        page.AssertClean();
    }

    [Test]
    public async Task Fork_FromATurn_ANewRunGoesOnAndNamesItsOrigin()
    {
        Server.Script("ORIGIN", static request => ChatReply.Say(
            request.Last("user").Contains("another way", StringComparison.Ordinal) ? "The other way." : "One way."));
        string run = await Server.SubmitAsync("Find the ORIGIN.");
        await Server.StatusAsync(run, "completed");
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, $"runs/{run}?tab=transcript");
        await page.Button("Fork from here").First.ClickAsync();
        await page.Page.Locator("dialog").GetByLabel("Say to it (optional)").FillAsync("Try another way.");
        await page.Page.Locator("dialog").GetByRole(AriaRole.Button, new() { Name = "Fork" }).ClickAsync();

        await Assertions.Expect(page.Page.Locator(".crumb")).ToContainTextAsync("at turn 1");
        await Assertions.Expect(page.Page.Locator(".feed")).ToContainTextAsync("The other way.");
        page.AssertClean();
    }

    [Test]
    public async Task GoBack_OfOneOfTwoSubAgentsOfAFile_TheConflictIsPutToAPersonAndTheAnswerIsCarriedOut()
    {
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Server.Script("Split the TALE", static request => request.Turn switch
        {
            0 => ChatReply.Call("spawn",
                new { items = new[] { "EARLY", "LATE" }, template = "Write the {item} part", agent = "worker" }),
            1 => ChatReply.Call("wait", new { }),
            _ => ChatReply.Say("Both wrote."),
        });
        Server.Script("Write the EARLY part", request =>
        {
            if (request.Turn > 0)
            {
                first.TrySetResult();
            }

            return request.Turn == 0
                ? ChatReply.Call("write_file", new { path = "tale.md", content = "early" })
                : ChatReply.Say("Written.");
        });
        Server.Script("Write the LATE part", request => request.Turn == 0
            ? ChatReply.Call("write_file",
                new { path = "tale.md", content = "late" }) with
            { Before = token => first.Task.WaitAsync(token) }
            : ChatReply.Say("Written over."));
        string run = await Server.SubmitAsync("Split the TALE.");
        await Server.StatusAsync(run, "completed");
        JsonElement nodes = await Server.Http.GetFromJsonAsync<JsonElement>($"/api/runs/{run}/nodes");
        string early = nodes.GetProperty("nodes").EnumerateArray()
            .Single(static node => node.GetProperty("goal").GetString()!.Contains("EARLY", StringComparison.Ordinal))
            .GetProperty("id").GetString()!;
        string file = Path.Combine(Server.Workspace, "tale.md");
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, $"runs/{early}?tab=changes");

        await page.Button("Before it").ClickAsync();
        ILocator dialog = page.Page.Locator("dialog");
        await Assertions.Expect(dialog).ToContainTextAsync("Changed by others since: 1 file");
        await page.AssertAccessibleAsync("a conflict");
        await page.AssertFitsAsync("a conflict");
        await dialog.GetByLabel("What becomes of tale.md").SelectOptionAsync("ask");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Go back" }).ClickAsync();
        await page.Page.GetByRole(AriaRole.Link, new() { Name = "Look" }).ClickAsync();
        Assert.That(await File.ReadAllTextAsync(file), Is.EqualTo("late"), "nothing is done until somebody says so");

        await Assertions.Expect(page.Page.Locator(".detail")).ToContainTextAsync("tale.md");
        await page.Page.ScreenshotAsync(new()
        {
            Path = Path.Combine(TestContext.CurrentContext.WorkDirectory, "TestResults",
            "screens", "conflict.png")
        });
        await page.Page.GetByLabel("Bring the earlier state back", new() { Exact = false }).CheckAsync();
        await Assertions.Expect(page.Page.Locator(".decide:not([data-asleep])")).ToBeVisibleAsync();
        await page.Button("Answer").ClickAsync();
        await Poll.UntilAsync(() => Task.FromResult(!File.Exists(file)), TestContext.CurrentContext.CancellationToken);
        page.AssertClean();
    }

    private static async Task GoBackAsync(DashboardPage page, ILocator turn, string button)
    {
        await turn.GetByRole(AriaRole.Button, new() { Name = button }).ClickAsync();
        ILocator dialog = page.Page.Locator("dialog");
        await Assertions.Expect(dialog).ToContainTextAsync("To be restored: 1 file");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Go back" }).ClickAsync();
        await Assertions.Expect(dialog).ToHaveCountAsync(0);
    }
}
