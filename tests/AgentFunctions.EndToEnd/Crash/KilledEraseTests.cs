using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using AgentFunctions.Sqlite.Operations;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Crash;

/// <summary>
/// Erasures, killed with SIGKILL after steps of theirs and taken up again by the next start. The short form kills after every
/// fourth step, while several are under way that have come differently far; the long form, with AGENTFUNCTIONS_KILLS, after each.
/// </summary>
[CancelAfter(900_000)]
internal sealed partial class KilledEraseTests
{
    private const int Trees = 3;

    private static readonly int Stride = Environment.GetEnvironmentVariable("AGENTFUNCTIONS_KILLS") is null ? 4 : 1;

    [Test]
    public async Task Erase_KilledAfterEachStep_EndsTheSame(CancellationToken cancellationToken)
    {
        using var temporary = new TemporaryFolder();
        string folder = temporary.Path;
        string data = Path.Combine(folder, "data"), file = Path.Combine(data, "agentfunctions.db");
        await using OpenAIProtocolServer model =
            await OpenAIProtocolServer.StartAsync(static request => ChatReply.Say($"answer-{Mark(request.Last("user"))}"));
        ProgramProcess program = ProgramProcess.Start(model, folder, "serve", "--urls", "http://127.0.0.1:0", "--data", data);
        try
        {
            HttpClient http = await ConnectAsync(program);
            for (int kill = 0, last = 1; kill <= last; kill += Stride)
            {
                string[] marks = [.. Enumerable.Range(0, Trees).Select(static _ => $"mark{Guid.NewGuid():N}")];
                string[] ids = [.. await Task.WhenAll(marks.Select(mark => RunAsync(http, $"Goal {mark} ", cancellationToken)))];
                Assert.That(marks.Where(mark => !Holds(folder, mark)), Is.Empty, "they are there before");
                foreach (string id in ids)
                {
                    using HttpResponseMessage begun = await http.DeleteAsync($"/api/runs/{id}?reason=asked", cancellationToken);
                    Assert.That((int)begun.StatusCode, Is.EqualTo(202));
                }

                while (Steps(file, ids[0]) is (var steps, false) && steps < kill)
                {
                    await Task.Delay(1, cancellationToken);
                }

                await program.KillAsync();
                TestContext.Out.WriteLine($"killed after steps {string.Join(", ", ids.Select(id => Steps(file, id).Recorded))}");
                await program.DisposeAsync();
                http.Dispose();
                program = ProgramProcess.Start(model, folder, "serve", "--urls", "http://127.0.0.1:0", "--data", data);
                http = await ConnectAsync(program);
                HttpClient server = http;
                foreach (string id in ids)
                {
                    await Poll.UntilAsync(async () => await StateAsync(server, id, cancellationToken) == "erased",
                        cancellationToken);
                }

                Assert.That(marks.Where(mark => Holds(folder, mark)), Is.Empty, $"after a kill at step {kill}");
                last = ids.Max(id => Steps(file, id).Recorded);
                Assert.That(last, Is.GreaterThan(8), "steps of an erasure");
            }

            JsonElement verified = await http.GetFromJsonAsync<JsonElement>("/api/audit/verify", cancellationToken);
            Assert.That(verified.GetProperty("holds").GetBoolean(), Is.True);
            JsonElement runs = await http.GetFromJsonAsync<JsonElement>("/api/runs", cancellationToken);
            Assert.That(runs.GetProperty("runs").GetArrayLength(), Is.Zero);
            http.Dispose();
        }
        finally
        {
            await program.DisposeAsync();
        }
    }

    private static async Task<HttpClient> ConnectAsync(ProgramProcess program) =>
        new() { BaseAddress = await program.ListeningAsync() };

    private static async Task<string> RunAsync(HttpClient http, string goal, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/runs") { Content = JsonContent.Create(new { goal }) };
        request.Headers.Add("Prefer", "wait=60");
        using HttpResponseMessage answer = await http.SendAsync(request, cancellationToken);
        JsonElement run = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        Assert.That(run.GetProperty("status").GetString(), Is.EqualTo("completed"), run.GetRawText());
        return run.GetProperty("id").GetString()!;
    }

    private static async Task<string?> StateAsync(HttpClient http, string id, CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = await http.GetAsync($"/api/erasures/{id}", cancellationToken);
        return answer.IsSuccessStatusCode
            ? (await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("state").GetString()
            : null;
    }

    /// <summary>How many steps of the erasure are recorded, and whether it has ended.</summary>
    private static (int Recorded, bool HasEnded) Steps(string file, string id)
    {
        using var output = new MemoryStream();
        DataFile.Export(file, $"erase.{id}", output);
        using var json = JsonDocument.Parse(output.ToArray());
        string[] happened = [.. json.RootElement.GetProperty("history").EnumerateArray().Select(TypeOf)];
        return (happened.Count(static type => type == "act+"),
            happened.Any(static type => type.StartsWith("end", StringComparison.Ordinal)));
    }

    private static string TypeOf(JsonElement happened) => happened.EnumerateObject().First().Value.ToString();

    private static bool Holds(string folder, string mark) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Any(path =>
    {
        if (path.EndsWith(".lock", StringComparison.Ordinal))
        {
            return false;
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(mark)) >= 0;
    });

    private static string Mark(string text) => MarkOf().Match(text).Value;

    [GeneratedRegex("mark[0-9a-f]{32}")]
    private static partial Regex MarkOf();
}
