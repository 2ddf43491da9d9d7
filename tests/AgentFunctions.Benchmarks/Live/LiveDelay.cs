using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Benchmarks.Engine;
using AgentFunctions.Sqlite;
using AgentFunctions.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Benchmarks.Live;

/// <summary>How late clients of the API are shown what a model server sends, over real connections on both sides.</summary>
internal static class LiveDelay
{
    /// <summary>The model server sends so much at a time.</summary>
    private const string Piece = "some more of the answer ";

    private const int Pieces = 60;

    /// <summary>A model that writes about 60 tokens a second.</summary>
    private static readonly TimeSpan BetweenPieces = TimeSpan.FromMilliseconds(100);

    public static async Task<DelayResult> MeasureAsync(Scratch scratch, int runs)
    {
        var watched = new ConcurrentDictionary<string, Watched>();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request => Answer(request, watched));
        model.Record = false;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Models:test:Endpoint"] = model.BaseUrl,
            ["Models:test:Key"] = "sk-test",
            ["Models:test:Model"] = "scripted",
        });
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddRouting();
        builder.Services.AddAgentFunctions(builder.Configuration).AddOpenAIModels(builder.Configuration).AddMcpServers()
            .AddMonitors()
            .AddSqliteEngine(options => options.DataFile = scratch.NewFile()).AddAgentFunctionsApi()
            .AddAgent(Agents.Agent.Create("worker").WithInstructions("Speak.").Build());
        await using WebApplication app = builder.Build();
        app.MapAgentFunctions();
        await app.StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 10_000 })
        {
            BaseAddress = new Uri(app.Urls.First()),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        // The code is compiled, and the gate of the model lets enough calls through, before anything is measured.
        for (int i = 0; i < 3; i++)
        {
            await Task.WhenAll(Enumerable.Range(0, runs).Select(_ => WatchAsync(http, "warm up", null)));
        }

        long begun = Stopwatch.GetTimestamp();
        TimeSpan worked = Environment.CpuUsage.TotalTime;
        Task[] watching = [.. Enumerable.Range(0, runs).Select(number =>
        {
            var one = new Watched();
            string goal = string.Create(CultureInfo.InvariantCulture, $"speak {number}.");
            watched[goal] = one;
            return WatchAsync(http, goal, one);
        })];
        await Task.WhenAll(watching);
        double share = (Environment.CpuUsage.TotalTime - worked) / Stopwatch.GetElapsedTime(begun);
        await app.StopAsync();
        double[] delays = [.. watched.Values.SelectMany(static one => one.Delays()).Order()];
        int mostAtOnce = watched.Values.Max(one => watched.Values.Count(other => other.IsWith(one)));
        return new DelayResult(runs, delays.Length, At(delays, 0.5), At(delays, 0.95), At(delays, 0.99), mostAtOnce, share);
    }

    private static double At(double[] sorted, double share) => sorted[(int)((sorted.Length - 1) * share)];

    private static ChatReply Answer(ChatRequest request, ConcurrentDictionary<string, Watched> watched)
    {
        string goal = request.Messages[1].GetProperty("content").ToString();
        Watched? one = watched.FirstOrDefault(pair => goal.Contains(pair.Key, StringComparison.Ordinal)).Value;
        return one is null ? ChatReply.Say("warm") : ChatReply.Say(string.Concat(Enumerable.Repeat(Piece, Pieces))) with
        {
            Before = one.IsWatched.WaitAsync,
            BetweenChunks = async cancellationToken =>
            {
                await Task.Delay(BetweenPieces, cancellationToken);
                one.Sent.Add(Stopwatch.GetTimestamp());
            },
        };
    }

    private static async Task WatchAsync(HttpClient http, string goal, Watched? one)
    {
        using HttpResponseMessage submitted = await http.PostAsJsonAsync("/api/runs", new { goal });
        JsonElement run = await submitted.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>();
        string id = run.GetProperty("id").GetString()!;
        await using Stream stream = await http.GetStreamAsync(new Uri($"/api/runs/{id}/events?live=true", UriKind.Relative));
        await foreach (SseItem<string> item in SseParser.Create(stream).EnumerateAsync())
        {
            if (one is null)
            {
                continue;
            }

            if (item.EventType == "model.started")
            {
                one.IsWatched.Release();
            }
            else if (item.EventType == "model.delta")
            {
                JsonElement data = JsonElement.Parse(item.Data);
                int length = data.GetProperty("at").GetInt32() + data.GetProperty("text").GetString()!.Length;
                one.Shown.Add((Stopwatch.GetTimestamp(), length));
            }
        }
    }

    /// <summary>One run: when each piece was sent, and up to where its client was shown its text when.</summary>
    private sealed class Watched
    {
        public SemaphoreSlim IsWatched { get; } = new(0);

        public List<long> Sent { get; } = new(Pieces);

        public List<(long At, int Length)> Shown { get; } = [];

        public bool IsWith(Watched other) =>
            Sent.Count > 0 && other.Sent.Count > 0 && Sent[0] <= other.Sent[0] && other.Sent[0] <= Sent[^1];

        /// <summary>
        /// From each piece to its client, in milliseconds; a piece counts as shown but for the blank at its end.
        /// </summary>
        public IEnumerable<double> Delays()
        {
            int shown = 0;
            for (int piece = 0; piece < Math.Min(Pieces, Sent.Count); piece++)
            {
                while (shown < Shown.Count && Shown[shown].Length < ((piece + 1) * Piece.Length) - 1)
                {
                    shown++;
                }

                // What came with the record of the answer alone was not shown live.
                if (shown < Shown.Count)
                {
                    yield return Stopwatch.GetElapsedTime(Sent[piece], Shown[shown].At).TotalMilliseconds;
                }
            }
        }
    }
}

/// <summary>Delays in milliseconds, and the share of a processor that host, model server and clients took together.</summary>
internal sealed record DelayResult(int Runs, int Pieces, double P50, double P95, double P99, int MostAtOnce, double Share);
