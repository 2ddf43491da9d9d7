using System.Text;
using System.Text.Json.Nodes;
using AgentFunctions.Budgets;
using AgentFunctions.Core.Text;

namespace AgentFunctions.Mesh;

/// <summary>What the answer of another host's agent means to the call.</summary>
/// <param name="TaskId">The task; <see langword="null"/> for an answer without one.</param>
/// <param name="IsOver">Whether the call ends with it.</param>
/// <param name="Text">What the model is told.</param>
/// <param name="IsError">Whether the work failed.</param>
internal sealed record RemoteAnswer(string? TaskId, bool IsOver, string Text, bool IsError)
{
    private const int MostCharacters = 200_000;

    /// <summary>Gets whether it waits for people at its own host, whom the caller is none of.</summary>
    public bool NeedsPeople { get; init; }

    /// <summary>Gets whether the agent asks the caller, and its task waits for the answer.</summary>
    public bool Asks { get; init; }

    /// <summary>Gets what the work cost, if the agent says so.</summary>
    public TokenUsage? Usage { get; init; }

    /// <summary>Reads a task or a message.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="told">A task, or a result with a task or a message in it.</param>
    /// <returns>The answer; <see langword="null"/> if it is none of the protocol's.</returns>
    public static RemoteAnswer? Read(string agent, JsonObject told)
    {
        if (told["message"] is JsonObject message && told["status"] is null)
        {
            return new RemoteAnswer(null, true, TextOf(message), false);
        }

        JsonObject task = told["task"] as JsonObject ?? told;
        var status = task["status"] as JsonObject;
        if (StringOf(task, "id") is not { Length: > 0 and <= 512 } id || StringOf(status, "state") is not { } state)
        {
            return null;
        }

        string said = status!["message"] is JsonObject words ? TextOf(words) : "";
        string made = string.Join("\n\n",
            (task["artifacts"] as JsonArray ?? []).OfType<JsonObject>().Select(TextOf).Where(static text => text.Length > 0));
        RemoteAnswer answer = state switch
        {
            "TASK_STATE_COMPLETED" =>
                new(id, true, made.Length > 0 ? made : said.Length > 0 ? said : "(The agent is done and says nothing.)", false),
            "TASK_STATE_FAILED" or "TASK_STATE_REJECTED" or "TASK_STATE_CANCELED" => new(
                id, true, $"The agent '{agent}' did not do it ({state["TASK_STATE_".Length..].ToLowerInvariant()}): {(said.Length > 0 ? said : made)}", true),
            "TASK_STATE_INPUT_REQUIRED" => new(
                id, true, $"The agent '{agent}' asks: {said}\n[Answer with call_agent and task '{id}'. It waits until then.]",
                false)
            { Asks = true },
            "TASK_STATE_AUTH_REQUIRED" => new(id, false, said, false) { NeedsPeople = true },
            _ => new(id, false, said, false),
        };
        return answer with { Text = TextCut.Shorten(answer.Text, MostCharacters), Usage = UsageOf(task) };
    }

    private static TokenUsage? UsageOf(JsonObject task) =>
        (task["metadata"] as JsonObject)?["usage"] is JsonObject usage
            ? new TokenUsage(Number(usage, "inputTokens"), Number(usage, "outputTokens"), Number(usage, "cachedTokens"),
                Usd(usage))
            : null;

    private static long Number(JsonObject from, string name) =>
        from[name] is JsonValue value && value.TryGetValue(out long number) ? Math.Clamp(number, 0, 1_000_000_000_000) : 0;

    private static decimal Usd(JsonObject from) =>
        from["usd"] is JsonValue value && value.TryGetValue(out decimal usd) ? Math.Clamp(usd, 0, 1_000_000) : 0;

    /// <summary>The words of a message or an artifact; data as JSON, files by their names.</summary>
    private static string TextOf(JsonObject said)
    {
        var text = new StringBuilder();
        foreach (JsonObject part in (said["parts"] as JsonArray ?? []).OfType<JsonObject>())
        {
            string words = part switch
            {
                _ when StringOf(part, "text") is { } plain => plain,
                _ when part["data"] is { } data => data.ToJsonString(),
                _ when StringOf(part, "filename") is { } file => $"[File: {file}]",
                _ => "",
            };
            text.Append(text.Length > 0 && words.Length > 0 ? "\n" : "").Append(words);
        }

        return text.ToString();
    }

    private static string? StringOf(JsonObject? from, string name) =>
        from?[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
