using System.Globalization;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.AspNetCore;
using AgentFunctions.Sqlite;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Benchmarks.Streams;

/// <summary>
/// The host of the streams, in a process of its own: what its clients take is not its. It writes its address, and then a line of
/// figures for each line that it reads.
/// </summary>
internal static class StreamsHost
{
    /// <summary>The argument that starts it.</summary>
    public const string Verb = "streams-host";

    /// <summary>The line for figures of what is left after a collection; other lines are answered at once.</summary>
    public const string Collect = "collect";

    /// <summary>What a goal has whose run speaks; others wait for a person whom no door asks.</summary>
    public const string Speak = "Speak.";

    /// <summary>How many pieces of text a run says that speaks.</summary>
    public const int Pieces = 100;

    private const string Policy = "rules: [{name: ask, when: {tool: send}, then: ask, approval: {inBand: false}}]";

    public static async Task<int> RunAsync(string folder)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "policy.yaml"), Policy);
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(Answer);
        model.Record = false;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Models:test:Endpoint"] = model.BaseUrl,
            ["Models:test:Key"] = "sk-test",
            ["Models:test:Model"] = "scripted",
            ["Governance:PolicyPath"] = Path.Combine(folder, "policy.yaml"),
        });
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddRouting();
        builder.Services.AddAgentFunctions(builder.Configuration).AddOpenAIModels(builder.Configuration).AddMcpServers()
            .AddMonitors()
            .AddSqliteEngine(options => options.DataFile = Path.Combine(folder, "runs.db"))
            .AddAgentFunctionsApi(static options => (options.StreamsPerCaller, options.StreamsPerHost) = (0, 0))
            .AddTool(AgentTool.Create("send", "Sends.", ToolEffect.NotIdempotent, static () => "sent"))
            .AddAgent(Agents.Agent.Create("worker").WithInstructions("Work.").Build())
            .AddAgentFunctionsDoors();
        await using WebApplication app = builder.Build();
        app.MapAgentFunctions();
        app.MapDoors();
        await app.StartAsync();
        Console.WriteLine(app.Urls.First());
        while (await Console.In.ReadLineAsync() is { } what)
        {
            Console.WriteLine(JsonSerializer.Serialize(StreamsFigures.Take(collects: what == Collect)));
        }

        await app.StopAsync();
        return 0;
    }

    private static ChatReply Answer(ChatRequest request) =>
        request.Messages.Any(static message => message.ToString().Contains(Speak, StringComparison.Ordinal))
            ? ChatReply.Say(string.Concat(Enumerable.Repeat("some more of the answer ", Pieces))) with
            {
                BetweenChunks = static token => Task.Delay(50, token),
            }
            : ChatReply.Call("send", new { });
}

/// <summary>What the process holds and has done.</summary>
internal sealed record StreamsFigures(long HeapBytes, long WorkingSetBytes, int Threads, double ProcessorMs)
{
    public static StreamsFigures Take(bool collects)
    {
        double worked = Environment.CpuUsage.TotalTime.TotalMilliseconds;
        for (int i = 0; collects && i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        int threads = Directory.GetDirectories("/proc/self/task").Length;
        return new StreamsFigures(GC.GetTotalMemory(false), Environment.WorkingSet, threads, worked);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{HeapBytes / 1e6:F1} MB of heap, {WorkingSetBytes / 1e6:F0} MB resident, {Threads} threads");
}
