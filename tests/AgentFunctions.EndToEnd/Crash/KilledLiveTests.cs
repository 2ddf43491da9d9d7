using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Crash;

/// <summary>A server that is killed with SIGKILL in the middle of an answer, while a client watches it being written.</summary>
[CancelAfter(3_600_000)]
internal sealed class KilledLiveTests
{
    private const string Answer =
        "The first part of the answer, which is long enough to be cut in pieces, then the second one, "
        + "and at last the third part of it all.";

    private static readonly int Kills = KilledProgram.Kills(3);

    [Test]
    public async Task Watch_ServerKilledInMidAnswer_SeesTheResetAndThenTheAnswerOnce(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        using var gate = new SemaphoreSlim(0);
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(
            _ => ChatReply.Say(Answer) with { BetweenChunks = InTheMiddle(gate) });
        var client = new LiveClient();
        string? id = null;
        for (int life = 0; life <= Kills; life++)
        {
            await using ProgramProcess server = Serve(model, folder.Path);
            using var http = new HttpClient { BaseAddress = await server.ListeningAsync() };
            id ??= await SubmitAsync(http, cancellationToken);
            int before = client.Types.Count;
            await WatchAsync(http, id, client, async () =>
            {
                if (life < Kills)
                {
                    await server.KillAsync();
                }
                else
                {
                    gate.Release();
                }
            }, cancellationToken);
            string first = client.Types.Skip(before)
                .First(static type => type is not ("run.state" or "run.submitted" or "step.retrying"));
            Assert.That(
                first, Is.EqualTo(life == 0 ? "model.started" : "model.reset"),
                "what was shown of the answer that died is void before the next one begins");
        }

        Assert.That(client.Resets, Is.EqualTo(Enumerable.Repeat("reconnected", Kills)));
        Assert.That(client.Types.Where(static type => type == "model.completed"), Has.Exactly(1).Items);
        Assert.That(client.Recorded, Is.EqualTo(Answer));
        Assert.That(Answer.StartsWith(client.Live, StringComparison.Ordinal), Is.True, "of the last attempt alone");
        Assert.That(client.Live, Is.Not.Empty);
        Assert.That(
            client.Positions, Is.EqualTo(Enumerable.Range(0, client.Positions.Count)), "no event is lost, none comes twice");
        Assert.That(model.Count, Is.EqualTo(Kills + 1), "each life asked once");
        await AnsweredOnceAsync(model, folder.Path, id!, cancellationToken);
    }

    /// <summary>Holds the answer back once some of it was said.</summary>
    private static Func<CancellationToken, Task> InTheMiddle(SemaphoreSlim gate)
    {
        int chunk = 0;
        return cancellationToken => ++chunk == 4 ? gate.WaitAsync(cancellationToken) : Task.CompletedTask;
    }

    private static async Task<string> SubmitAsync(HttpClient http, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await http.PostAsJsonAsync("/api/runs", new { goal = "Speak." }, cancellationToken);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;
    }

    private static ProgramProcess Serve(OpenAIProtocolServer model, string folder) =>
        ProgramProcess.Start(model, folder, "serve", "--urls", "http://127.0.0.1:0", "--data", folder);

    /// <summary>Watches until the run has ended or the server has died, and acts once some of an answer is shown.</summary>
    private static async Task WatchAsync(
        HttpClient http, string id, LiveClient client, Func<Task> act, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/runs/{id}/events?live=true");
        if (client.Positions.Count > 0)
        {
            request.Headers.Add("Last-Event-ID", $"{client.Positions[^1]}");
        }

        using HttpResponseMessage response = await http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await using Stream stream = await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancellationToken);
        bool hasActed = false;
        try
        {
            await foreach (SseItem<string> item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
            {
                client.Take(item);
                if (!hasActed && item.EventType is "model.delta" or "model.snapshot" && client.Text.Length > 0)
                {
                    hasActed = true;
                    await act();
                }
            }
        }
        catch (IOException) when (hasActed)
        {
            // The server was killed.
        }
    }

    private static async Task AnsweredOnceAsync(
        OpenAIProtocolServer model, string folder, string id, CancellationToken cancellationToken)
    {
        await using ProgramProcess server = Serve(model, folder);
        using var http = new HttpClient { BaseAddress = await server.ListeningAsync() };
        string transcript = await http.GetStringAsync(new Uri($"/api/runs/{id}/transcript", UriKind.Relative), cancellationToken);
        Assert.That(transcript.Split("at last the third part").Length - 1, Is.EqualTo(1), transcript);
    }
}
