using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.EndToEnd.Api;
using AgentFunctions.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.EndToEnd.Cli;

/// <summary>The folder of a run over the API and by the program: changes, contents, and the way back.</summary>
[CancelAfter(300_000)]
internal sealed class FolderCommandTests
{
    [Test]
    public async Task Folder_OfARunOfAServer_IsShownAndGoesBack(CancellationToken cancellationToken)
    {
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(static request => request.Turn switch
        {
            0 => ChatReply.Call("write_file", new { path = "notes/a.txt", content = "one\n" }),
            1 => ChatReply.Call("write_file", new { path = "notes/a.txt", content = "two\n" }),
            _ => ChatReply.Say("done"),
        });
        await using ApiHost host = await ApiHost.StartAsync(
            model, build: static app => app.Services.AddAgent(Agent.Create("writer").WithInstructions("Write.")
                .WithTools("write_file")));
        string id = await RunAsync(host.Http, cancellationToken);
        string server = host.Http.BaseAddress!.ToString();

        using HttpResponseMessage bad = await host.Http.PostAsJsonAsync(
            $"/api/runs/{id}/workspace/restore", new { turn = 1, resolve = new Dictionary<string, string> { ["a"] = "throw" } },
            cancellationToken);
        Assert.That(bad.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(await bad.Content.ReadAsStringAsync(cancellationToken), Does.Contain("resolve: "));

        Assert.That(
            await Run("changes", id), Does.Contain("turn 1 call").And.Contain("+ notes/a.txt").And.Contain("~ notes/a.txt"));
        Assert.That(await Run("files", id, "notes/a.txt", "--turn", "1"), Is.EqualTo("one\n"));
        Assert.That(
            await Run("restore", id, "--turn", "1", "--merge", "*"), Does.Contain("restored 1 to turn 1, 0 kept, 0 left"));
        Assert.That(
            await Run("rewind", id, "--turn", "0", "--message", "Once more."),
            Does.Contain("goes on").And.Contain("- notes/a.txt"));

        async Task<string> Run(params string[] arguments)
        {
            (int exitCode, string output, string errors) = await ProgramProcess.RunAsync(
                null, Path.GetTempPath(), [.. arguments, "--server", server]);
            Assert.That(exitCode, Is.Zero, errors);
            return output;
        }
    }

    private static async Task<string> RunAsync(HttpClient http, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/agents/writer/runs")
        {
            Content = JsonContent.Create(new { goal = "Write." }),
        };
        request.Headers.Add("Prefer", "wait=60");
        using HttpResponseMessage answer = await http.SendAsync(request, cancellationToken);
        JsonElement run = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        Assert.That(run.GetProperty("status").GetString(), Is.EqualTo("completed"), run.GetRawText());
        return run.GetProperty("id").GetString()!;
    }
}
