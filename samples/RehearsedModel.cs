using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentFunctions.Core.Text;
using AgentFunctions.Models;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.Samples;

/// <summary>
/// Stands in for a model where no key is set: a script that decides by what the tools returned. Every text says so. The projects
/// of the samples that use it compile this file.
/// </summary>
internal abstract class RehearsedModel : IChatClient
{
    public const string Label = "[rehearsal model]";

    /// <summary>The stand-in as a model of the host.</summary>
    public ModelBinding Binding => new(
        "rehearsal", "rehearsal", new ModelProfile { Provider = "rehearsal", IsRehearsal = true, Streaming = false }, this);

    /// <summary>Whether no real model is configured.</summary>
    public static bool IsNeeded(IConfiguration configuration) =>
        !configuration.GetSection("Models").GetChildren().Any()
        && !new[] { "OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "MOONSHOT_API_KEY" }
            .Any(name => configuration[name] is { Length: > 0 });

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ChatMessage[] all = [.. messages];
        string[] results =
        [
            .. all.SelectMany(static message => message.Contents).OfType<FunctionResultContent>()
                .Select(static result => UntrustedText.Unmark($"{result.Result}")),
        ];
        return Task.FromResult(Next(results, all, options));
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ChatResponse response = await GetResponseAsync(messages, options, cancellationToken);
        foreach (ChatResponseUpdate update in response.ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    /// <summary>Says or calls what comes next.</summary>
    /// <param name="results">What the tools returned so far, the oldest first.</param>
    /// <param name="messages">The whole request.</param>
    /// <param name="options">The tools that are offered.</param>
    protected abstract ChatResponse Next(string[] results, IReadOnlyList<ChatMessage> messages, ChatOptions? options);

    protected static ChatResponse Call(string text, string tool, int number, params (string Name, object Value)[] arguments) =>
        Response(text, ChatFinishReason.ToolCalls, new FunctionCallContent(
            $"call_{number}", tool,
            arguments.ToDictionary(
                static argument => argument.Name,
                static object? (argument) => JsonSerializer.SerializeToElement(argument.Value))));

    protected static ChatResponse Say(string text) => Response(text, ChatFinishReason.Stop);

    private static ChatResponse Response(string text, ChatFinishReason reason, params AIContent[] calls) =>
        new(new ChatMessage(ChatRole.Assistant, [new TextContent($"{Label} {text}"), .. calls]))
        {
            ModelId = "rehearsal",
            FinishReason = reason,
            Usage = new(),
        };
}
