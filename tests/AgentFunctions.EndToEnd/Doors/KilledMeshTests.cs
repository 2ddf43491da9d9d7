using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.EndToEnd.Crash;
using AgentFunctions.EndToEnd.Telemetry;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Doors;

/// <summary>
/// A lead on one host has a worker on another host, and an agent on a server of a2a-js, do its work piece by piece, while the two
/// hosts are killed with SIGKILL in turn.
/// </summary>
/// <remarks>The long form kills each host more often: set <c>AGENTFUNCTIONS_KILLS</c>.</remarks>
[CancelAfter(3_600_000)]
internal sealed class KilledMeshTests
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const int TokensOfAnAnswer = 1_000;

    /// <summary>How many requests of the model lie between two kills at most.</summary>
    private const int Longest = 3;

    private static readonly int Kills = 2 * KilledProgram.Kills(2);

    /// <summary>A piece takes two requests at least, on average.</summary>
    private static readonly int Pieces = (Kills * Longest / 2) + 5;

    /// <summary>
    /// Completes when both hosts are there. Until then the lead gets no answer: it would get through all its pieces meanwhile.
    /// </summary>
    private Task _back = Task.CompletedTask;

    [Test]
    public async Task Work_OfTwoHostsThatAreKilledInTurn_IsOneTaskACallPaidOnceAndOneTrace(CancellationToken cancellationToken)
    {
        int seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        (string script, string? modules, string? reason) = await NodeServers.CounterpartAsync("a2a-server.mjs");
        if (modules is null)
        {
            Assert.That(Environment.GetEnvironmentVariable("CI"), Is.Null, reason);
            Assert.Ignore($"No server of a2a-js (.ci/packages installs it): {reason}");
        }

        await using NodeHttpServer other = await NodeHttpServer.StartAsync(script, modules!);
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(Reply);
        await using var hosts = new MeshPair(model, receiver, new Uri($"http://127.0.0.1:{other.Port}"), 2 * Pieces);
        await hosts.StartAsync(cancellationToken);
        string id = await hosts.SubmitAsync($"00-{Trace}-00f067aa0ba902b7-01", cancellationToken);

        for (int kill = 0; kill < Kills; kill++)
        {
            int until = model.Count + random.Next(1, Longest + 1);
            await Poll.UntilAsync(() => model.Count >= until, cancellationToken);
            var back = new TaskCompletionSource();
            Volatile.Write(ref _back, back.Task);
            await hosts.KillAsync(isFirst: kill % 2 == 0, cancellationToken);
            back.SetResult();
        }

        JsonElement run = await hosts.EndAsync(id, cancellationToken);
        string[] results = ResultsOf(model);
        JsonElement[] tasks = await hosts.TasksAsync(cancellationToken);
        string[] seen = await hosts.SeenAsync(cancellationToken);

        Assert.That(run.GetProperty("status").GetString(), Is.EqualTo("completed"), run.ToString());
        Assert.That(results, Has.Length.EqualTo(Pieces + 1));
        Assert.That(results[^1], Does.Contain("in a circle"), "the worker asked the lead's host");
        CheckWorker(id, results, tasks, hosts.Log);
        CheckOther(id, results, seen);
        Assert.That(
            UsageOf(run, "cachedTokens"), Is.EqualTo(tasks.Sum(static task => UsageOf(task.GetProperty("run"), "cachedTokens"))),
            "each task is paid once: the lead's own answers have no such tokens, and no estimate of one that a kill cut off has");
        Assert.That(UsageOf(run, "inputTokens"),
            Is.AtLeast(tasks.Sum(static task => UsageOf(task.GetProperty("run"), "inputTokens"))));
        Assert.That(receiver.Spans.Select(static span => span.TraceId), Is.All.EqualTo(Trace));
        Assert.That(
            receiver.Spans.Select(static span => span["gen_ai.agent.name"]), Does.Contain("lead").And.Contain("worker"),
            "spans of both hosts");
    }

    /// <summary>
    /// A call is a task of the worker, once, or its host could not be asked; then the lead was told so, and nothing was done.
    /// </summary>
    private static void CheckWorker(string id, string[] results, JsonElement[] tasks, string log)
    {
        int[] done = [.. Enumerable.Range(0, Pieces).Where(static piece => !IsOther(piece))
            .Where(piece => results[piece].Contains($"Piece {piece} is done.", StringComparison.Ordinal))];
        int[] not = [.. Enumerable.Range(0, Pieces).Where(static piece => !IsOther(piece)).Except(done)];
        Assert.That(not.Select(piece => results[piece]), Is.All.Contains("cannot be called"));
        Assert.That(
            tasks.Select(static task => task.GetProperty("submitted").GetProperty("doorRequest").GetString()),
            Is.EquivalentTo(done.Append(Pieces).Select(piece => $"{id}/{piece + 1}/0")),
            "one task a call, and none for a call that was not made");
        foreach (JsonElement task in tasks)
        {
            JsonElement submitted = task.GetProperty("submitted");
            Assert.That(submitted.GetProperty("actor").GetString(), Is.EqualTo("peer:local"));
            Assert.That(submitted.GetProperty("act").EnumerateArray().Select(static one => one.GetString()),
                Is.EqualTo(new[] { $"run:{id}" }));
            Assert.That(task.GetProperty("run").GetProperty("budget").GetProperty("granted").GetProperty("steps").GetInt32(),
                Is.Positive);
        }

        Assert.That(
            log.Split('\n').Where(static line => line.StartsWith("line ", StringComparison.Ordinal)),
            Is.EqualTo(done.Select(static piece => $"line {piece}")), "the worker's effects");
        TestContext.Out.WriteLine($"{done.Length} pieces done by the worker, {not.Length} not asked for");
    }

    /// <summary>
    /// A server that does not say that it takes a message once is sent it once: where that is not known, the lead is told so.
    /// </summary>
    private static void CheckOther(string id, string[] results, string[] seen)
    {
        int[] pieces = [.. Enumerable.Range(0, Pieces).Where(IsOther)];
        Assert.That(seen, Is.Unique);
        Assert.That(seen, Is.SubsetOf(pieces.Select(piece => $"{id}/{piece + 1}/0")));
        foreach (int piece in pieces)
        {
            bool isDone = results[piece].Contains("Done by the other.", StringComparison.Ordinal);
            Assert.That(isDone ? "unknown" : results[piece], Does.Contain("unknown").IgnoreCase, $"piece {piece}");
            Assert.That(!isDone || seen.Contains($"{id}/{piece + 1}/0"));
        }

        TestContext.Out.WriteLine($"{seen.Length} of {pieces.Length} messages taken by the other");
    }

    private static long UsageOf(JsonElement run, string kind) => run.GetProperty("usage").GetProperty(kind).GetInt64();

    private static bool IsOther(int piece) => piece % 4 == 3;

    private static bool IsLead(ChatRequest request) =>
        request.Messages[0].ToString().Contains("You are the lead.", StringComparison.Ordinal);

    private static string[] ResultsOf(OpenAIProtocolServer model) =>
    [
        .. model.Requests.Last(IsLead).Messages.Where(static message => message.GetProperty("role").GetString() == "tool")
            .Select(static message => message.GetProperty("content").ToString()),
    ];

    private ChatReply Reply(ChatRequest request)
    {
        if (IsLead(request))
        {
            int piece = request.Turn;
            ChatReply next = piece switch
            {
                _ when piece > Pieces => ChatReply.Say("All pieces were handed out."),
                _ when piece == Pieces => ChatReply.Call("call_agent", new { agent = "helper", message = "Call back." }),
                _ => ChatReply.Call("call_agent",
                    new { agent = IsOther(piece) ? "other" : "helper", message = $"Do piece {piece}." }),
            };
            return next with { Usage = new ChatReplyUsage(), Before = Volatile.Read(ref _back).WaitAsync };
        }

        string goal = request.Messages.Select(static message => message.ToString())
            .First(static text => text.Contains("piece", StringComparison.Ordinal)
            || text.Contains("Call back.", StringComparison.Ordinal));
        ChatReply work = goal.Contains("Call back.", StringComparison.Ordinal)
            ? request.Turn == 0
                ? ChatReply.Call("call_agent", new { agent = "first", message = "Go on." })
                : ChatReply.Say($"It said: {request.Results[^1]}")
            : Work(request, goal.Split("Do piece ")[1].Split('.')[0]);
        return work with { Usage = new ChatReplyUsage(TokensOfAnAnswer, Cached: 7) };
    }

    private static ChatReply Work(ChatRequest request, string piece) => request.Turn == 0
        ? ChatReply.Call("edit_file", ScribeFolder.Edit(int.Parse(piece, CultureInfo.InvariantCulture)))
        : ChatReply.Say($"Piece {piece} is done.");
}
