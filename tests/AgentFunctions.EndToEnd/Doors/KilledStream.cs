using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using AgentFunctions.EndToEnd.Crash;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Doors;

/// <summary>
/// A stream of a door whose host is killed with SIGKILL in the middle of each answer, and taken up after its last event.
/// </summary>
/// <param name="numberOf">Gets the number of an event; <see langword="null"/> for one without.</param>
/// <param name="isPiece">Whether an event is a piece of an answer.</param>
/// <param name="request">
/// Makes the request: the first one, after the last of these events, or, for none of them, of the whole.
/// </param>
internal sealed class KilledStream(
    Func<JsonElement, long?> numberOf, Func<JsonElement, bool> isPiece,
    Func<IReadOnlyList<JsonElement>, bool, HttpRequestMessage> request)
{
    /// <summary>The text that each turn ends with.</summary>
    public static readonly string Long = string.Concat(Enumerable.Range(0, 40).Select(static i => $"Word {i} of what is said. "));

    /// <summary>Gets the numbered events as they came, over all kills.</summary>
    public List<JsonElement> Told { get; } = [];

    /// <summary>Gets the numbered events of the whole, read at the end.</summary>
    public List<JsonElement> Whole { get; } = [];

    /// <summary>Runs the program to its end, killed so many times.</summary>
    /// <param name="kills">How often.</param>
    /// <param name="doors">The arguments, or the settings, that open the door.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task RunAsync(int kills, (string[] Arguments, string? Settings) doors, CancellationToken cancellationToken)
    {
        using var folder = new ScribeFolder(2 * (kills + 2));
        if (doors.Settings is { } settings)
        {
            await File.WriteAllTextAsync(Path.Combine(folder.Path, "appsettings.json"), settings, cancellationToken);
        }

        // Until the host is killed, every answer stops in its middle.
        var killed = new TaskCompletionSource();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(asked =>
        {
            int chunks = 0;
            Task free = killed.Task;
            return (asked.Turn < kills ? ChatReply.Call("edit_file", ScribeFolder.Edit(asked.Turn)) : new ChatReply()) with
            {
                Text = $"Turn {asked.Turn}. {Long}",
                BetweenChunks = token => ++chunks == 12 ? free.WaitAsync(token) : Task.CompletedTask,
            };
        });
        string[] command = folder.Serve(doors.Arguments);
        ProgramProcess program = ProgramProcess.Start(model, folder.Path, command);
        try
        {
            for (int kill = 0; kill <= kills; kill++)
            {
                using var http = new HttpClient { BaseAddress = await program.ListeningAsync() };
                await FollowAsync(http, Told, kill < kills, cancellationToken);
                if (kill < kills)
                {
                    await program.KillAsync();
                    await program.DisposeAsync();
                    TaskCompletionSource free = killed;
                    killed = new TaskCompletionSource();
                    if (kill == kills - 1)
                    {
                        killed.SetResult();
                    }

                    free.SetResult();
                    program = ProgramProcess.Start(model, folder.Path, command);
                }
            }

            using var last = new HttpClient { BaseAddress = await program.ListeningAsync() };
            await FollowAsync(last, Whole, false, cancellationToken);
            JsonElement runs = await last.GetFromJsonAsync<JsonElement>("/api/runs", cancellationToken);
            Assert.That(runs.GetProperty("runs").GetArrayLength(), Is.EqualTo(1), "no run is doubled");
        }
        finally
        {
            await program.DisposeAsync();
        }

        Assert.That(folder.Log, Is.EqualTo(ScribeFolder.LogOf(kills)), "no effect is doubled");
        Assert.That(Told.Select(one => numberOf(one)), Is.Ordered.And.Unique);
        // Pieces of answers that came to nothing are not repeated; everything else is.
        HashSet<long?> kept = [.. Whole.Select(numberOf)];
        Assert.That(kept, Is.SubsetOf(Told.Select(numberOf)), "no event is lost");
        Assert.That(
            Told.Where(one => kept.Contains(numberOf(one))).Select(static one => one.GetRawText()),
            Is.EqualTo(Whole.Select(static one => one.GetRawText())));
        Assert.That(Told.Where(one => !kept.Contains(numberOf(one))).Select(isPiece), Is.All.True);
    }

    /// <summary>Takes events until there are no more, or some pieces of the answer that is under way have come.</summary>
    private async Task FollowAsync(HttpClient http, List<JsonElement> told, bool stops, CancellationToken cancellationToken)
    {
        using HttpRequestMessage asked = request(Told, ReferenceEquals(told, Whole));
        using HttpResponseMessage response = await http.SendAsync(asked, HttpCompletionOption.ResponseHeadersRead,
            cancellationToken);
        Assert.That(
            response.IsSuccessStatusCode, response.IsSuccessStatusCode
                ? ""
                : await response.Content.ReadAsStringAsync(cancellationToken));
        await using Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
        int before = told.Count;
        await foreach (SseItem<string> item in SseParser.Create(body).EnumerateAsync(cancellationToken))
        {
            JsonElement one = JsonElement.Parse(item.Data);
            if (numberOf(one) is null)
            {
                continue;
            }

            told.Add(one);
            if (stops && told.Count > before + 8 && isPiece(one) && told.Skip(before).Count(isPiece) >= 6)
            {
                break;
            }
        }
    }
}
