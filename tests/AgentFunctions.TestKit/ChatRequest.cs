using System.Text.Json;
using AgentFunctions.Core.Text;

namespace AgentFunctions.TestKit;

/// <summary>A request that <see cref="OpenAIProtocolServer"/> received.</summary>
/// <param name="Index">The number of the request, from 0.</param>
/// <param name="Body">The body.</param>
/// <param name="Headers">The headers; names in lower case.</param>
public sealed record ChatRequest(int Index, JsonElement Body, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The path and query that were asked.</summary>
    public string Target { get; init; } = "";

    /// <summary>The model that was asked.</summary>
    public string Model => Body.GetProperty("model").GetString()!;

    /// <summary>Whether a stream was asked for.</summary>
    public bool Stream => Body.TryGetProperty("stream", out JsonElement stream) && stream.ValueKind == JsonValueKind.True;

    /// <summary>The messages.</summary>
    public IReadOnlyList<JsonElement> Messages => [.. Body.GetProperty("messages").EnumerateArray()];

    /// <summary>How many messages of the assistant the conversation has: the turn that is asked for, from 0.</summary>
    public int Turn => Body.GetProperty("messages").EnumerateArray().Count(static message => Role(message) == "assistant");

    /// <summary>The names of the tools that were offered.</summary>
    public IReadOnlyList<string> Tools => Body.TryGetProperty("tools", out JsonElement tools)
        ? [.. tools.EnumerateArray().Select(static tool => tool.GetProperty("function").GetProperty("name").GetString()!)]
        : [];

    /// <summary>The text of the last message of a role; empty where there is none.</summary>
    /// <param name="role"><c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</param>
    public string Last(string role) =>
        Messages.LastOrDefault(message => Role(message) == role) is { ValueKind: JsonValueKind.Object } last
        ? Text(last)
        : "";

    /// <summary>The results of the tools of the last turn.</summary>
    public IReadOnlyList<string> Results =>
        [.. Messages.Reverse().TakeWhile(static message => Role(message) == "tool").Reverse().Select(Text)];

    private static string? Role(JsonElement message) => message.GetProperty("role").GetString();

    /// <summary>The text of a message; a tool's result without the marks that say it is one.</summary>
    private static string Text(JsonElement message) => UntrustedText.Unmark(Raw(message));

    private static string Raw(JsonElement message) => message.TryGetProperty("content", out JsonElement content)
        ? content.ValueKind switch
        {
            JsonValueKind.String => content.GetString()!,
            JsonValueKind.Array => string.Concat(content.EnumerateArray().Select(
                static part => part.TryGetProperty("text", out JsonElement text) ? text.GetString() : "")),
            _ => "",
        }
        : "";
}
