using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using AgentFunctions.EndToEnd.Crash;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Doors;

/// <summary>
/// A stream of a door whose host is killed with SIGKILL at random moments, and which is taken up after the last event that came.
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
    public static readonly string Long = string.Concat(Enumerable.Range(0, 16).Select(static i => $"Word {i} of what is said. "));

    /// <summary>Gets the numbered events as they came, over all kills.</summary>
    public List<JsonElement> Told { get; } = [];

    /// <summary>Gets the numbered events of the whole, read at the end.</summary>
    public List<JsonElement> Whole { get; } = [];

    /// <summary>Gets how many pieces came of answers that were cut off.</summary>
    public int Lost { get; private set; }

    /// <summary>Runs the program to its end, killed so many times.</summary>
    /// <param name="kills">How often.</param>
    /// <param name="doors">The arguments, or the settings, that open the door.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task RunAsync(int kills, (string[] Arguments, string? Settings) doors, CancellationToken cancellationToken)
    {
        int turns = KilledServer.TurnsOf(kills);
        using var folder = new ScribeFolder(2 * turns);
        using var server = new KilledServer();
        if (doors.Settings is { } settings)
        {
            await File.WriteAllTextAsync(Path.Combine(folder.Path, "appsettings.json"), settings, cancellationToken);
        }

        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(asked => server.Answer(
            asked,
            (asked.Turn < turns ? ChatReply.Call("edit_file", ScribeFolder.Edit(asked.Turn)) : new ChatReply()) with
            {
                Text = $"Turn {asked.Turn}. {Long}",
            }));

        await server.RunAsync(model, folder, kills, doors.Arguments, ListenAsync, cancellationToken);

        Assert.That(folder.Log, Is.EqualTo(ScribeFolder.LogOf(turns)), "no effect is doubled");
        Assert.That(Told.Select(one => numberOf(one)), Is.Ordered.And.Unique);
        // Pieces of answers that came to nothing are not repeated; everything else is.
        HashSet<long?> kept = [.. Whole.Select(numberOf)];
        Assert.That(kept, Is.SubsetOf(Told.Select(numberOf)), "no event is lost");
        Assert.That(
            Told.Where(one => kept.Contains(numberOf(one))).Select(static one => one.GetRawText()),
            Is.EqualTo(Whole.Select(static one => one.GetRawText())));
        Assert.That(Told.Where(one => !kept.Contains(numberOf(one))).Select(isPiece), Is.All.True);
        Lost = Told.Count(one => !kept.Contains(numberOf(one)));
        TestContext.Out.WriteLine(
            $"{kills} kills: {turns} effects, {Told.Count} events, {Lost} of them pieces of answers that were cut off");

        async Task ListenAsync(HttpClient http, bool isLast)
        {
            await FollowAsync(http, Told, server.Heard, cancellationToken);
            if (isLast)
            {
                await FollowAsync(http, Whole, server.Heard, cancellationToken);
                JsonElement runs = await http.GetFromJsonAsync<JsonElement>("/api/runs", cancellationToken);
                Assert.That(runs.GetProperty("runs").GetArrayLength(), Is.EqualTo(1), "no run is doubled");
            }
        }
    }

    /// <summary>Takes events until there are no more.</summary>
    private async Task FollowAsync(
        HttpClient http, List<JsonElement> told, Action connected, CancellationToken cancellationToken)
    {
        using HttpRequestMessage asked = request(Told, ReferenceEquals(told, Whole));
        using HttpResponseMessage response = await http.SendAsync(asked, HttpCompletionOption.ResponseHeadersRead,
            cancellationToken);
        Assert.That(
            response.IsSuccessStatusCode, response.IsSuccessStatusCode
                ? ""
                : await response.Content.ReadAsStringAsync(cancellationToken));
        connected();
        await using Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (SseItem<string> item in SseParser.Create(body).EnumerateAsync(cancellationToken))
        {
            JsonElement one = JsonElement.Parse(item.Data);
            if (numberOf(one) is not null)
            {
                told.Add(one);
            }
        }
    }
}
