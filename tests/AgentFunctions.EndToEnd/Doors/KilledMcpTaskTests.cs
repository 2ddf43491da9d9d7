using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.EndToEnd.Crash;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Doors;

/// <summary>A task of MCP whose host is killed with SIGKILL while it works, and whose client repeats its call after each restart.</summary>
/// <remarks>The long form kills more often: set <c>AGENTFUNCTIONS_KILLS</c>.</remarks>
[CancelAfter(3_600_000)]
internal sealed class KilledMcpTaskTests
{
    private const int Answers = 3;

    private static readonly int Kills = KilledProgram.Kills(4);
    private static readonly int Turns = (Kills * Answers) + 3;

    [Test]
    public async Task Task_OfAHostThatIsKilled_IsOneRunWhoseEffectsHappenOnce(CancellationToken cancellationToken)
    {
        string folder = Directory.CreateTempSubdirectory("agentfunctions-").FullName;
        string workspace = Directory.CreateDirectory(Path.Combine(folder, "workspace")).FullName;
        Directory.CreateDirectory(Path.Combine(folder, "agents"));
        await File.WriteAllTextAsync(Path.Combine(workspace, "log.txt"), "begin\nEND\n", cancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(folder, "agents", "scribe.md"), $"---\nname: scribe\ndescription: Writes a log.\nmaxTurns: {2 * Turns}\n---\nKeep the log.\n", cancellationToken);
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(static request => request.Turn < Turns
            ? ChatReply.Call("edit_file", new { path = "log.txt", old_text = "END", new_text = $"line {request.Turn}\nEND" })
            : ChatReply.Say("The log is kept."));
        string[] command =
        [
            "serve", "--urls", "http://127.0.0.1:0", "--doors", "mcp", "--data", Path.Combine(folder, "data"), "--workspace", workspace,
            "--agents", Path.Combine(folder, "agents"),
        ];
        var tasks = new HashSet<string>();
        ProgramProcess program = ProgramProcess.Start(model, folder, command);
        try
        {
            for (int kill = 0; kill <= Kills; kill++)
            {
                using var http = new HttpClient { BaseAddress = await program.ListeningAsync() };
                JsonElement created = await SendAsync(
                    http, "tools/call", "scribe", new { name = "scribe", arguments = new { goal = "Keep the log.", requestKey = "the-log" } }, cancellationToken);
                Assert.That(created.GetProperty("resultType").GetString(), Is.EqualTo("task"));
                string id = created.GetProperty("taskId").GetString()!;
                tasks.Add(id);
                if (kill < Kills)
                {
                    int until = model.Count + Answers;
                    await Poll.UntilAsync(() => Task.FromResult(model.Count >= until), cancellationToken);
                    await program.KillAsync();
                    await program.DisposeAsync();
                    program = ProgramProcess.Start(model, folder, command);
                    continue;
                }

                JsonElement ended = await Poll.ForAsync(
                    () => SendAsync(http, "tasks/get", id, new { taskId = id }, cancellationToken),
                    static task => task.GetProperty("status").GetString() != "working", cancellationToken);
                JsonElement runs = await http.GetFromJsonAsync<JsonElement>("/api/runs", cancellationToken);
                Assert.That(ended.GetProperty("status").GetString(), Is.EqualTo("completed"), ended.ToString());
                Assert.That(ended.GetProperty("result").GetProperty("content")[0].GetProperty("text").GetString(), Is.EqualTo("The log is kept."));
                Assert.That(runs.GetProperty("runs").GetArrayLength(), Is.EqualTo(1));
            }

            Assert.That(tasks, Has.Count.EqualTo(1));
            IEnumerable<string> lines = ["begin", .. Enumerable.Range(0, Turns).Select(static turn => $"line {turn}"), "END", ""];
            Assert.That(await File.ReadAllTextAsync(Path.Combine(workspace, "log.txt"), cancellationToken), Is.EqualTo(string.Join('\n', lines)));
        }
        finally
        {
            await program.DisposeAsync();
            Directory.Delete(folder, true);
        }
    }

    /// <summary>Sends a request as a client of 2026-07-28 that knows tasks.</summary>
    private static async Task<JsonElement> SendAsync(HttpClient http, string method, string name, object parameters, CancellationToken cancellationToken)
    {
        var content = (JsonObject)JsonSerializer.SerializeToNode(parameters)!;
        content["_meta"] = JsonNode.Parse(
            """
            {"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"test","version":"1"},
            "io.modelcontextprotocol/clientCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}}
            """);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp")
        {
            Content = new StringContent(
                new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = method, ["params"] = content }.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        request.Headers.Add("MCP-Protocol-Version", "2026-07-28");
        request.Headers.Add("Mcp-Method", method);
        request.Headers.Add("Mcp-Name", name);
        using HttpResponseMessage response = await http.SendAsync(request, cancellationToken);
        string text = await response.Content.ReadAsStringAsync(cancellationToken);
        string data = text.StartsWith('{') ? text : text.Split('\n').Last(static line => line.StartsWith("data: ", StringComparison.Ordinal))["data: ".Length..];
        JsonElement answer = JsonElement.Parse(data);
        Assert.That(answer.TryGetProperty("result", out JsonElement result), text);
        return result;
    }
}
