using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.EndToEnd.Crash;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Doors;

/// <summary>
/// A task of MCP whose host is killed with SIGKILL while it works, and whose client repeats its call after each restart.
/// </summary>
/// <remarks>The long form kills more often: set <c>AGENTFUNCTIONS_KILLS</c>.</remarks>
[CancelAfter(3_600_000)]
internal sealed class KilledMcpTaskTests
{
    private static readonly int Kills = KilledProgram.Kills(3);
    private static readonly int Turns = KilledServer.TurnsOf(Kills);

    [Test]
    public async Task Task_OfAHostThatIsKilled_IsOneRunWhoseEffectsHappenOnce(CancellationToken cancellationToken)
    {
        using var folder = new ScribeFolder(2 * Turns);
        using var server = new KilledServer();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request => server.Answer(
            request,
            request.Turn < Turns
                ? ChatReply.Call("edit_file", ScribeFolder.Edit(request.Turn))
                : ChatReply.Say("The log is kept.")));
        var tasks = new HashSet<string>();

        await server.RunAsync(model, folder, Kills, ["--doors", "mcp"], ListenAsync, cancellationToken);

        Assert.That(tasks, Has.Count.EqualTo(1));
        Assert.That(folder.Log, Is.EqualTo(ScribeFolder.LogOf(Turns)));
        TestContext.Out.WriteLine($"{Kills} kills: {tasks.Count} task, {Turns} effects");

        async Task ListenAsync(HttpClient http, bool isLast)
        {
            JsonElement created = await SendAsync(
                http, "tools/call", "scribe",
                new { name = "scribe", arguments = new { goal = "Keep the log.", requestKey = "the-log" } }, cancellationToken);
            Assert.That(created.GetProperty("resultType").GetString(), Is.EqualTo("task"));
            string id = created.GetProperty("taskId").GetString()!;
            tasks.Add(id);
            server.Heard();
            JsonElement ended = await Poll.ForAsync(
                () => SendAsync(http, "tasks/get", id, new { taskId = id }, cancellationToken),
                static task => task.GetProperty("status").GetString() != "working", cancellationToken);
            Assert.That(isLast, "it ends when its work is done, and not before");
            Assert.That(ended.GetProperty("status").GetString(), Is.EqualTo("completed"), ended.ToString());
            Assert.That(
                ended.GetProperty("result").GetProperty("content")[0].GetProperty("text").GetString(),
                Is.EqualTo("The log is kept."));
            JsonElement runs = await http.GetFromJsonAsync<JsonElement>("/api/runs", cancellationToken);
            Assert.That(runs.GetProperty("runs").GetArrayLength(), Is.EqualTo(1));
        }
    }

    /// <summary>Sends a request as a client that knows tasks.</summary>
    private static async Task<JsonElement> SendAsync(
        HttpClient http, string method, string name, object parameters, CancellationToken cancellationToken)
    {
        JsonElement answer = await McpMessage.SendAsync(http, method, name, parameters, cancellationToken, knowsTasks: true);
        Assert.That(answer.TryGetProperty("result", out JsonElement result), answer.ToString());
        return result;
    }
}
