using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AgentFunctions.Benchmarks.Engine;
using AgentFunctions.Core.Text;
using AgentFunctions.TestKit;

namespace AgentFunctions.Benchmarks.Agent;

/// <summary>
/// One run of very many turns over a model server of OpenAI's protocol, in a process that is killed again and again: it must
/// end, every request must hold the goal word for word, and neither history nor memory may grow with the turns.
/// </summary>
internal static class LongRun
{
    /// <summary>What the model must be shown in every request.</summary>
    public const string Goal =
        "Walk the whole length of the wall and count its \"stones\"; the count of 1,000 before is not to be trusted. Grüße!";

    private const int CharactersPerToken = 4;

    public static async Task<int> RunAsync(string[] args)
    {
        var options = Options.Parse(args);
        using var scratch = new Scratch(options.Directory, false);
        string file = scratch.NewFile();
        var kills = new Queue<int>(Enumerable.Range(1, options.Kills)
            .Select(kill => (int)((long)options.Turns * kill / (options.Kills + 1))));
        var seen = new Seen();
        var killNow = new SemaphoreSlim(0);
        await using OpenAIProtocolServer server =
            await OpenAIProtocolServer.StartAsync(request => Answer(request, options, seen, turn =>
        {
            lock (kills)
            {
                if (kills.TryPeek(out int at) && turn >= at)
                {
                    kills.Dequeue();
                    killNow.Release();
                }
            }
        }));
        server.Record = false;

        long start = Stopwatch.GetTimestamp();
        int killed = 0;
        while (true)
        {
            using var child = Process.Start(new ProcessStartInfo(
                Path.Combine(AppContext.BaseDirectory, "AgentFunctions.Benchmarks"),
                [LongRunProcess.Verb, file, server.BaseUrl, $"{options.Window}", $"{options.ResultLength}"])
            { RedirectStandardOutput = true })!;
            Task<string> output = child.StandardOutput.ReadToEndAsync();
            Task ended = child.WaitForExitAsync();
            Task kill = killNow.WaitAsync();
            if (await Task.WhenAny(ended, kill) == kill)
            {
                child.Kill();
                await ended;
                killed++;
                continue;
            }

            return Report(options, seen, killed, Stopwatch.GetElapsedTime(start),
                JsonSerializer.Deserialize<LongRunProcess.Result>(await output)!);
        }
    }

    private static ChatReply Answer(ChatRequest request, Options options, Seen seen, Action<int> turnSeen)
    {
        JsonElement messages = request.Body.GetProperty("messages");
        string text = messages[1].GetProperty("content") is { ValueKind: JsonValueKind.String } content
            ? content.GetString()!
            : messages[1].GetProperty("content")[0].GetProperty("text").GetString()!;
        seen.Requests++;
        seen.WithoutGoal += text.Contains(Goal, StringComparison.Ordinal) ? 0 : 1;
        int tokens = request.Body.GetRawText().Length / CharactersPerToken;
        seen.MostTokens = Math.Max(seen.MostTokens, tokens);
        var usage = new ChatReplyUsage(tokens, 30);
        if (request.Tools.Count == 0)
        {
            seen.Compactions++;
            return ChatReply.Say("The stones were counted as far as the text says; go on from there.") with { Usage = usage };
        }

        // The turns are counted by what the run itself says: a request that a kill cut off comes again.
        string last = UntrustedText.Unmark(messages[messages.GetArrayLength() - 1].GetProperty("content").ToString());
        int turn = last.StartsWith("stone ", StringComparison.Ordinal)
            ? int.Parse(last.AsSpan(6, last.IndexOf(':', StringComparison.Ordinal) - 6), CultureInfo.InvariantCulture) + 1
            : seen.Turn + 1;
        seen.Turn = Math.Max(seen.Turn, turn);
        turnSeen(turn);
        return (turn >= options.Turns
            ? ChatReply.Say("All stones are counted.")
            : ChatReply.Call("count", new { stone = turn })) with
        { Usage = usage };
    }

    private static int Report(Options options, Seen seen, int killed, TimeSpan took, LongRunProcess.Result result)
    {
        double growth = result.LastHistoryBytesPerTurn / result.FirstHistoryBytesPerTurn;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Turns:N0} turns in {took.TotalSeconds:N0} s; killed {killed} times; {seen.Requests:N0} requests, {seen.WithoutGoal} without the goal; "
            + $"{seen.Compactions} compactions, at most {seen.MostTokens:N0} tokens; history {result.FirstHistoryBytesPerTurn:N0} bytes per turn at first, "
            + $"{result.LastHistoryBytesPerTurn:N0} at last ({growth:0.000}); memory {result.FirstMemoryMb:N0} MB at first, {result.LastMemoryMb:N0} MB at last"));
        bool good = result.Status == "Completed" && result.Turns == options.Turns && killed == options.Kills
            && seen.WithoutGoal == 0
            && seen.Compactions >= options.Compactions && growth <= 1.1;
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            good,
            result,
            killed,
            seconds = took.TotalSeconds,
            seen.Requests,
            seen.WithoutGoal,
            seen.Compactions,
            seen.MostTokens
        }));
        return good ? 0 : 1;
    }

    private sealed class Seen
    {
        public int Requests { get; set; }

        public int WithoutGoal { get; set; }

        public int Compactions { get; set; }

        public int MostTokens { get; set; }

        public int Turn { get; set; }
    }

    /// <summary>How long, and how often killed.</summary>
    private sealed record Options(int Turns, int Kills, int Window, int ResultLength, int Compactions, string Directory)
    {
        public static Options Parse(string[] args)
        {
            var options = new Options(10_000, 10, 262_144, 2_500, 40, Path.GetTempPath());
            for (int index = 0; index + 1 < args.Length; index += 2)
            {
                int number = int.TryParse(args[index + 1], CultureInfo.InvariantCulture, out int value) ? value : 0;
                options = args[index] switch
                {
                    "--turns" => options with { Turns = number },
                    "--kills" => options with { Kills = number },
                    "--window" => options with { Window = number },
                    "--result" => options with { ResultLength = number },
                    "--compactions" => options with { Compactions = number },
                    "--data" => options with { Directory = args[index + 1] },
                    string unknown => throw new ArgumentException($"Unknown argument '{unknown}'.", nameof(args)),
                };
            }

            return options;
        }
    }
}
