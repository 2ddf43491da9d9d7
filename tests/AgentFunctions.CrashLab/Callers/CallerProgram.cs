using System.Text.Json;
using AgentFrameworkRefund;
using AgentFunctions.AgentFramework;
using AgentFunctions.Agents;
using AgentFunctions.Sqlite;
using AgentFunctions.Tools;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.CrashLab.Callers;

/// <summary>
/// A program that calls a durable agent and writes a line for all that it is told, until it is killed: then another one goes on
/// from the token of the last line.
/// </summary>
internal static class CallerProgram
{
    private const string Log = "log.txt";

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs the program.</summary>
    /// <param name="folder">Where the runs and the log are.</param>
    /// <param name="model">The address of the model.</param>
    /// <param name="way"><c>stream</c>, or <c>background</c>.</param>
    /// <param name="token">The token to go on from; empty to begin.</param>
    public static async Task RunAsync(string folder, string model, string way, string token)
    {
        using IHost host = Host(folder, model);
        await host.StartAsync();
        AIAgent scribe = host.Services.GetRequiredKeyedService<AIAgent>("scribe");
        AgentSession session = await scribe.CreateSessionAsync();
        var options = new AgentRunOptions
        {
            // Killed before its first line, it begins again.
            AdditionalProperties = new() { ["agentfunctions.idempotencyKey"] = "the-log" },
            AllowBackgroundResponses = way == "background",
            ContinuationToken = token.Length == 0 ? null : ResponseContinuationToken.FromBytes(Convert.FromBase64String(token)),
        };
        ChatMessage[] begin = token.Length == 0 ? [new(ChatRole.User, "Keep the log.")] : [];
        await (way == "background" ? PollAsync(scribe, session, begin, options) : StreamAsync(scribe, session, begin, options));
        await host.StopAsync();
    }

    private static async Task StreamAsync(AIAgent scribe, AgentSession session, ChatMessage[] begin, AgentRunOptions options)
    {
        await foreach (AgentResponseUpdate update in scribe.RunStreamingAsync(begin, session, options))
        {
            await WriteAsync([(update.MessageId, update.Contents)], update.ContinuationToken, update.FinishReason);
        }
    }

    private static async Task PollAsync(AIAgent scribe, AgentSession session, ChatMessage[] begin, AgentRunOptions options)
    {
        using var timer = new PeriodicTimer(s_pause);
        AgentResponse response = await scribe.RunAsync(begin, session, options);
        while (true)
        {
            await WriteAsync(
                [.. response.Messages.Select(static message => (message.MessageId, message.Contents))],
                response.ContinuationToken, response.FinishReason);
            if (response.ContinuationToken is not { } next)
            {
                return;
            }

            await timer.WaitForNextTickAsync();
            response = await scribe.RunAsync(session,
                new AgentRunOptions { ContinuationToken = next, AllowBackgroundResponses = true });
        }
    }

    private static async Task WriteAsync(
        IReadOnlyList<(string? Id, IList<AIContent> Contents)> messages, ResponseContinuationToken? token,
        ChatFinishReason? end) =>
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(new
        {
            messages = messages.Select(static message => new
            {
                // Without the run, which is another in each trial.
                id = message.Id?[(message.Id.IndexOf('/', StringComparison.Ordinal) + 1)..],
                text = string.Concat(message.Contents.OfType<TextContent>()),
                calls = message.Contents.OfType<FunctionCallContent>().Select(static call => call.CallId),
                results = message.Contents.OfType<FunctionResultContent>()
                    .Select(static result => $"{result.CallId}: {result.Result}"),
            }),
            token = token is null ? null : Convert.ToBase64String(token.ToBytes().Span),
            end = end?.Value,
        }));

    private static IHost Host(string folder, string model)
    {
        HostApplicationBuilder builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Models:test:Provider"] = "openai",
            ["Models:test:Endpoint"] = model,
            ["Models:test:Key"] = "sk-test",
            ["Models:test:Model"] = "scripted",
            ["Live:Interval"] = "00:00:00.010",
        });
        builder.Services
            .AddAgentFunctions(builder.Configuration)
            .AddOpenAIModels(builder.Configuration)
            .AddSqliteEngine(options => options.DataFile = Path.Combine(folder, "agents.db"))
            .AddAgent(Agent.Create("scribe").WithInstructions("Keep the log.").WithTools("note"))
            .AddTool(Note(Path.Combine(folder, Log)))
            .AddAgentFunctionsAsAIAgents();
        return builder.Build();
    }

    private static AgentTool Note(string log)
    {
        bool IsThere(AIFunctionArguments arguments) =>
            File.Exists(log) && File.ReadAllLines(log).Contains(arguments["line"]!.ToString(), StringComparer.Ordinal);
        return AgentTool.Create("note", "Adds a line.", ToolEffect.NotIdempotent, (string line) =>
        {
            Disk.Append(log, line);
            return $"noted {line}";
        }).WithReconcile((_, arguments, _) => Task.FromResult(
            IsThere(arguments) ? Reconciliation.TookEffect($"noted {arguments["line"]}") : Reconciliation.DidNotTakeEffect));
    }
}
