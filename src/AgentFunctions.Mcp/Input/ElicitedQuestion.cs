using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Core.Text;
using AgentFunctions.Tools.Asking;

namespace AgentFunctions.Mcp.Input;

/// <summary>Translates between a server's request for input and a question to people.</summary>
internal static class ElicitedQuestion
{
    private const int MaxMessage = 4_000;

    /// <summary>Makes a question of a request.</summary>
    /// <param name="server">The server.</param>
    /// <param name="request">The request: its method and parameters.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolFailed"/>: it asks for what people are not asked for.
    /// </exception>
    public static PersonQuestion Of(string server, JsonElement request)
    {
        string? method = TextOf(request, "method");
        if (method != "elicitation/create" || !request.TryGetProperty("params", out JsonElement asked))
        {
            throw new AgentException(
                ErrorCode.ToolFailed,
                $"The tool server '{server}' asked for '{TextCut.Shorten(method ?? "nothing", 60)}', which this host does not give. Do without this call.");
        }

        return OfParams(server, asked);
    }

    /// <summary>Makes a question of the parameters of a request.</summary>
    /// <param name="server">The server.</param>
    /// <param name="asked">The parameters.</param>
    public static PersonQuestion OfParams(string server, JsonElement asked)
    {
        string message = TextCut.Shorten(TextOf(asked, "message") ?? "", MaxMessage);
        var question = new PersonQuestion(string.IsNullOrWhiteSpace(message) ? "(The server gives no words.)" : message)
        {
            Server = server,
        };
        return TextOf(asked, "mode") == "url"
            ? question with
            {
                Url = UrlOf(server, TextOf(asked, "url")),
                Form = JsonElement.Parse("""{"type":"object","properties":{}}""")
            }
            : question with
            {
                Form = asked.TryGetProperty("requestedSchema", out JsonElement schema)
                ? schema
                : JsonElement.Parse("""{"type":"object","properties":{}}""")
            };
    }

    /// <summary>Makes the answer to a request of what became of its question.</summary>
    /// <param name="answer">What became of the question.</param>
    public static JsonObject AnswerOf(PersonAnswer answer) => answer.Verdict switch
    {
        PersonVerdict.Answered when answer.Answers is { } values && values.EnumerateObject().Any() =>
            new JsonObject { ["action"] = "accept", ["content"] = JsonNode.Parse(values.GetRawText()) },
        PersonVerdict.Answered => new JsonObject { ["action"] = "accept" },
        PersonVerdict.Declined => new JsonObject { ["action"] = "decline" },
        _ => new JsonObject { ["action"] = "cancel" },
    };

    private static string UrlOf(string server, string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "https" or "http" && url!.UserInfo.Length == 0
            ? url.AbsoluteUri
            : throw new AgentException(ErrorCode.ToolFailed,
                $"The tool server '{server}' asked to open an address that is none of http or https.");

    private static string? TextOf(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out JsonElement value)
            && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
