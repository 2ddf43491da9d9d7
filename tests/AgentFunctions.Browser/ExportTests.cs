using AgentFunctions.EndToEnd;
using AgentFunctions.TestKit;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>A run that is taken along as a file, and looked at where its host is not.</summary>
[CancelAfter(3_600_000)]
internal sealed class ExportTests : ServedTests
{
    private static readonly (string Tab, string Shown)[] s_tabs =
    [
        ("live", ".feed"), ("tree", ".tree [role=rowgroup] >> nth=1"), ("transcript", ".transcript"),
        ("timeline&as=table", ".panel table"),
        ("changes", ".panel"), ("budget", ".panel"), ("audit", ".panel .card"),
    ];

    [Test]
    public async Task Export_FromThePage_InspectShowsTheSameAndChangesNothing()
    {
        Server.Script("Take the tree", static request => request.Turn switch
        {
            0 => ChatReply.Call("spawn",
                new
                {
                    items = new[] { "parser", "docs" },
                    template = "Look at the part {item}",
                    agent = "worker"
                }) with
            { Text = "I split the work." },
            1 => ChatReply.Call("wait", new { }),
            2 => ChatReply.Call("write_file", new { path = "report.md", content = "# Report\n\nTwo findings." }),
            _ => ChatReply.Say("All parts reported, and the report is **written**."),
        });
        string run = await Server.SubmitAsync("Take the tree apart and write a report.", labels: new { team = "payments" });
        await Server.StatusAsync(run, "completed");
        await using DashboardPage page = await DashboardPage.OpenAsync(Server, $"runs/{run}");
        await page.Button("More actions").ClickAsync();
        IDownload download = await page.Page.RunAndWaitForDownloadAsync(() => page.Button("Export").ClickAsync());
        Assert.That(download.SuggestedFilename, Is.EqualTo($"{run}.afrun"));
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "run.afrun");
        await download.SaveAsAsync(file);
        var before = new Dictionary<string, string>();
        foreach ((string tab, string shown) in s_tabs)
        {
            before[tab] = await TextAsync(page, run, tab, shown);
        }

        // A request to the host that it comes from would be a fault of the page.
        await using ProgramProcess program = ProgramProcess.Start([], "inspect", file);
        Uri url = await program.ListeningAsync();
        await using DashboardPage inspected = await DashboardPage.OpenAsync(url, $"runs/{run}");
        await Assertions.Expect(inspected.Page.Locator("[data-band=export]")).ToContainTextAsync("Nothing can be changed here");
        foreach ((string tab, string shown) in s_tabs)
        {
            await inspected.GoAsync($"runs/{run}?tab={tab}");
            await Poll.UntilAsync(
                async () => await ReadAsync(inspected, shown) == before[tab], TestContext.CurrentContext.CancellationToken, tab);
        }

        await inspected.GoAsync($"runs/{run}");
        await Assertions.Expect(inspected.Button("Message")).ToHaveAttributeAsync("aria-disabled", "true");
        await Assertions.Expect(inspected.Page.Locator(".say")).ToHaveCountAsync(0);
        await inspected.AssertFitsAsync("exported run");
        await inspected.AssertAccessibleInBothAsync("exported run", ScreensTests.Place("exported", 1280));
        if (Pictures.AreTaken)
        {
            await Pictures.TakeAsync(inspected.Page, "exported");
        }

        await inspected.GoAsync("");
        await Assertions.Expect(inspected.Page.Locator(".runs .row")).ToHaveCountAsync(1);
        Assert.That((await inspected.Page.APIRequest.PostAsync(new Uri(url, $"api/runs/{run}/cancel").ToString())).Status,
            Is.EqualTo(403));
        inspected.AssertClean();
    }

    private static async Task<string> TextAsync(DashboardPage page, string run, string tab, string shown)
    {
        await page.GoAsync($"runs/{run}?tab={tab}");
        await page.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        string text = await ReadAsync(page, shown);
        Assert.That(text, Has.Length.GreaterThan(40), tab);
        return text;
    }

    /// <summary>
    /// What a part of the page says, but for ages, which differ between two looks, and for the place of an audit entry in the log
    /// of its host.
    /// </summary>
    private static Task<string> ReadAsync(DashboardPage page, string shown) =>
        page.Page.Locator(shown).First.EvaluateAsync<string>(
        """
        element => {
          const copy = element.cloneNode(true);
          copy.querySelectorAll('.age, .audit-row .facts').forEach(part => part.remove());
          return copy.textContent;
        }
        """);
}
