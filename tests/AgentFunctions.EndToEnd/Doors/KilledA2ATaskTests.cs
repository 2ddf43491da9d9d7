using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using AgentFunctions.EndToEnd.Crash;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Doors;

/// <summary>
/// A task of the Agent2Agent protocol whose host is killed with SIGKILL while its client listens, and whose client sends its
/// message again after each restart.
/// </summary>
/// <remarks>The long form kills more often: set <c>AGENTFUNCTIONS_KILLS</c>.</remarks>
[CancelAfter(3_600_000)]
internal sealed class KilledA2ATaskTests
{
    private const int Answers = 3;

    private static readonly int Kills = KilledProgram.Kills(3);
    private static readonly int Turns = (Kills * Answers) + 3;

    [Test]
    public async Task Task_OfAHostThatIsKilled_IsOneRunWhoseEffectsAndTurnsAreThereOnce(CancellationToken cancellationToken)
    {
        using var folder = new ScribeFolder(2 * Turns);
        // The task does not end before its client listens for the last time.
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request => request.Turn < Turns
            ? ChatReply.Call("edit_file", ScribeFolder.Edit(request.Turn)) with { Text = $"Turn {request.Turn}." }
            : ChatReply.Say("The log is kept.") with { Before = token => heard.Task.WaitAsync(token) });
        string[] command = folder.Serve("--doors", "a2a");
        var tasks = new HashSet<string>();
        JsonElement last = default;
        ProgramProcess program = ProgramProcess.Start(model, folder.Path, command);
        try
        {
            bool IsEnough(bool isLast, int until)
            {
                if (isLast)
                {
                    heard.TrySetResult();
                }

                return !isLast && model.Count >= until;
            }

            for (int kill = 0; kill <= Kills; kill++)
            {
                using HttpClient http = ClientOf(await program.ListeningAsync());
                JsonElement sent = await PostAsync(http, "message:send", cancellationToken);
                string id = sent.GetProperty("task").GetProperty("id").GetString()!;
                tasks.Add(id);
                int until = Math.Min(model.Count + Answers, Turns);
                bool isLast = kill == Kills;
                JsonElement[] told = await ListenAsync(http, id, () => IsEnough(isLast, until), cancellationToken);
                // A stream tells what happens while it lasts, each turn once and in order.
                Assert.That(TurnsOf(told), Is.Ordered.And.Unique);
                if (kill == Kills)
                {
                    last = told[^1];
                    JsonElement task = await http.GetFromJsonAsync<JsonElement>($"tasks/{id}", cancellationToken);
                    Assert.That(
                        task.GetProperty("history").EnumerateArray().Skip(1).Select(TextOf),
                        Is.EqualTo(Enumerable.Range(0, Turns).Select(static turn => $"Turn {turn}.").Append("The log is kept.")));
                    JsonElement listed = await http.GetFromJsonAsync<JsonElement>("tasks", cancellationToken);
                    Assert.That(listed.GetProperty("tasks").GetArrayLength(), Is.EqualTo(1));
                    continue;
                }

                await Poll.UntilAsync(() => model.Count >= until, cancellationToken);
                await program.KillAsync();
                await program.DisposeAsync();
                program = ProgramProcess.Start(model, folder.Path, command);
            }

            Assert.That(tasks, Has.Count.EqualTo(1));
            Assert.That(
                last.GetProperty("statusUpdate").GetProperty("status").GetProperty("state").GetString(),
                Is.EqualTo("TASK_STATE_COMPLETED"));
            Assert.That(folder.Log, Is.EqualTo(ScribeFolder.LogOf(Turns)));
        }
        finally
        {
            await program.DisposeAsync();
        }
    }

    private static HttpClient ClientOf(Uri address)
    {
        var http = new HttpClient { BaseAddress = new Uri(address, "/a2a/scribe/") };
        http.DefaultRequestHeaders.Add("A2A-Version", "1.0");
        return http;
    }

    private static async Task<JsonElement> PostAsync(HttpClient http, string method, CancellationToken cancellationToken)
    {
        var message = new { messageId = "the-log", role = "ROLE_USER", parts = new[] { new { text = "Keep the log." } } };
        using HttpResponseMessage response = await http.PostAsJsonAsync(
            new Uri(http.BaseAddress!, $"/a2a/scribe/{method}"),
            new { message, configuration = new { returnImmediately = true } }, cancellationToken);
        string text = await response.Content.ReadAsStringAsync(cancellationToken);
        Assert.That(response.IsSuccessStatusCode, text);
        return JsonElement.Parse(text);
    }

    /// <summary>Listens to a task, until it has ended or enough was heard.</summary>
    private static async Task<JsonElement[]> ListenAsync(
        HttpClient http, string id, Func<bool> isEnough, CancellationToken cancellationToken)
    {
        var told = new List<JsonElement>();
        using HttpResponseMessage response = await http.GetAsync(
            new Uri(http.BaseAddress!, $"/a2a/scribe/tasks/{id}:subscribe"), HttpCompletionOption.ResponseHeadersRead,
            cancellationToken);
        Assert.That(response.IsSuccessStatusCode, response.IsSuccessStatusCode
            ? ""
            : await response.Content.ReadAsStringAsync(cancellationToken));
        await using Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (SseItem<string> item in SseParser.Create(body).EnumerateAsync(cancellationToken))
        {
            told.Add(JsonElement.Parse(item.Data));
            if (isEnough())
            {
                break;
            }
        }

        Assert.That(told[0].TryGetProperty("task", out _), "a stream begins with the task");
        return [.. told];
    }

    private static IEnumerable<int> TurnsOf(IEnumerable<JsonElement> told) => told
        .Where(static one => one.TryGetProperty("statusUpdate", out JsonElement update)
            && update.GetProperty("status").TryGetProperty("message", out JsonElement message)
            && TextOf(message).StartsWith("Turn ", StringComparison.Ordinal))
        .Select(static one => int.Parse(
            TextOf(one.GetProperty("statusUpdate").GetProperty("status").GetProperty("message"))[5..^1],
            System.Globalization.CultureInfo.InvariantCulture));

    private static string TextOf(JsonElement message) => message.GetProperty("parts")[0].GetProperty("text").GetString()!;
}
