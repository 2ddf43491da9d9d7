using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.Benchmarks.Engine;

namespace AgentFunctions.Benchmarks.Streams;

/// <summary>
/// What a stream costs a host on which nothing happens: a thousand of each kind, each of a run of its own that waits for a person,
/// in memory and in processor time; and fifty runs that speak beside them, while one client reads nothing.
/// </summary>
internal static class StreamsBenchmark
{
    private const int Speaking = 50;

    public static async Task<int> RunAsync(string[] args)
    {
        var options = new Dictionary<string, string>
        {
            ["--streams"] = "1000",
            ["--seconds"] = "30",
            ["--kinds"] = "events,live,watch,responses,agui,a2a,mcp",
            ["--data"] = Path.GetTempPath(),
        };
        foreach (string[] pair in args.Chunk(2))
        {
            options[pair[0]] = pair[1];
        }

        int count = int.Parse(options["--streams"], CultureInfo.InvariantCulture);
        var window = TimeSpan.FromSeconds(int.Parse(options["--seconds"], CultureInfo.InvariantCulture));
        using var scratch = new Scratch(options["--data"], false);
        using Process process = Process.Start(new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "AgentFunctions.Benchmarks"), [StreamsHost.Verb, scratch.NewFolder()])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        })!;
        try
        {
            var host = new Uri((await process.StandardOutput.ReadLineAsync())!);
            using var http = new HttpClient { BaseAddress = host, Timeout = Timeout.InfiniteTimeSpan };
            string[] runs = await InParallelAsync(count, _ => SubmitAsync(http));
            foreach (string kind in options["--kinds"].Split(','))
            {
                // The first ones compile the code, and begin the runs of those kinds that begin their own.
                Dispose(await InParallelAsync(count, i => OpenAsync(host, kind, runs[i], i)));
                Figures none = await FiguresAsync(process, window);
                StreamsClient[] open = await InParallelAsync(count, i => OpenAsync(host, kind, runs[i], i));
                Figures idle = await FiguresAsync(process, window);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{kind,-10} {(idle.Held.HeapBytes - none.Held.HeapBytes) / 1024.0 / count,6:F1} KiB of heap and "
                    + $"{(idle.Held.WorkingSetBytes - none.Held.WorkingSetBytes) / 1024.0 / count,6:F1} KiB resident a stream; "
                    + $"{idle.Share - none.Share,7:P2} of a processor for {count} (without: {none.Share:P2}); "
                    + $"{idle.Held.Threads - none.Held.Threads} threads more than {none.Held.Threads}"));
                if (kind == "live")
                {
                    Console.WriteLine($"           beside them {await SpeakAsync(http, host, process)}");
                }

                Dispose(open);
            }
        }
        finally
        {
            process.Kill();
        }

        return 0;
    }

    private static void Dispose(StreamsClient[] clients)
    {
        foreach (StreamsClient client in clients)
        {
            client.Dispose();
        }
    }

    /// <summary>Lets the pauses between looks grow, and then measures for a while.</summary>
    private static async Task<Figures> FiguresAsync(Process process, TimeSpan window)
    {
        await Task.Delay(window);
        StreamsFigures first = await TakeAsync(process);
        long begun = Stopwatch.GetTimestamp();
        await Task.Delay(window);
        StreamsFigures last = await TakeAsync(process);
        double share = (last.ProcessorMs - first.ProcessorMs) / Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        return new Figures(await TakeAsync(process, StreamsHost.Collect), share);
    }

    private static async Task<StreamsFigures> TakeAsync(Process process, string what = "")
    {
        await process.StandardInput.WriteLineAsync(what);
        await process.StandardInput.FlushAsync();
        return JsonSerializer.Deserialize<StreamsFigures>((await process.StandardOutput.ReadLineAsync())!)!;
    }

    private static async Task<string> SubmitAsync(HttpClient http)
    {
        using HttpResponseMessage made = await http.PostAsJsonAsync(
            "v1/responses", new { model = "worker", input = "Wait.", background = true });
        JsonElement response = await made.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>();
        string id = response.GetProperty("id").GetString()!["resp_".Length..];
        while (true)
        {
            JsonElement run = await http.GetFromJsonAsync<JsonElement>($"api/runs/{id}");
            if (run.GetProperty("status").GetString() == "waiting")
            {
                return id;
            }

            await Task.Delay(50);
        }
    }

    private static Task<StreamsClient> OpenAsync(Uri host, string kind, string run, int number) => kind switch
    {
        "events" => StreamsClient.OpenAsync(host, "GET", $"api/runs/{run}/events", null),
        "live" => StreamsClient.OpenAsync(host, "GET", $"api/runs/{run}/events?live=true", null),
        "watch" => StreamsClient.OpenAsync(host, "GET", "api/watch", null),
        "responses" => StreamsClient.OpenAsync(host, "GET", $"v1/responses/resp_{run}?stream=true", null),
        "agui" => StreamsClient.OpenAsync(host, "POST", "agui/worker", JsonSerializer.Serialize(new
        {
            threadId = $"thread-{number}",
            runId = "r",
            messages = new[] { new { id = "m", role = "user", content = "Wait." } },
            tools = Array.Empty<string>(),
            context = Array.Empty<string>(),
        })),
        "a2a" => StreamsClient.OpenAsync(host, "GET", $"a2a/worker/tasks/{run}:subscribe", null, "A2A-Version: 1.0\r\n"),
        "mcp" => StreamsClient.OpenAsync(host, "POST", "mcp", McpCall(number), McpHeaders),
        _ => throw new ArgumentException($"'{kind}' is not a kind of stream."),
    };

    private static string McpHeaders =>
        "Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\n"
        + "Mcp-Name: worker\r\n";

    private static string McpCall(int number) => $$$"""
        {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"worker",
        "arguments":{"goal":"Wait.","requestKey":"k-{{{number}}}" },"_meta":{"progressToken":"p",
        "io.modelcontextprotocol/protocolVersion":"2026-07-28",
        "io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"},
        "io.modelcontextprotocol/clientCapabilities":{} } } }
        """;

    /// <summary>Has runs speak, each to a client of its own, and to one of them that reads nothing.</summary>
    private static async Task<string> SpeakAsync(HttpClient http, Uri host, Process process)
    {
        string[] ids = await InParallelAsync(Speaking, async _ =>
        {
            using HttpResponseMessage made = await http.PostAsJsonAsync("api/runs", new { goal = StreamsHost.Speak });
            return (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
        });
        using var silent = new System.Net.Sockets.TcpClient { ReceiveBufferSize = 1 };
        await silent.ConnectAsync(host.Host, host.Port);
        await silent.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(
            $"GET /api/runs/{ids[0]}/events?live=true HTTP/1.1\r\nHost: {host.Authority}\r\n\r\n"));
        Task<string[]> told = InParallelAsync(Speaking, i => http.GetStringAsync($"api/runs/{ids[i]}/events?live=true"));
        int most = 0;
        while (!told.IsCompleted)
        {
            most = Math.Max(most, (await TakeAsync(process)).Threads);
            await Task.WhenAny(told, Task.Delay(500));
        }

        int whole = (await told).Count(static text => text.Contains("event: run.ended", StringComparison.Ordinal));
        return $"{whole} of {Speaking} runs that speak were followed to their end, one with a reader that reads nothing; "
            + $"{most} threads at most";
    }

    private static async Task<T[]> InParallelAsync<T>(int count, Func<int, Task<T>> act)
    {
        var made = new T[count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 64 },
            async (i, _) => made[i] = await act(i));
        return made;
    }

    private sealed record Figures(StreamsFigures Held, double Share);
}
