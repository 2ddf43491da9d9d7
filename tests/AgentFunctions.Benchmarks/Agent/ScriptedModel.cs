using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Hosting;
using AgentFunctions.Models;
using AgentFunctions.Sqlite;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Benchmarks.Agent;

/// <summary>A model in this process that answers at once: what is left is the host's own time.</summary>
internal sealed class ScriptedModel : IChatClient
{
    /// <summary>Bytes of text that a token stands for.</summary>
    private const int BytesPerToken = 4;

    private AgentMarks _marks = new(0, static () => 0);
    private int _turns;
    private int _turn;

    /// <summary>Begins a run.</summary>
    /// <param name="turns">After so many turns it answers.</param>
    /// <param name="marks">Told when it is asked and when it has answered.</param>
    public void Begin(int turns, AgentMarks marks) => (_turns, _turn, _marks) = (turns, 0, marks);

    /// <summary>What the tool does.</summary>
    public string Work(int turn) => _marks.Work(turn);

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        _marks.ModelAsked();
        long length = messages.Sum(LengthOf);
        bool isSummary = options?.Tools is null;
        int turn = isSummary ? _turn : ++_turn;
        AIContent content = isSummary ? new TextContent("A summary of what was done.")
            : turn > _turns ? new TextContent("done")
            : new FunctionCallContent($"call-{turn}", "work",
                new Dictionary<string, object?> { ["turn"] = JsonSerializer.SerializeToElement(turn) });
        var response = new ChatResponse(new ChatMessage(ChatRole.Assistant, [content]))
        {
            FinishReason = content is TextContent ? ChatFinishReason.Stop : ChatFinishReason.ToolCalls,
            Usage = new UsageDetails { InputTokenCount = length / BytesPerToken, OutputTokenCount = 20 },
        };
        _marks.ModelAnswered(turn);
        return Task.FromResult(response);
    }

    // Without an enumerator for each message, which would be a twelfth of what a turn allocates.
    private static long LengthOf(ChatMessage message)
    {
        long length = 0;
        for (int i = 0; i < message.Contents.Count; i++)
        {
            length += message.Contents[i] switch
            {
                TextContent text => text.Text.Length,
                FunctionResultContent result => result.Result?.ToString()?.Length ?? 0,
                _ => 64L,
            };
        }

        return length;
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

    /// <summary>A host with this model and one tool.</summary>
    /// <param name="dataFile">Its data file.</param>
    /// <param name="model">The model.</param>
    /// <param name="tool">The tool.</param>
    /// <param name="isStreaming">Whether the model streams.</param>
    /// <param name="settings">Further settings.</param>
    public static async Task<IHost> StartHostAsync(
        string dataFile, IChatClient model, AgentTool tool, bool isStreaming = false,
        params KeyValuePair<string, string?>[] settings)
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddAgentModel(_ => new ModelBinding(
            "scripted", "scripted",
            new ModelProfile { Provider = "benchmark", ContextWindow = 32_000, MaxOutputTokens = 1_000, Streaming = isStreaming },
            model));
        builder.Services
            .AddAgentFunctions(configuration)
            .AddOpenAIModels(configuration).AddMcpServers().AddMonitors()
            .AddSqliteEngine(options => options.DataFile = dataFile);
        builder.Services.AddAgent(Agents.Agent.Create("worker").WithInstructions("Work.").WithMaxTurns(int.MaxValue).Build());
        builder.Services.AddTool(tool);
        IHost host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
