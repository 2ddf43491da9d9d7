using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.A2A.Push;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Mesh;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>A message of a client.</summary>
/// <param name="Id">Its id, by which it is the same message however often it is sent.</param>
/// <param name="Text">The words.</param>
/// <param name="Data">The data; empty for none.</param>
internal sealed record A2AMessage(string Id, string Text, JsonObject Data)
{
    /// <summary>Gets the task that it belongs to; <see langword="null"/> for a new one.</summary>
    public string? TaskId { get; init; }

    /// <summary>Gets the context that it belongs to.</summary>
    public string? ContextId { get; init; }

    /// <summary>Gets the files.</summary>
    public IReadOnlyList<A2AFile> Files { get; init; } = [];

    /// <summary>Gets the words that tell the agent of the files; empty for none.</summary>
    public string FileWords => Files.Count == 0
        ? ""
        : $"\n\n[Files that came with it, as artifacts: {string.Join(", ", Files.Select(static file => file.Name))}]";

    /// <summary>Gets where the client wants to be told of the task; <see langword="null"/> for nowhere.</summary>
    public JsonObject? Push { get; init; }

    /// <summary>Gets what the host that sends it says of the work; <see langword="null"/> for nothing.</summary>
    public MeshOrigin? Origin { get; init; }

    /// <summary>Gets whether the client does not want to wait.</summary>
    public bool ReturnsImmediately { get; init; }

    /// <summary>Gets how many messages of the dialogue the client wants; <see langword="null"/> for all.</summary>
    public int? HistoryLength { get; init; }

    /// <summary>Reads the parameters of a request.</summary>
    /// <exception cref="A2AException">A field is wrong, or not supported.</exception>
    public static A2AMessage Read(JsonObject parameters)
    {
        JsonObject message = parameters["message"] as JsonObject ?? throw A2AException.Invalid("message: send a message.");
        string id = TextOf(message, "messageId") ?? throw A2AException.Invalid("message.messageId: name the message.");
        if (id.Length > 150)
        {
            throw A2AException.Invalid("message.messageId: use at most 150 characters.");
        }

        var words = new List<string>();
        var data = new JsonObject();
        var files = new List<A2AFile>();
        JsonArray parts = message["parts"] is JsonArray { Count: > 0 } sent
            ? sent
            : throw A2AException.Invalid("message.parts: send at least one part.");
        foreach (JsonNode? part in parts)
        {
            Take(part, id, words, data, files);
        }

        JsonObject? settings = DoorJson.Object(parameters["configuration"], "configuration");
        JsonObject? push = settings?["taskPushNotificationConfig"] switch
        {
            null => null,
            JsonObject config => config,
            _ => throw A2AException.Invalid("configuration.taskPushNotificationConfig: send a configuration."),
        };
        if (push is not null)
        {
            _ = PushConfig.Read(push);
        }

        return new A2AMessage(id, string.Join('\n', words), data)
        {
            TaskId = TextOf(message, "taskId"),
            ContextId = TextOf(message, "contextId"),
            Files = files,
            Push = push,
            Origin = MeshOrigin.Read(message["metadata"] as JsonObject),
            ReturnsImmediately = DoorJson.Flag(settings?["returnImmediately"], "configuration.returnImmediately"),
            HistoryLength = NumberOf(settings, "historyLength"),
        };
    }

    /// <summary>Reads a text; <see langword="null"/> if it is missing or empty.</summary>
    public static string? TextOf(JsonObject? from, string name) => from?[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out string? text) => text.Length == 0 ? null : text,
        _ => throw A2AException.Invalid($"{name}: send text."),
    };

    /// <summary>Reads a number; <see langword="null"/> if it is missing.</summary>
    public static int? NumberOf(JsonObject? from, string name) => from?[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out int number) && number >= 0 => number,
        _ => throw A2AException.Invalid($"{name}: send a whole number from 0 up."),
    };

    private static void Take(JsonNode? part, string message, List<string> words, JsonObject data, List<A2AFile> files)
    {
        switch (part)
        {
            case JsonObject when part["text"] is JsonValue text && text.TryGetValue(out string? said):
                words.Add(said);
                break;
            case JsonObject when part["data"] is JsonObject given:
                foreach ((string name, JsonNode? value) in given)
                {
                    data[name] = value?.DeepClone();
                }

                break;
            case JsonObject file when file["raw"] is not null:
                files.Add(A2AFile.Read(file, message, files.Count + 1));
                break;
            case JsonObject when part["url"] is not null || part["data"] is not null:
                throw new A2AException(
                    -32005, "CONTENT_TYPE_NOT_SUPPORTED", StatusCodes.Status400BadRequest,
                    "message.parts: send text, data that is a JSON object, or a file as raw; addresses are not fetched.");
            default:
                throw A2AException.Invalid("message.parts: each part has text, data or raw.");
        }
    }
}
