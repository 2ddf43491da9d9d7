using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Soak;

/// <summary>
/// The real program against hostile and odd endpoints, tool servers and receivers, all at once: its memory stays bounded, nothing
/// is held, everything is told, and every run ends with a reason.
/// </summary>
/// <remarks>The long form: <c>AGENTFUNCTIONS_SOAK_MINUTES=10</c>.</remarks>
[Platform("Linux")]
[CancelAfter(3_600_000)]
internal sealed class HostileSoakTests
{
    /// <summary>How many runs are at work at the same time.</summary>
    private const int Width = 12;

    /// <summary>The most that memory may grow from the first third of the time to the last.</summary>
    private const double MostGrowth = 1.5;

    /// <summary>The most memory that the program may have, whatever the world does.</summary>
    private const long MostMemory = 1_200L << 20;

    private static readonly string? Minutes = Environment.GetEnvironmentVariable("AGENTFUNCTIONS_SOAK_MINUTES");

    private static readonly TimeSpan Length =
        Minutes is null ? TimeSpan.FromSeconds(2) : TimeSpan.FromMinutes(double.Parse(Minutes, CultureInfo.InvariantCulture));

    private static readonly string[] Ends = ["completed", "failed", "budgetExhausted", "cancelled"];

    [Test]
    public async Task Serve_EverythingHostileAtOnce_StaysBoundedTellsAndEnds(CancellationToken cancellationToken)
    {
        int seed = Environment.TickCount & 0xFFFF;
        using var folder = new TemporaryFolder();
        await using HostileWorld world = await HostileWorld.StartAsync(seed);
        await using ProgramProcess server = Start(folder, world);
        string line = await server.LineAsync(static line => line.StartsWith("Listening on ", StringComparison.Ordinal));
        using var http = new HttpClient
        {
            BaseAddress = new Uri(line["Listening on ".Length..]),
            Timeout = TimeSpan.FromMinutes(5)
        };
        var memory = new List<(TimeSpan At, long Bytes)>();
        var runs = new List<string>();
        long begun = Stopwatch.GetTimestamp();
        Task[] work = [.. Enumerable.Range(0, Width)
            .Select(number => WorkAsync(http, world, number, begun, runs, cancellationToken))];
        Task all = Task.WhenAll(work);
        while (!all.IsCompleted)
        {
            memory.Add((Stopwatch.GetElapsedTime(begun), server.Memory));
            await Task.WhenAny(all, Task.Delay(500, cancellationToken));
        }

        await all;
        Dictionary<string, int> ends = await AssertEndedWithReasonsAsync(http, runs, cancellationToken);
        JsonElement good = await AssertNothingIsHeldAsync(http, world, cancellationToken);
        TimeSpan third = memory[^1].At / 3;
        long early = memory.Where(sample => sample.At <= third).Max(static sample => sample.Bytes);
        long late = memory.Where(sample => sample.At >= third * 2).Max(static sample => sample.Bytes);
        long most = memory.Max(static sample => sample.Bytes);
        TestContext.Out.WriteLine(
            $"seed {seed}: {runs.Count} runs in {memory[^1].At.TotalSeconds:0} s: {string.Join(", ", ends.Select(static end => $"{end.Key} {end.Value}"))}; "
            + $"memory {early >> 20} MiB in the first third, {late >> 20} MiB in the last, {most >> 20} MiB at most; {world.Counts}");

        Assert.That(good.GetProperty("result").GetProperty("text").GetString(), Is.EqualTo("All is said."));
        Assert.That(most, Is.LessThan(MostMemory), "bounded");
        if (Minutes is not null)
        {
            // A short run is still warming up.
            Assert.That(late, Is.LessThan((long)(early * MostGrowth)), "does not grow");
        }
    }

    private static async Task WorkAsync(HttpClient http, HostileWorld world, int number, long begun, List<string> runs,
        CancellationToken cancellationToken)
    {
        for (int i = 0; i == 0 || Stopwatch.GetElapsedTime(begun) < Length; i++)
        {
            string id = await SubmitAsync(http, $"Do the work, {number}.{i}.", i % 3 == 0 ? $"{world.Url}/hook" : null,
                cancellationToken);
            lock (runs)
            {
                runs.Add(id);
            }

            await EndOfAsync(http, id, cancellationToken);
        }
    }

    private static async Task<string> SubmitAsync(HttpClient http, string goal, string? callbackUrl,
        CancellationToken cancellationToken)
    {
        using HttpResponseMessage submitted = await http.PostAsJsonAsync(
            "api/runs", new { goal, callbackUrl, budget = new { steps = 12, wallClock = "PT20S" } }, cancellationToken);
        string body = await submitted.Content.ReadAsStringAsync(cancellationToken);
        Assert.That(submitted.IsSuccessStatusCode, Is.True, body);
        return JsonElement.Parse(body).GetProperty("id").GetString()!;
    }

    private static async Task<JsonElement> EndOfAsync(HttpClient http, string id, CancellationToken cancellationToken)
    {
        return await Poll.ForAsync(LookAsync, static run => Ends.Contains(run.GetProperty("status").GetString()),
            cancellationToken);

        async Task<JsonElement> LookAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"api/runs/{id}");
            request.Headers.Add("Prefer", "wait=20");
            using HttpResponseMessage answer = await http.SendAsync(request, cancellationToken);
            return JsonElement.Parse(await answer.Content.ReadAsStringAsync(cancellationToken));
        }
    }

    private static async Task<Dictionary<string, int>> AssertEndedWithReasonsAsync(HttpClient http, List<string> runs,
        CancellationToken cancellationToken)
    {
        var ends = new Dictionary<string, int>();
        foreach (string id in runs)
        {
            JsonElement run = await EndOfAsync(http, id, cancellationToken);
            string status = run.GetProperty("status").GetString()!;
            bool hasError = run.TryGetProperty("error", out JsonElement error) && error.ValueKind == JsonValueKind.Object
                && error.GetProperty("message").GetString() is { Length: > 0 };
            Assert.That(status == "completed" || hasError, Is.True, $"{id}: no reason: {run}");
            string end = hasError ? $"{status}/{error.GetProperty("code").GetString()}" : status;
            ends[end] = ends.GetValueOrDefault(end) + 1;
            if (status != "completed")
            {
                string events = await EventsAsync(http, id, cancellationToken);
                Assert.That(events, Does.Contain("run.ended"), "told where it is followed");
            }
        }

        return ends;
    }

    private static async Task<string> EventsAsync(HttpClient http, string id, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/runs/{id}/events");
        request.Headers.Accept.ParseAdd("application/json");
        using HttpResponseMessage answer = await http.SendAsync(request, cancellationToken);
        return await answer.Content.ReadAsStringAsync(cancellationToken);
    }

    /// <summary>A model that behaves is asked at once; no call of an ended run is still open.</summary>
    private static async Task<JsonElement> AssertNothingIsHeldAsync(HttpClient http, HostileWorld world,
        CancellationToken cancellationToken)
    {
        // The breaker of the model may be open for a moment after all that.
        JsonElement run = await Poll.ForAsync(
            async () => await EndOfAsync(http, await SubmitAsync(http, $"{HostileWorld.Good}: say it.", null, cancellationToken),
                cancellationToken),
            static run => run.GetProperty("status").GetString() == "completed", cancellationToken);

        // What is left are deliveries of callbacks and looks at tool servers, a handful at a time.
        await Poll.UntilAsync(() => world.Open <= Width, cancellationToken);

        return run;
    }

    private static ProgramProcess Start(TemporaryFolder folder, HostileWorld world)
    {
        string servers = folder.Write(".mcp.json", JsonSerializer.Serialize(new
        {
            mcpServers = new Dictionary<string, object>
            {
                ["asks"] = new
                {
                    command = "node",
                    args = new[] { Path.Combine(AppContext.BaseDirectory, "node", "odd-server.mjs"), "newest" }
                },
                ["dies"] = new { command = "sh", args = new[] { "-c", "exit 3" } },
                ["mute"] = new { command = "sh", args = new[] { "-c", "cat > /dev/null" } },
                ["floods"] = new { command = "sh", args = new[] { "-c", "yes 0123456789 | head -c 50000000; sleep 1" } },
                ["missing"] = new { command = "no-such-program" },
                ["webmute"] = new { type = "http", url = $"{world.Url}/mcp/mute" },
                ["webempty"] = new { type = "http", url = $"{world.Url}/mcp/empty" },
                ["webhtml"] = new { type = "http", url = $"{world.Url}/mcp/html" },
                ["webendless"] = new { type = "http", url = $"{world.Url}/mcp/endless" },
                ["weberror"] = new { type = "http", url = $"{world.Url}/mcp/error" },
            },
        }));
        return ProgramProcess.Start(
            new Dictionary<string, string>
            {
                ["Models__hostile__Provider"] = "openai",
                ["Models__hostile__Endpoint"] = $"{world.Url}/v1",
                ["Models__hostile__Key"] = "test-key",
                ["Models__hostile__Model"] = "hostile",
                ["Models__hostile__ContextWindow"] = "32000",
                ["Models__hostile__AttemptTimeout"] = "00:00:05",
                ["Models__hostile__StreamIdleTimeout"] = "00:00:03",
                ["Models__hostile__AnswerTimeout"] = "00:00:06",
                ["Models__hostile__MaxAnswerBytes"] = "4194304",
                ["Models__hostile__CircuitBreakerDuration"] = "00:00:01",
                ["Models__hostile__RetryDelay"] = "00:00:00.2",
                ["Models__hostile__MaxRetryAfter"] = "00:00:02",
                ["Tools__ServerPatience"] = "00:00:00.2",
                ["Governance__Network__Allow__0"] = "127.0.0.1",
                ["NO_PROXY"] = "*",
            },
            "serve", "--urls", "http://127.0.0.1:0", "--data", folder.Folder("data"), "--workspace", folder.Folder("workspace"),
            "--mcp-config", servers);
    }
}
