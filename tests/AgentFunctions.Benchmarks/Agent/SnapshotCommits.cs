using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentFunctions.Benchmarks.Engine;
using AgentFunctions.Gateway;
using AgentFunctions.Hosting;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.Views;
using AgentFunctions.Workspaces;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Benchmarks.Agent;

/// <summary>
/// How many commits a turn takes with and without what keeps the changes of folders, as the data file counts them.
/// </summary>
internal static class SnapshotCommits
{
    private const int Turns = 200;

    /// <summary>Measures, and prints a line.</summary>
    public static async Task RunAsync(Scratch scratch)
    {
        double writesOff = await PerTurnAsync(scratch, "write_file", "off"), writes = await PerTurnAsync(scratch, "write_file",
            "all");
        double readsOff = await PerTurnAsync(scratch, "read_file", "off"), reads = await PerTurnAsync(scratch, "read_file",
            "all");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"snapshots   {writes:F2} commits per turn that writes, {writesOff:F2} without; {reads:F2} per turn that reads, {readsOff:F2} without"));
    }

    private static async Task<double> PerTurnAsync(Scratch scratch, string tool, string mode)
    {
        string file = scratch.NewFile();
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Workspace:Snapshots", mode)])
            .Build();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        var profile = new ModelProfile
        {
            Provider = "benchmark",
            ContextWindow = 1_000_000,
            MaxOutputTokens = 1_000,
            Streaming = false,
        };
        builder.Services.AddAgentModel(_ => new ModelBinding("scripted", "scripted", profile, new Model(tool)));
        builder.Services.AddAgentFunctions(configuration, options => options.WorkspaceRoot = scratch.NewFolder())
            .AddOpenAIModels(configuration).AddMcpServers().AddMonitors()
            .AddSqliteEngine(options => options.DataFile = file)
            .AddWorkspaceTools()
            .AddAgent(Agents.Agent.Create("worker").WithInstructions("Work.").WithTools("write_file", "read_file")
                .WithMaxTurns(int.MaxValue));
        using IHost host = builder.Build();
        await host.StartAsync();
        await RunAsync(host);
        long before = Count(file);
        await RunAsync(host);
        long after = Count(file);
        await host.StopAsync();
        return (after - before) / (double)Turns;
    }

    private static async Task RunAsync(IHost host)
    {
        Run run = await host.Services.GetRequiredService<AgentGateway>()
            .SubmitAsync(new RunRequest { Goal = "Take many turns." });
        run = await host.Services.GetRequiredService<RunReader>().WaitForEndAsync(run.Id);
        if (run.Status != RunStatus.Completed)
        {
            throw new InvalidOperationException($"The run ended as {run.Status}: {run.Error?.Message}");
        }
    }

    private static long Count(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT count FROM head";
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>Writes a file, then calls one tool turn by turn.</summary>
    private sealed class Model(string tool) : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            int turn = messages.Count(static message => message.Role == ChatRole.Assistant);
            string name = turn == 0 ? "write_file" : tool;
            var arguments = new Dictionary<string, object?> { ["path"] = JsonSerializer.SerializeToElement("file.txt") };
            if (name == "write_file")
            {
                arguments["content"] = JsonSerializer.SerializeToElement($"{turn}\n");
            }

            AIContent content = turn > Turns ? new TextContent("done") : new FunctionCallContent($"call-{turn}", name, arguments);
            return Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, [content]))
            {
                FinishReason = content is TextContent ? ChatFinishReason.Stop : ChatFinishReason.ToolCalls,
                Usage = new UsageDetails { InputTokenCount = 100, OutputTokenCount = 20 },
            });
        }

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null,
            [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            foreach (ChatResponseUpdate update in (await GetResponseAsync(messages, options,
                cancellationToken)).ToChatResponseUpdates())
            {
                yield return update;
            }
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
