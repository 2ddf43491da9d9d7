using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AspNetCore.Runs;

[CancelAfter(300_000)]
internal sealed class KeptFileApiTests
{
    [Test]
    public async Task Content_ByItsHash_IsDownloadedWithATicketByWhoSeesTheRun()
    {
        using var folder = new TemporaryFolder();
        await using ApiHost host = await ApiHost.StartAsync(
            static request => request.Body.GetRawText().Contains("Write it", StringComparison.Ordinal) && request.Turn < 2
                ? ChatReply.Call("write_file", new { path = "notes/a.txt", content = request.Turn == 0 ? "one" : "two" })
                : ChatReply.Say("done"),
            configure: builder =>
            {
                builder.Services.AddOptions<RunOptions>().Configure(options => options.WorkspaceRoot = folder.Path);
                builder.Services.AddWorkspaceTools();
            });
        string run = await host.SubmitAsync(new { goal = "Write it" });
        await host.WaitAsync(run);
        string other = await host.SubmitAsync(new { goal = "Do nothing" });
        await host.WaitAsync(other);
        JsonElement log = await host.Client.GetFromJsonAsync<JsonElement>($"/api/runs/{run}/changes");
        JsonElement[] changes =
            [.. log.GetProperty("entries").EnumerateArray()
                .SelectMany(static entry => entry.GetProperty("changes").EnumerateArray())];
        string before = changes.Last().GetProperty("before").GetProperty("sha256").GetString()!;
        string path = $"/api/runs/{run}/files/{before}";

        using HttpResponseMessage ticket = await host.Client.PostAsJsonAsync("/api/tickets", new { path });
        string url = (await ticket.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("url").GetString()!;
        using HttpResponseMessage kept = await host.Client.GetAsync(url);
        using HttpResponseMessage foreign = await host.Client.GetAsync($"/api/runs/{other}/files/{before}");
        using HttpResponseMessage none = await host.Client.GetAsync($"/api/runs/{run}/files/{new string('0', 64)}");

        Assert.That((kept.StatusCode, await kept.Content.ReadAsStringAsync()), Is.EqualTo((HttpStatusCode.OK, "one")));
        Assert.That(
            (kept.Content.Headers.ContentDisposition!.DispositionType, kept.Content.Headers.ContentDisposition.FileName),
            Is.EqualTo(("attachment", "a.txt")));
        Assert.That(kept.Headers.GetValues("Content-Security-Policy").Single(), Is.EqualTo("default-src 'none'; sandbox"));
        Assert.That(
            (foreign.StatusCode, none.StatusCode),
            Is.EqualTo((HttpStatusCode.NotFound, HttpStatusCode.NotFound)),
            "a content is shown only through a folder that had it");
    }
}
