using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Models;
using AgentFunctions.Sqlite;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Benchmarks.Agent;

/// <summary>A model in this process that answers at once: what is left is the host's own time.</summary>
/// <param name="turns">After so many turns it answers.</param>
/// <param name="asked">Told when it is asked.</param>
/// <param name="answered">Told when it has answered.</param>
internal sealed class ScriptedModel(int turns, Action asked, Action<int> answered) : IChatClient
{
    /// <summary>Bytes of text that a token stands for.</summary>
    private const int BytesPerToken = 4;

    private int _turn;

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        asked();
        long length = messages.Sum(static message => message.Contents.Sum(static content => content switch
        {
            TextContent text => text.Text.Length,
            FunctionResultContent result => result.Result?.ToString()?.Length ?? 0,
            _ => 64L,
        }));
        bool isSummary = options?.Tools is null;
        int turn = isSummary ? _turn : ++_turn;
        AIContent content = isSummary ? new TextContent("A summary of what was done.")
            : turn > turns ? new TextContent("done")
            : new FunctionCallContent($"call-{turn}", "work", new Dictionary<string, object?> { ["turn"] = JsonSerializer.SerializeToElement(turn) });
        var response = new ChatResponse(new ChatMessage(ChatRole.Assistant, [content]))
        {
            FinishReason = content is TextContent ? ChatFinishReason.Stop : ChatFinishReason.ToolCalls,
            Usage = new UsageDetails { InputTokenCount = length / BytesPerToken, OutputTokenCount = 20 },
        };
        answered(turn);
        return Task.FromResult(response);
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (ChatResponseUpdate update in (await GetResponseAsync(messages, options, cancellationToken)).ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    /// <summary>A host with this model and one tool.</summary>
    public static async Task<IHost> StartHostAsync(string dataFile, IChatClient model, AgentTool tool)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddAgentModel(_ => new ModelBinding(
            "scripted", "scripted",
            new ModelProfile { Provider = "benchmark", ContextWindow = 32_000, MaxOutputTokens = 1_000, Streaming = false }, model));
        builder.Services
            .AddAgentFunctions(new ConfigurationBuilder().Build())
            .AddSqliteEngine(options => options.DataFile = dataFile);
        builder.Services.AddAgent(Agents.Agent.Create("worker").WithInstructions("Work.").WithMaxTurns(int.MaxValue).Build());
        builder.Services.AddTool(tool);
        IHost host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
