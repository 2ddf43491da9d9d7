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
    private const int Answers = 3;

    private static readonly int Kills = KilledProgram.Kills(4);
    private static readonly int Turns = (Kills * Answers) + 3;

    [Test]
    public async Task Task_OfAHostThatIsKilled_IsOneRunWhoseEffectsHappenOnce(CancellationToken cancellationToken)
    {
        using var folder = new ScribeFolder(2 * Turns);
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(static request => request.Turn < Turns
            ? ChatReply.Call("edit_file", ScribeFolder.Edit(request.Turn))
            : ChatReply.Say("The log is kept."));
        string[] command = folder.Serve("--doors", "mcp");
        var tasks = new HashSet<string>();
        ProgramProcess program = ProgramProcess.Start(model, folder.Path, command);
        try
        {
            for (int kill = 0; kill <= Kills; kill++)
            {
                using var http = new HttpClient { BaseAddress = await program.ListeningAsync() };
                JsonElement created = await SendAsync(
                    http, "tools/call", "scribe",
                    new { name = "scribe", arguments = new { goal = "Keep the log.", requestKey = "the-log" } },
                    cancellationToken);
                Assert.That(created.GetProperty("resultType").GetString(), Is.EqualTo("task"));
                string id = created.GetProperty("taskId").GetString()!;
                tasks.Add(id);
                if (kill < Kills)
                {
                    // The model may have answered on while the call was made: the run has no more turns than these.
                    int until = Math.Min(model.Count + Answers, Turns);
                    await Poll.UntilAsync(() => model.Count >= until, cancellationToken);
                    await program.KillAsync();
                    await program.DisposeAsync();
                    program = ProgramProcess.Start(model, folder.Path, command);
                    continue;
                }

                JsonElement ended = await Poll.ForAsync(
                    () => SendAsync(http, "tasks/get", id, new { taskId = id }, cancellationToken),
                    static task => task.GetProperty("status").GetString() != "working", cancellationToken);
                JsonElement runs = await http.GetFromJsonAsync<JsonElement>("/api/runs", cancellationToken);
                Assert.That(ended.GetProperty("status").GetString(), Is.EqualTo("completed"), ended.ToString());
                Assert.That(
                    ended.GetProperty("result").GetProperty("content")[0].GetProperty("text").GetString(),
                    Is.EqualTo("The log is kept."));
                Assert.That(runs.GetProperty("runs").GetArrayLength(), Is.EqualTo(1));
            }

            Assert.That(tasks, Has.Count.EqualTo(1));
            Assert.That(folder.Log, Is.EqualTo(ScribeFolder.LogOf(Turns)));
        }
        finally
        {
            await program.DisposeAsync();
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
