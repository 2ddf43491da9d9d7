using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.Tools;

namespace AgentFunctions.AspNetCore.Doors.OpenAI;

/// <summary>A request of OpenAI's Responses API, as far as this host takes it.</summary>
internal sealed record ResponsesRequest
{
    /// <summary>The longest goal, in bytes; the rest of longer words is further input.</summary>
    private const int LongestGoal = 30 * 1024;

    private static readonly string[] Ignored =
    [
        "temperature", "top_p", "top_logprobs", "truncation", "parallel_tool_calls", "service_tier", "store", "user",
        "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "reasoning", "include", "stream_options",
        "tool_choice", "max_output_tokens",
    ];

    /// <summary>Gets the agent.</summary>
    public required string Agent { get; init; }

    /// <summary>Gets the words of the user.</summary>
    public required string Words { get; init; }

    /// <summary>Gets the dialogue before them; empty for none.</summary>
    public required JsonArray Before { get; init; }

    /// <summary>Gets answers to what was asked before.</summary>
    public required IReadOnlyList<ApprovalReply> Approvals { get; init; }

    /// <summary>Gets the results of calls that the client has executed.</summary>
    public required IReadOnlyList<CallOutput> Outputs { get; init; }

    /// <summary>Gets the tools that the client executes.</summary>
    public IReadOnlyList<ClientTool> Tools { get; init; } = [];

    /// <summary>Gets what the caller wants the agent to heed.</summary>
    public string? Instructions { get; init; }

    /// <summary>Gets the response that this one follows.</summary>
    public string? Previous { get; init; }

    /// <summary>Gets the conversation that this response belongs to.</summary>
    public string? Conversation { get; init; }

    /// <summary>Gets whether the answer is a stream.</summary>
    public bool Streams { get; init; }

    /// <summary>Gets whether the answer does not wait for the run.</summary>
    public bool IsBackground { get; init; }

    /// <summary>Gets the JSON schema of the answer.</summary>
    public JsonElement? Schema { get; init; }

    /// <summary>Gets what the run may spend.</summary>
    public Budget? Budget { get; init; }

    /// <summary>Gets the caller's own names for things, which the response repeats.</summary>
    public required JsonObject Metadata { get; init; }

    /// <summary>Gets the members that the response repeats.</summary>
    public required JsonObject Echo { get; init; }

    /// <summary>Reads a request.</summary>
    /// <param name="body">The body.</param>
    /// <exception cref="OpenAIException">A member is wrong, or not supported.</exception>
    public static ResponsesRequest Read(JsonObject body)
    {
        foreach ((string name, JsonNode? value) in body)
        {
            EnsureKnown(name, value);
        }

        JsonObject metadata = body["metadata"] switch
        {
            null => [],
            JsonObject given => (JsonObject)given.DeepClone(),
            _ => throw OpenAIException.Invalid("metadata", "send an object of texts."),
        };
        var input = ResponsesInput.Read(
            body["input"], isWhole: body["previous_response_id"] is null && body["conversation"] is null);
        return new ResponsesRequest
        {
            Agent = DoorJson.Text(DoorJson.Object(body["agent"], "agent")?["name"], "agent.name")
                ?? DoorJson.Text(metadata["entity_id"], "metadata.entity_id") ?? Text(body, "model")
                ?? throw OpenAIException.Invalid("model", "name an agent; GET /v1/models lists them."),
            Words = input.Words,
            Before = input.Before,
            Approvals = input.Approvals,
            Outputs = input.Outputs,
            Tools = [.. DoorJson.Objects(body["tools"], "tools").Select(ToolOf)],
            Instructions = Text(body, "instructions"),
            Previous = Text(body, "previous_response_id"),
            Conversation = body["conversation"] is JsonObject named ? Text(named, "id") : Text(body, "conversation"),
            Streams = DoorJson.Flag(body["stream"], "stream"),
            IsBackground = DoorJson.Flag(body["background"], "background"),
            Schema = SchemaOf(DoorJson.Object(body["text"], "text")),
            Budget = BudgetOf(body),
            Metadata = metadata,
            Echo = EchoOf(body),
        };
    }

    /// <summary>Makes the goal of a new run.</summary>
    public RunRequest ToRunRequest()
    {
        string goal = Instructions is null ? Words : $"{Words}\n\nThe caller asks you to heed:\n{Instructions}";
        var input = new JsonObject();
        if (Encoding.UTF8.GetByteCount(goal) > LongestGoal)
        {
            input["text"] = goal;
            goal = "Do what input.text asks.";
        }

        if (Before.Count > 0)
        {
            input["messages"] = Before.DeepClone();
        }

        return new RunRequest
        {
            Agent = Agent,
            Goal = goal,
            Input = input.Count == 0 ? null : JsonElement.Parse(input.ToJsonString()),
            Acceptance = Schema is { } schema ? new RunAcceptance { Schema = schema } : null,
            Budget = Budget,
            ClientTools = Tools.Count == 0 ? null : Tools,
        };
    }

    private static void EnsureKnown(string name, JsonNode? value)
    {
        bool isEmpty = value is null or JsonArray { Count: 0 };
        bool isKnown = name is "model" or "agent" or "input" or "instructions" or "previous_response_id" or "conversation"
            or "stream" or "background" or "text" or "max_tool_calls" or "metadata" or "tools"
            || Array.IndexOf(Ignored, name) >= 0;
        if (!isKnown && !isEmpty)
        {
            throw OpenAIException.Unsupported(name);
        }
    }

    private static string? Text(JsonObject body, string name) => DoorJson.Text(body[name], name);

    private static JsonElement? SchemaOf(JsonObject? text) => DoorJson.Object(text?["format"], "text.format") is { } format
        ? DoorJson.Text(format["type"], "text.format.type") switch
        {
            "json_schema" when format["schema"] is JsonObject schema => JsonElement.Parse(schema.ToJsonString()),
            "json_object" => JsonElement.Parse("""{"type":"object"}"""),
            "text" or null => null,
            _ => throw OpenAIException.Invalid("text.format", "use text, json_object, or json_schema with a schema."),
        }
        : null;

    private static ClientTool ToolOf(JsonObject tool, int index)
    {
        if (tool["type"]?.ToString() != "function")
        {
            throw OpenAIException.Invalid($"tools[{index}].type", "only tools of the type function are supported.");
        }

        return new ClientTool(DoorJson.Text(tool["name"], $"tools[{index}].name")
            ?? throw OpenAIException.Invalid($"tools[{index}].name", "name the tool."))
        {
            Description = DoorJson.Text(tool["description"], $"tools[{index}].description") ?? "",
            Schema = DoorJson.Object(tool["parameters"], $"tools[{index}].parameters") is { } schema
                ? JsonElement.Parse(schema.ToJsonString())
                : null,
        };
    }

    /// <summary>A call and the answer that follows it are two steps.</summary>
    private static Budget? BudgetOf(JsonObject body) => Number(body, "max_tool_calls") is { } calls
        ? new Budget { Steps = (int)(Math.Min(49_999, calls) * 2) + 2 }
        : null;

    private static long? Number(JsonObject body, string name) => body[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out long number) && number > 0 => number,
        _ => throw OpenAIException.Invalid(
            name, string.Create(CultureInfo.InvariantCulture, $"send a whole number from 1 to {long.MaxValue}.")),
    };

    private static JsonObject EchoOf(JsonObject body)
    {
        var echo = new JsonObject();
        string[] repeated = ["temperature", "top_p", "max_output_tokens", "max_tool_calls", "text", "user", "reasoning", "tools"];
        foreach (string name in repeated)
        {
            if (body[name] is { } value)
            {
                echo[name] = value.DeepClone();
            }
        }

        return echo;
    }
}

/// <summary>An answer to the question whether a call may be made.</summary>
/// <param name="Id">The approval.</param>
/// <param name="Approves">Whether it may.</param>
/// <param name="Reason">Why.</param>
internal sealed record ApprovalReply(string Id, bool Approves, string? Reason);
