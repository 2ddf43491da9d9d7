using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.Tests.AspNetCore.Runs;

[CancelAfter(300_000)]
internal sealed class TranscriptApiTests
{
    private const string Secret = "72616162626364";

    [Test]
    public async Task Transcript_ArgumentsWithASecretAsNameOrNumber_ShowsTheMask(CancellationToken cancellationToken)
    {
        AgentTool note = AgentTool.Create("note", "Notes.", ToolEffect.None, static () => "noted");
        await using ApiHost host = await ApiHost.StartAsync(
            static request => request.Turn == 0
                ? ChatReply.Call("note",
                    new Dictionary<string, object> { [Secret] = 1, ["number"] = long.Parse(Secret, null), ["text"] = Secret })
                : ChatReply.Say("done"),
            [note],
            static builder => builder.Configuration.AddInMemoryCollection([new("Secrets:db", Secret)]));
        using HttpResponseMessage posted = await host.Client.PostAsJsonAsync("/api/runs", new { goal = "note it" },
            cancellationToken);
        string run = (await posted.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;
        await host.Get<RunReader>().WaitForEndAsync(run, cancellationToken);

        string shown = await host.Client.GetStringAsync(new Uri($"/api/runs/{run}/transcript", UriKind.Relative),
            cancellationToken);

        Assert.That(shown, Does.Contain("\"[secret:Secrets.db]\":1").And.Contain("\"number\":\"[secret:Secrets.db]\"").And.Not.Contain(Secret));
    }
}
