using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using AgentFunctions.EndToEnd.Crash;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Doors;

/// <summary>
/// A stream of OpenAI's API whose host is killed with SIGKILL in the middle of it, and taken up after the last number.
/// </summary>
/// <remarks>The long form kills more often: set <c>AGENTFUNCTIONS_KILLS</c>.</remarks>
[CancelAfter(3_600_000)]
internal sealed class KilledResponseTests
{
    private static readonly int Kills = KilledProgram.Kills(3);

    private static readonly string Long =
        string.Concat(Enumerable.Range(0, 40).Select(static i => $"Word {i} of what is said. "));

    [Test]
    public async Task Stream_OfAHostThatIsKilled_LosesAndRepeatsNoNumber(CancellationToken cancellationToken)
    {
        using var folder = new ScribeFolder(2 * (Kills + 2));
        // Until the host is killed, every answer stops in its middle.
        var killed = new TaskCompletionSource();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request =>
        {
            int chunks = 0;
            Task free = killed.Task;
            return (request.Turn < Kills ? ChatReply.Call("edit_file", ScribeFolder.Edit(request.Turn)) : new ChatReply()) with
            {
                Text = $"Turn {request.Turn}. {Long}",
                BetweenChunks = token => ++chunks == 12 ? free.WaitAsync(token) : Task.CompletedTask,
            };
        });
        string[] command =
        [
            "serve", "--urls", "http://127.0.0.1:0", "--doors", "openai", "--data", folder.Data, "--workspace", folder.Workspace,
            "--agents", folder.Agents,
        ];
        var told = new List<JsonElement>();
        ProgramProcess program = ProgramProcess.Start(model, folder.Path, command);
        try
        {
            for (int kill = 0; kill <= Kills; kill++)
            {
                using var http = new HttpClient { BaseAddress = await program.ListeningAsync() };
                int before = told.Count;
                await foreach (JsonElement item in FollowAsync(http, told, cancellationToken))
                {
                    told.Add(item);
                    // A piece of the answer that is under way has come.
                    if (kill < Kills && told.Count > before + 8 && TypeOf(item) == "response.output_text.delta"
                        && told.Skip(before).Count(static one => TypeOf(one) == "response.output_text.delta") >= 6)
                    {
                        break;
                    }
                }

                if (kill < Kills)
                {
                    await program.KillAsync();
                    await program.DisposeAsync();
                    TaskCompletionSource free = killed;
                    killed = kill == Kills - 1 ? Done() : new TaskCompletionSource();
                    free.SetResult();
                    program = ProgramProcess.Start(model, folder.Path, command);
                }
            }

            using var last = new HttpClient { BaseAddress = await program.ListeningAsync() };
            var whole = new List<JsonElement>();
            await foreach (JsonElement item in FollowAsync(last, [told[0]], cancellationToken, -1))
            {
                whole.Add(item);
            }

            Assert.That(told.Select(NumberOf), Is.Ordered.And.Unique);
            Assert.That(TypeOf(told[^1]), Is.EqualTo("response.completed"));
            // Pieces of answers that came to nothing are not repeated; everything else is.
            HashSet<long> kept = [.. whole.Select(NumberOf)];
            Assert.That(kept, Is.SubsetOf(told.Select(NumberOf)));
            Assert.That(
                told.Where(item => kept.Contains(NumberOf(item))).Select(static item => item.GetRawText()),
                Is.EqualTo(whole.Select(static item => item.GetRawText())));
            Assert.That(
                told.Where(item => !kept.Contains(NumberOf(item))).Select(TypeOf), Is.All.EqualTo("response.output_text.delta"));
            JsonElement output = told[^1].GetProperty("response").GetProperty("output");
            Assert.That(
                output.EnumerateArray().Count(static item =>
                    item.TryGetProperty("status", out JsonElement status) && status.GetString() == "incomplete"),
                Is.AtLeast(1), output.ToString());
            Assert.That(
                output.EnumerateArray().Last().GetProperty("content")[0].GetProperty("text").GetString(), Does.EndWith(Long));
            JsonElement runs = await last.GetFromJsonAsync<JsonElement>("/api/runs", cancellationToken);
            Assert.That(runs.GetProperty("runs").GetArrayLength(), Is.EqualTo(1));
        }
        finally
        {
            await program.DisposeAsync();
        }
    }

    private static TaskCompletionSource Done()
    {
        var done = new TaskCompletionSource();
        done.SetResult();
        return done;
    }

    /// <summary>Starts the response, or takes it up after what was told.</summary>
    private static async IAsyncEnumerable<JsonElement> FollowAsync(
        HttpClient http, List<JsonElement> told,
        [EnumeratorCancellation] CancellationToken cancellationToken, long? after = null)
    {
        using HttpRequestMessage request = told.Count == 0
            ? new(HttpMethod.Post, "/v1/responses")
            {
                Content = new StringContent(
                    """{"model":"scribe","input":"Keep the log.","stream":true}""", Encoding.UTF8, "application/json"),
            }
            : new(
                HttpMethod.Get,
                $"/v1/responses/{told[0].GetProperty("response").GetProperty("id").GetString()}?stream=true"
                + (after is < 0 ? "" : $"&starting_after={NumberOf(told[^1])}"));
        using HttpResponseMessage response = await http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        Assert.That(response.IsSuccessStatusCode, await Failure(response));
        await using Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (SseItem<string> item in SseParser.Create(body).EnumerateAsync(cancellationToken))
        {
            yield return JsonElement.Parse(item.Data);
        }
    }

    private static async Task<string> Failure(HttpResponseMessage response) =>
        response.IsSuccessStatusCode ? "" : await response.Content.ReadAsStringAsync();

    private static string TypeOf(JsonElement told) => told.GetProperty("type").GetString()!;

    private static long NumberOf(JsonElement told) => told.GetProperty("sequence_number").GetInt64();
}
