using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using AgentFunctions.EndToEnd.Crash;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Doors;

/// <summary>
/// A run of the HTTP API whose host is killed with SIGKILL while its client follows the events, and whose client sends its
/// request again after each restart.
/// </summary>
/// <remarks>The long form kills more often: set <c>AGENTFUNCTIONS_KILLS</c>.</remarks>
[CancelAfter(3_600_000)]
internal sealed class KilledHttpTests
{
    private static readonly int Kills = KilledProgram.Kills(3);
    private static readonly int Turns = KilledServer.TurnsOf(Kills);

    [Test]
    public async Task Run_OfAHostThatIsKilled_IsOneAndTellsEachEventOnce(CancellationToken cancellationToken)
    {
        using var folder = new ScribeFolder(2 * Turns);
        using var server = new KilledServer();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request => server.Answer(
            request,
            request.Turn < Turns
                ? ChatReply.Call("edit_file", ScribeFolder.Edit(request.Turn)) with { Text = $"Turn {request.Turn}." }
                : ChatReply.Say("The log is kept.")));
        var runs = new HashSet<string>();
        var told = new List<(long Position, string Data)>();

        await server.RunAsync(model, folder, Kills, ["--doors", "none"], ListenAsync, cancellationToken);

        Assert.That(runs, Has.Count.EqualTo(1));
        Assert.That(folder.Log, Is.EqualTo(ScribeFolder.LogOf(Turns)));
        TestContext.Out.WriteLine($"{Kills} kills: {runs.Count} run, {Turns} effects, {told.Count} events");

        async Task ListenAsync(HttpClient http, bool isLast)
        {
            string id = await SubmitAsync(http, cancellationToken);
            runs.Add(id);
            await FollowAsync(http, id, told, server.Heard, cancellationToken);
            if (!isLast)
            {
                return;
            }

            var whole = new List<(long Position, string Data)>();
            await FollowAsync(http, id, whole, server.Heard, cancellationToken);
            Assert.That(told, Is.EqualTo(whole), "in pieces it is what it is in one: nothing lost, nothing told twice");
            Assert.That(told.Select(static one => one.Position), Is.EqualTo(Enumerable.Range(0, told.Count)));
            Assert.That(
                await TextsAsync(http, id, cancellationToken),
                Is.EqualTo(Enumerable.Range(0, Turns).Select(static turn => $"Turn {turn}.").Append("The log is kept.")),
                "the transcript of an undisturbed run");
            JsonElement listed = await http.GetFromJsonAsync<JsonElement>("/api/runs", cancellationToken);
            Assert.That(listed.GetProperty("runs").GetArrayLength(), Is.EqualTo(1));
        }
    }

    private static async Task<string> SubmitAsync(HttpClient http, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/runs")
        {
            Content = JsonContent.Create(new { agent = "scribe", goal = "Keep the log." }),
        };
        request.Headers.Add("Idempotency-Key", "the-log");
        using HttpResponseMessage response = await http.SendAsync(request, cancellationToken);
        string text = await response.Content.ReadAsStringAsync(cancellationToken);
        Assert.That(response.IsSuccessStatusCode, text);
        return JsonElement.Parse(text).GetProperty("id").GetString()!;
    }

    /// <summary>Follows the events after the last one that was told, until the run has ended.</summary>
    private static async Task FollowAsync(
        HttpClient http, string id, List<(long Position, string Data)> told, Action connected,
        CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/runs/{id}/events");
        if (told.Count > 0)
        {
            request.Headers.Add("Last-Event-ID", $"{told[^1].Position}");
        }

        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead,
            cancellationToken);
        connected();
        await using Stream body = await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancellationToken);
        await foreach (SseItem<string> item in SseParser.Create(body).EnumerateAsync(cancellationToken))
        {
            if (long.TryParse(item.EventId, out long position))
            {
                told.Add((position, item.Data));
            }
        }
    }

    /// <summary>What the model said, turn by turn.</summary>
    private static async Task<List<string>> TextsAsync(HttpClient http, string id, CancellationToken cancellationToken)
    {
        var texts = new List<string>();
        for (long? from = 0; from is not null;)
        {
            JsonElement page = await http.GetFromJsonAsync<JsonElement>($"/api/runs/{id}/transcript?from={from}&limit=100",
                cancellationToken);
            texts.AddRange(page.GetProperty("messages").EnumerateArray()
                .Where(static message => message.GetProperty("role").GetString() == "assistant")
                .Select(static message => string.Concat(message.GetProperty("contents").EnumerateArray()
                    .Select(static content => content.TryGetProperty("text", out JsonElement text) ? text.GetString() : ""))));
            from = page.GetProperty("next") is { ValueKind: JsonValueKind.Number } next ? next.GetInt64() : null;
        }

        return texts;
    }
}
