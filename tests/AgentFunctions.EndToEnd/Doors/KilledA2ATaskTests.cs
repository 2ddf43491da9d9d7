using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
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
    private static readonly int Kills = KilledProgram.Kills(3);
    private static readonly int Turns = KilledServer.TurnsOf(Kills);

    [Test]
    public async Task Task_OfAHostThatIsKilled_IsOneRunWhoseEffectsAndTurnsAreThereOnce(CancellationToken cancellationToken)
    {
        using var folder = new ScribeFolder(2 * Turns);
        using var server = new KilledServer();
        // The task does not end before its client listens for the last time.
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request => server.Answer(
            request,
            request.Turn < Turns
                ? ChatReply.Call("edit_file", ScribeFolder.Edit(request.Turn)) with { Text = $"Turn {request.Turn}." }
                : ChatReply.Say("The log is kept.") with { Before = token => heard.Task.WaitAsync(token) }));
        var tasks = new HashSet<string>();
        var told = new List<JsonElement>();
        int events = 0;

        await server.RunAsync(model, folder, Kills, ["--doors", "a2a"], ListenAsync, cancellationToken);

        Assert.That(tasks, Has.Count.EqualTo(1));
        Assert.That(
            told[^1].GetProperty("statusUpdate").GetProperty("status").GetProperty("state").GetString(),
            Is.EqualTo("TASK_STATE_COMPLETED"));
        Assert.That(folder.Log, Is.EqualTo(ScribeFolder.LogOf(Turns)));
        TestContext.Out.WriteLine($"{Kills} kills: {tasks.Count} task, {Turns} effects, {events} events");

        async Task ListenAsync(HttpClient http, bool isLast)
        {
            http.DefaultRequestHeaders.Add("A2A-Version", "1.0");
            JsonElement sent = await PostAsync(http, cancellationToken);
            string id = sent.GetProperty("task").GetProperty("id").GetString()!;
            tasks.Add(id);
            told.Clear();
            try
            {
                await foreach (JsonElement one in HearAsync(http, id, cancellationToken))
                {
                    told.Add(one);
                    server.Heard();
                    if (isLast)
                    {
                        heard.TrySetResult();
                    }
                }
            }
            finally
            {
                events += told.Count;
                CheckTurns(told);
            }

            if (isLast)
            {
                JsonElement task = await http.GetFromJsonAsync<JsonElement>($"/a2a/scribe/tasks/{id}", cancellationToken);
                Assert.That(
                    HistoryOf(task),
                    Is.EqualTo(Enumerable.Range(0, Turns).Select(static turn => $"Turn {turn}.").Append("The log is kept.")));
                JsonElement listed = await http.GetFromJsonAsync<JsonElement>("/a2a/scribe/tasks", cancellationToken);
                Assert.That(listed.GetProperty("tasks").GetArrayLength(), Is.EqualTo(1));
            }
        }
    }

    /// <summary>Checks that a stream tells each turn once and in order, from those on that the task began with.</summary>
    private static void CheckTurns(List<JsonElement> told)
    {
        if (told.Count == 0)
        {
            return;
        }

        Assert.That(told[0].TryGetProperty("task", out JsonElement task), "a stream begins with the task");
        int[] turns = [.. TurnsOf(told)];
        Assert.That(turns, Is.EqualTo(Enumerable.Range(turns.FirstOrDefault(), turns.Length)), "each turn once, in order");
        Assert.That(turns.FirstOrDefault(), Is.LessThanOrEqualTo(HistoryOf(task).Count()), "no turn is lost between the two");
    }

    /// <summary>What the agent has said, by the history of its task.</summary>
    private static IEnumerable<string> HistoryOf(JsonElement task) =>
        task.GetProperty("history").EnumerateArray().Skip(1).Select(TextOf);

    private static async Task<JsonElement> PostAsync(HttpClient http, CancellationToken cancellationToken)
    {
        var message = new { messageId = "the-log", role = "ROLE_USER", parts = new[] { new { text = "Keep the log." } } };
        using HttpResponseMessage response = await http.PostAsJsonAsync(
            "/a2a/scribe/message:send", new { message, configuration = new { returnImmediately = true } }, cancellationToken);
        string text = await response.Content.ReadAsStringAsync(cancellationToken);
        Assert.That(response.IsSuccessStatusCode, text);
        return JsonElement.Parse(text);
    }

    /// <summary>Listens to a task until it has ended.</summary>
    private static async IAsyncEnumerable<JsonElement> HearAsync(
        HttpClient http, string id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await http.GetAsync(
            $"/a2a/scribe/tasks/{id}:subscribe", HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        Assert.That(response.IsSuccessStatusCode, response.IsSuccessStatusCode
            ? ""
            : await response.Content.ReadAsStringAsync(cancellationToken));
        await using Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (SseItem<string> item in SseParser.Create(body).EnumerateAsync(cancellationToken))
        {
            yield return JsonElement.Parse(item.Data);
        }
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
