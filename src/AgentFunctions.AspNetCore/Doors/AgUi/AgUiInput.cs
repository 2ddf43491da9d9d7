using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Tools;

namespace AgentFunctions.AspNetCore.Doors.AgUi;

/// <summary>What a client of AG-UI sends to run an agent.</summary>
/// <param name="ThreadId">The client's name for the dialogue.</param>
/// <param name="RunId">The client's name for this part of it.</param>
/// <param name="Messages">The dialogue as the client knows it.</param>
internal sealed record AgUiInput(string ThreadId, string RunId, JsonArray Messages)
{
    private const int LongestName = 200;

    /// <summary>Gets the answers to what was asked.</summary>
    public required IReadOnlyList<AgUiResume> Resume { get; init; }

    /// <summary>Gets the tools that the client executes.</summary>
    public IReadOnlyList<ClientTool> Tools { get; init; } = [];

    /// <summary>Gets further input: the client's state and context; <see langword="null"/> for none.</summary>
    public JsonObject? Further { get; init; }

    /// <summary>Gets whether the client wants to be told what sub-agents say.</summary>
    public bool TellsSubAgents { get; init; }

    /// <summary>Gets what tells this request from another one under the same names.</summary>
    public required string Hash { get; init; }

    /// <summary>Gets the last message of the user; <see langword="null"/> for none.</summary>
    public JsonNode? Last => Messages.LastOrDefault(static message => message?["role"]?.ToString() == "user");

    /// <summary>Gets the ids of the messages.</summary>
    public IEnumerable<string> Ids => Messages.Select(static message => message?["id"]?.ToString() ?? "");

    /// <summary>Reads a body.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: a field is wrong, or not supported.</exception>
    public static AgUiInput Read(ReadOnlyMemory<byte> body)
    {
        JsonObject input = Parse(body);
        var further = new JsonObject();
        foreach (string name in (string[])["state", "context"])
        {
            if (input[name] is JsonArray { Count: > 0 } or JsonObject { Count: > 0 })
            {
                further[name] = input[name]!.DeepClone();
            }
        }

        IReadOnlyList<JsonObject> messages = DoorJson.Objects(input["messages"], "messages");
        foreach (JsonObject call in messages.SelectMany(static one => DoorJson.Objects(one["toolCalls"], "messages.toolCalls")))
        {
            _ = DoorJson.Object(call["function"], "messages.toolCalls.function");
        }

        return new AgUiInput(
            Name(input, "threadId"), Name(input, "runId"), new JsonArray([.. messages.Select(static one => one.DeepClone())]))
        {
            Resume = [.. DoorJson.Objects(input["resume"], "resume").Select(AgUiResume.Read)],
            Tools = [.. DoorJson.Objects(input["tools"], "tools").Select(ToolOf)],
            Further = further.Count == 0 ? null : further,
            TellsSubAgents = input["forwardedProps"] is JsonObject forwarded && forwarded["subAgents"] is JsonValue told
                && told.TryGetValue(out bool tells) && tells,
            Hash = Convert.ToHexStringLower(SHA256.HashData(body.Span)),
        };
    }

    /// <summary>Reads the name of a dialogue alone.</summary>
    public static string ReadThread(ReadOnlyMemory<byte> body) => Name(Parse(body), "threadId");

    /// <summary>Gets the text of a message.</summary>
    public static string TextOf(JsonNode? message) => message?["content"] switch
    {
        JsonValue value when value.TryGetValue(out string? text) => text,
        JsonArray parts => string.Join('\n', DoorJson.Objects(parts, "messages.content").Select(static part =>
            part["type"]?.ToString() == "text"
            ? DoorJson.Text(part["text"], "messages.content.text") ?? ""
            : throw Invalid("messages: only text is supported."))),
        _ => "",
    };

    private static ClientTool ToolOf(JsonObject tool, int index) =>
        tool["name"] is JsonValue value && value.TryGetValue(out string? name)
        ? new ClientTool(name)
        {
            Description = DoorJson.Text(tool["description"], $"tools[{index}].description") ?? "",
            Schema = DoorJson.Object(tool["parameters"], $"tools[{index}].parameters") is { Count: > 0 } schema
                ? JsonElement.Parse(schema.ToJsonString())
                : null,
        }
        : throw Invalid($"tools[{index}].name: name the tool.");

    private static JsonObject Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return DoorJson.Parse(body) as JsonObject ?? throw Invalid("body: send a JSON object.");
        }
        catch (JsonException)
        {
            throw Invalid("body: not valid JSON.");
        }
    }

    private static string Name(JsonObject input, string field) =>
        input[field] is JsonValue value && value.TryGetValue(out string? name) && name.Length is > 0 and <= LongestName
            ? name
            : throw Invalid($"{field}: send a name of 1 to {LongestName} characters.");

    private static AgentException Invalid(string message) => new(ErrorCode.InvalidInput, message);
}

/// <summary>An answer to what was asked.</summary>
/// <param name="Id">What it answers.</param>
/// <param name="IsCancelled">Whether the person does not want to answer.</param>
/// <param name="Payload">The answer.</param>
internal sealed record AgUiResume(string Id, bool IsCancelled, JsonObject Payload)
{
    /// <summary>Reads an answer.</summary>
    public static AgUiResume Read(JsonObject entry)
    {
        string id = DoorJson.Text(entry["interruptId"], "resume.interruptId")
            ?? throw new AgentException(ErrorCode.InvalidInput, "resume.interruptId: name what is answered.");
        JsonObject payload = DoorJson.Object(entry["payload"], "resume.payload") ?? [];
        if (payload["approved"] is not null)
        {
            // Before any of the answers takes effect.
            DoorJson.Object(payload["editedArgs"], "resume.payload.editedArgs");
        }

        return new AgUiResume(id, DoorJson.Text(entry["status"], "resume.status") == "cancelled", payload);
    }
}
