using System.Globalization;
using System.Text.Json.Nodes;
using AgentFunctions.Core.Text;

namespace AgentFunctions.Mcp.Tasks;

/// <summary>Represents how a task stands, as its server says.</summary>
/// <param name="Id">The task.</param>
/// <param name="Status">The status; one that is not known here is taken for work that goes on.</param>
internal sealed record TaskStand(string Id, string Status)
{
    private const int MostMessage = 500;

    /// <summary>The longest name of a task that is kept.</summary>
    private const int MostId = 1_024;

    /// <summary>Gets whether it is a task as 2025-11-25 had them, whose result is asked for by itself.</summary>
    public bool IsOlder { get; private init; }

    /// <summary>Gets the server's words on it.</summary>
    public string? Message { get; init; }

    /// <summary>Gets when the server wants to be asked again; <see langword="null"/> if it does not say.</summary>
    public TimeSpan? Poll { get; private init; }

    /// <summary>Gets the result of one that completed.</summary>
    public JsonNode? Result { get; private init; }

    /// <summary>Gets why one failed, in words.</summary>
    public string? Error { get; private init; }

    /// <summary>Gets what one asks for, by the server's keys.</summary>
    public JsonObject? Requests { get; private init; }

    /// <summary>Determines whether an answer to a call is a task.</summary>
    /// <param name="answer">The answer.</param>
    public static bool Is(JsonNode? answer) =>
        answer is JsonObject result && (TextOf(result["resultType"]) == "task" || result["task"] is JsonObject);

    /// <summary>Reads the task that a call has become; <see langword="null"/> if the answer says of none.</summary>
    /// <param name="answer">The answer.</param>
    public static TaskStand? ReadStarted(JsonNode? answer) =>
        answer?["task"] is JsonObject older && Read(older) is { } task ? task with { IsOlder = true } : Read(answer);

    /// <summary>Reads how a task stands; <see langword="null"/> if the answer says of none.</summary>
    /// <param name="answer">The answer.</param>
    public static TaskStand? Read(JsonNode? answer) =>
        answer is JsonObject task && TextOf(task["taskId"]) is { Length: > 0 and <= MostId } id
            ? new TaskStand(id, TextOf(task["status"]) ?? "working")
            {
                Message = TextOf(task["statusMessage"]) is { Length: > 0 } words ? TextCut.Shorten(words, MostMessage) : null,
                Poll = MillisecondsOf(task["pollIntervalMs"] ?? task["pollInterval"]),
                Result = task["result"],
                Error = ErrorOf(task["error"]),
                Requests = task["inputRequests"] as JsonObject,
            }
            : null;

    private static string? ErrorOf(JsonNode? error) => error is JsonObject fields
        ? string.Create(CultureInfo.InvariantCulture,
            $"{TextOf(fields["message"]) ?? "no message"} ({fields["code"]?.ToString() ?? "no code"})")
        : null;

    private static TimeSpan? MillisecondsOf(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue(out double ms) && ms is >= 0 and <= int.MaxValue
            ? TimeSpan.FromMilliseconds(ms)
            : null;

    private static string? TextOf(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
