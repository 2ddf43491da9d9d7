using System.Text.Json;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Crash;

/// <summary>
/// A caller of a durable agent that is killed with SIGKILL, with the host that it is in, while it is told what happens, and
/// another process that goes on from the token of the last line that it wrote.
/// </summary>
/// <remarks>The long form kills more often: set <c>AGENTFUNCTIONS_KILLS</c>.</remarks>
[CancelAfter(3_600_000)]
internal sealed class KilledCallerTests
{
    /// <summary>After so many pieces of an answer the model stops, until the process that asked is killed.</summary>
    private const int Pieces = 12;

    private static readonly string s_long = string.Concat(Enumerable.Range(0, 40)
        .Select(static i => $"Word {i} of what is said. "));

    [Test]
    public async Task Caller_KilledWhileItIsTold_IsToldTheSameAsOneThatIsNot(CancellationToken cancellationToken)
    {
        int kills = KilledProgram.Kills(3);
        (List<Told> undisturbed, string log) = await RunAsync("stream", kills, 0, cancellationToken);
        Assert.That(undisturbed.SelectMany(static one => one.Messages).Sum(static message => message.Results.Length),
            Is.EqualTo(kills));

        foreach ((string way, int times) in new[] { ("stream", kills), ("background", kills - 1) })
        {
            (List<Told> told, string itsLog) = await RunAsync(way, kills, times, cancellationToken);

            Assert.That(itsLog, Is.EqualTo(log), $"{way}: no effect is doubled or lost");
            Assert.That(MessagesOf(told), Is.EqualTo(MessagesOf(undisturbed)),
                $"{way}: no word, call or result is doubled or lost");
            Assert.That(told[^1].End, Is.EqualTo("stop"), way);
        }
    }

    private static async Task<(List<Told> Told, string Log)> RunAsync(
        string way, int turns, int kills, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        var told = new List<Told>();
        int life = 0;
        var killed = new TaskCompletionSource();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(asked =>
        {
            int chunks = 0;
            (int turn, Task free) = (asked.Turn, killed.Task);
            bool holds = life < kills;
            ChatReply reply = turn < turns
                ? new ChatReply { Calls = [ChatReplyCall.Of("note", new { line = $"line {turn}" }, $"call-{turn}")] }
                : new ChatReply();
            return reply with
            {
                Text = $"Turn {turn}. {s_long}",
                // A life has one turn, in whose answer, call or result it is killed.
                Before = holds && turn > life ? token => free.WaitAsync(token) : null,
                BetweenChunks = holds && turn == life && Moment(way, life) == 0
                    ? token => ++chunks == Pieces ? free.WaitAsync(token) : Task.CompletedTask
                    : null,
            };
        });
        for (; life <= kills; life++)
        {
            string token = told.LastOrDefault(static one => one.Token is not null)?.Token ?? "";
            await using ProgramProcess caller = ProgramProcess.StartCrashLab("caller", folder.Path, model.BaseUrl, way, token);
            if (life == kills)
            {
                Assert.That(await caller.WaitAsync(), Is.Zero, caller.Errors);
            }
            else
            {
                await caller.LineAsync(line => Told.Read(line) is { } one && Moment(way, life) switch
                {
                    0 => one.Messages.Any(message => message.Text.Length > 0 && message.Id == $"{life + 1}"),
                    1 => one.Messages.Any(message => message.Calls.Contains($"call-{life}")),
                    _ => one.Messages.Any(message => message.Results.Any(result => result.StartsWith($"call-{life}:",
                        StringComparison.Ordinal))),
                });
                await caller.KillAsync();
                TaskCompletionSource free = killed;
                killed = new TaskCompletionSource();
                free.SetResult();
            }

            told.AddRange(caller.Output.Split('\n').Select(Told.Read).OfType<Told>());
        }

        return (told, await File.ReadAllTextAsync(Path.Combine(folder.Path, "log.txt"), cancellationToken));
    }

    /// <summary>
    /// When a life ends: in the middle of an answer, at a call, or at a result. A caller that polls is told no piece.
    /// </summary>
    private static int Moment(string way, int life) => way == "stream" ? life % 3 : 1 + (life % 2);

    /// <summary>What a reader has in the end: each message whole, in order.</summary>
    private static IEnumerable<string> MessagesOf(IEnumerable<Told> told) => told.SelectMany(static one => one.Messages)
        .Where(static message => message.Text.Length + message.Calls.Length + message.Results.Length > 0)
        .GroupBy(static message => message.Id)
        .Select(static parts => $"{parts.Key}: {string.Concat(parts.Select(static part => part.Text))} "
            + string.Join(", ", parts.SelectMany(static part => part.Calls.Concat(part.Results))));

    /// <summary>What a caller was told at once, as it wrote it.</summary>
    private sealed record Told(ToldMessage[] Messages, string? Token, string? End)
    {
        public static Told? Read(string line)
        {
            try
            {
                return JsonSerializer.Deserialize<Told>(line, JsonSerializerOptions.Web);
            }
            catch (JsonException)
            {
                // The line that a kill cut off was not written.
                return null;
            }
        }
    }

    private sealed record ToldMessage(string Id, string Text, string[] Calls, string[] Results);
}
