using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Records;
using AgentFunctions.Runs;

namespace AgentFunctions.AspNetCore.Doors.OpenAI;

/// <summary>Makes of an exchange a response, and the events that lead to it.</summary>
/// <param name="head">What the response has before anything happens.</param>
/// <param name="runId">The run.</param>
internal sealed class ResponseFold(JsonObject head, string runId)
{
    /// <summary>The type of an event with a piece of text.</summary>
    public const string TextDelta = "response.output_text.delta";

    private static readonly string[] s_first = ["response.created", "response.in_progress"];

    private readonly JsonArray _output = [];
    private readonly Dictionary<string, int> _indexes = new(StringComparer.Ordinal);
    private TokenUsage _usage = new();
    private TurnRecorded? _last;
    private bool _isCut;

    /// <summary>Gets or sets the error of a run that failed, before its end is taken; <see langword="null"/> for none.</summary>
    public RunError? Error { get; set; }

    /// <summary>Gets whether the response is at its end.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Gets the response as it is now.</summary>
    public JsonObject Response
    {
        get
        {
            var response = (JsonObject)head.DeepClone();
            response["output"] = _output.DeepClone();
            response["usage"] = new JsonObject
            {
                ["input_tokens"] = _usage.InputTokens,
                ["input_tokens_details"] = new JsonObject { ["cached_tokens"] = _usage.CachedTokens },
                ["output_tokens"] = _usage.OutputTokens,
                ["output_tokens_details"] = new JsonObject { ["reasoning_tokens"] = 0 },
                ["total_tokens"] = _usage.InputTokens + _usage.OutputTokens,
            };
            return response;
        }
    }

    /// <summary>Gets the events with which every stream begins, the same whenever it is replayed.</summary>
    public IEnumerable<JsonObject> Begin()
    {
        foreach ((int number, string type) in s_first.Index())
        {
            JsonObject response = Response;
            (response["status"], response["usage"]) = ("in_progress", null);
            yield return Event(type, number, ("response", response));
        }
    }

    /// <summary>Takes a frame.</summary>
    /// <param name="frame">The frame.</param>
    public IReadOnlyList<JsonObject> Take(RunFrame frame)
    {
        if (frame is TurnRecorded { Attempt: not null, Calls.Count: 0 } turn)
        {
            IReadOnlyList<JsonObject> before = TakeLast(isAnswer: false);
            _last = turn;
            return before;
        }

        return frame is RunNoted or { Number: < 0 }
            ? []
            : [.. TakeLast(frame is ExchangeEnded or ExchangeInterrupted), .. Tell(frame)];
    }

    /// <summary>
    /// Tells of the last text whose turn called nothing: it is the answer, unless the run goes on, since the answer was not
    /// accepted or somebody has said more.
    /// </summary>
    private List<JsonObject> TakeLast(bool isAnswer)
    {
        if (_last is not { } turn)
        {
            return [];
        }

        _last = null;
        return Take(turn, isAnswer);
    }

    private IReadOnlyList<JsonObject> Tell(RunFrame frame) => frame switch
    {
        TextStarted started => Take(started),
        TextPiece piece => [Event(
            TextDelta, piece.Number, ("item_id", MessageId(piece.Turn, piece.Attempt)),
            ("output_index", IndexOf(MessageId(piece.Turn, piece.Attempt))), ("content_index", 0), ("delta", piece.Text),
            ("logprobs", new JsonArray()))],
        TextLost lost => [Done(lost.Number, Message(lost.Turn, lost.Attempt, "incomplete", null))],
        TurnRecorded turn => Take(turn, isAnswer: false),
        // What the client executes is asked for at the end, and its result is the client's own.
        CallStarted { IsClient: true } or CallEnded { IsClient: true } => [],
        CallStarted call => Start(call.Number, call.Turn, call.Call),
        CallEnded call => End(call),
        ExchangeInterrupted cut => Take(cut),
        ExchangeEnded ended => [Finish(ended)],
        _ => [],
    };

    private static JsonObject Event(string type, long number, params (string Name, JsonNode? Value)[] members)
    {
        var told = new JsonObject { ["type"] = type, ["sequence_number"] = number };
        foreach ((string name, JsonNode? value) in members)
        {
            told[name] = value;
        }

        return told;
    }

    private JsonObject[] Take(TextStarted started)
    {
        string id = MessageId(started.Turn, started.Attempt);
        return
        [
            Added(started.Number, Message(started.Turn, started.Attempt, "in_progress", null)),
            Event(
                "response.content_part.added", started.Number + 1, ("item_id", id), ("output_index", IndexOf(id)),
                ("content_index", 0), ("part", Part(""))),
        ];
    }

    /// <summary>
    /// A text that is not the answer becomes a thought: the texts of all messages together are the answer.
    /// </summary>
    private List<JsonObject> Take(TurnRecorded turn, bool isAnswer)
    {
        _usage = _usage.Plus(turn.Usage);
        _isCut = turn.IsCut;
        var events = new List<JsonObject>();
        if (turn.Attempt is not { } attempt)
        {
            return events;
        }

        string id = MessageId(turn.Turn, attempt);
        events.Add(Event(
            "response.output_text.done", turn.Number, ("item_id", id), ("output_index", IndexOf(id)), ("content_index", 0),
            ("text", turn.Text), ("logprobs", new JsonArray())));
        events.Add(Event(
            "response.content_part.done", turn.Number + 1, ("item_id", id), ("output_index", IndexOf(id)), ("content_index", 0),
            ("part", Part(turn.Text))));
        if (isAnswer)
        {
            events.Add(Done(turn.Number + 2, Message(turn.Turn, attempt, "completed", turn.Text)));
            return events;
        }

        JsonObject commentary = Message(turn.Turn, attempt, "completed", null);
        commentary["phase"] = "commentary";
        events.Add(Done(turn.Number + 2, commentary));
        var thought = new JsonObject
        {
            ["id"] = $"rs_{runId}_{turn.Turn}",
            ["type"] = "reasoning",
            ["summary"] = new JsonArray(new JsonObject { ["type"] = "summary_text", ["text"] = turn.Text }),
        };
        events.Add(Added(turn.Number + 3, thought));
        events.Add(Done(turn.Number + 4, (JsonObject)thought.DeepClone()));
        return events;
    }

    private List<JsonObject> Start(long number, int turn, AskedCall call)
    {
        JsonObject item = Call(turn, call);
        string id = item["id"]!.ToString();
        var added = (JsonObject)item.DeepClone();
        added["arguments"] = "";
        JsonObject first = Added(number, added);
        return
        [
            first,
            Event("response.mcp_call.in_progress", number + 1, ("item_id", id), ("output_index", IndexOf(id))),
            Event(
                "response.mcp_call_arguments.done", number + 2, ("item_id", id), ("output_index", IndexOf(id)),
                ("arguments", call.Arguments.GetRawText())),
        ];
    }

    private List<JsonObject> End(CallEnded call)
    {
        List<JsonObject> events = call.HasStarted ? [] : Start(call.Number, call.Turn, call.Call);
        JsonObject item = Call(call.Turn, call.Call);
        string id = item["id"]!.ToString();
        bool isError = call.Event.IsError == true;
        item["status"] = isError ? "failed" : "completed";
        item[isError ? "error" : "output"] = call.Text;
        events.Add(Event(
            isError ? "response.mcp_call.failed" : "response.mcp_call.completed", call.Number + 3, ("item_id", id),
            ("output_index", IndexOf(id))));
        events.Add(Done(call.Number + 4, item));
        return events;
    }

    private List<JsonObject> Take(ExchangeInterrupted cut)
    {
        var events = new List<JsonObject>();
        int place = 0;
        foreach (Approval approval in cut.Open.Select(static open => open.Approval).OfType<Approval>())
        {
            var item = new JsonObject
            {
                ["id"] = ResponsesInput.ItemOf(approval.Id),
                ["type"] = "mcp_approval_request",
                ["server_label"] = "agentfunctions",
                ["name"] = approval.Tool,
                ["arguments"] = (approval.Edited ?? approval.Arguments).GetRawText(),
            };
            events.Add(Added(StreamNumbers.OfAsked(cut.End, place), item));
            events.Add(Done(StreamNumbers.OfAsked(cut.End, place) + 1, (JsonObject)item.DeepClone()));
            place++;
            if (IsForDevUi)
            {
                events.Add(ForDevUi(StreamNumbers.OfAsked(cut.End, place++), item));
            }
        }

        foreach (ClientCall call in cut.Calls)
        {
            long number = StreamNumbers.OfAsked(cut.End, place);
            string arguments = call.Arguments.GetRawText();
            JsonObject item = Function(call, arguments, "completed");
            string id = item["id"]!.ToString();
            events.Add(Added(number, Function(call, "", "in_progress")));
            events.Add(Event(
                "response.function_call_arguments.delta", number + 1, ("item_id", id), ("output_index", IndexOf(id)),
                ("delta", arguments)));
            events.Add(Event(
                "response.function_call_arguments.done", number + 2, ("item_id", id), ("output_index", IndexOf(id)),
                ("name", call.Tool), ("arguments", arguments)));
            events.Add(Done(number + 3, item));
            place += StreamNumbers.OfCall;
        }

        events.Add(Close("response.completed", "completed", cut.Number));
        return events;
    }

    /// <summary>
    /// Gets whether DevUI asked, which names the agent so. Other clients throw at events that they do not know.
    /// </summary>
    private bool IsForDevUi => (head["metadata"] as JsonObject)?.ContainsKey("entity_id") == true;

    private JsonObject ForDevUi(long number, JsonObject item)
    {
        string id = item["id"]!.ToString();
        return Event(
            "response.function_approval.requested", number, ("request_id", id), ("item_id", id), ("output_index", IndexOf(id)),
            ("function_call", new JsonObject
            {
                ["id"] = id,
                ["name"] = item["name"]!.DeepClone(),
                ["arguments"] = JsonNode.Parse(item["arguments"]!.ToString()),
            }));
    }

    private static JsonObject Function(ClientCall call, string arguments, string status) => new()
    {
        ["id"] = $"fc_{call.RunId}_{call.Turn}_{call.Call}",
        ["type"] = "function_call",
        ["status"] = status,
        ["call_id"] = call.Id,
        ["name"] = call.Tool,
        ["arguments"] = arguments,
    };

    private JsonObject Finish(ExchangeEnded ended)
    {
        switch (ended.Event?.Code)
        {
            case "completed" when _isCut:
                head["incomplete_details"] = new JsonObject { ["reason"] = "max_output_tokens" };
                return Close("response.incomplete", "incomplete", ended.Number);
            case "completed":
                return Close("response.completed", "completed", ended.Number);
            case "cancelled":
                // No event is called so, and clients throw at events that they do not know.
                return Close("response.incomplete", "cancelled", ended.Number);
            case "budgetExhausted":
                head["incomplete_details"] = new JsonObject { ["reason"] = "max_output_tokens" };
                Note(Error?.Code ?? "budgetExhausted");
                return Close("response.incomplete", "incomplete", ended.Number);
            default:
                head["error"] = new JsonObject
                {
                    ["code"] = OpenAIErrors.CodeOf(Error?.Code),
                    ["message"] = Error?.Message ?? ended.Event?.Text ?? "The run failed.",
                };
                Note(Error?.Code ?? "internalError");
                return Close("response.failed", "failed", ended.Number);
        }
    }

    private void Note(string code) => ((JsonObject)(head["metadata"] ??= new JsonObject()))["agentfunctions_code"] = code;

    private JsonObject Close(string type, string status, long number)
    {
        IsEnded = true;
        head["status"] = status;
        return Event(type, number, ("response", Response));
    }

    private JsonObject Added(long number, JsonObject item)
    {
        _indexes[item["id"]!.ToString()] = _output.Count;
        _output.Add(item.DeepClone());
        return Event("response.output_item.added", number, ("output_index", _output.Count - 1), ("item", item));
    }

    private JsonObject Done(long number, JsonObject item)
    {
        int index = IndexOf(item["id"]!.ToString());
        _output[index] = item.DeepClone();
        return Event("response.output_item.done", number, ("output_index", index), ("item", item));
    }

    private int IndexOf(string id) => _indexes[id];

    private string MessageId(int turn, int attempt) => attempt == 1 ? $"msg_{runId}_{turn}" : $"msg_{runId}_{turn}_{attempt}";

    private JsonObject Message(int turn, int attempt, string status, string? text) => new()
    {
        ["id"] = MessageId(turn, attempt),
        ["type"] = "message",
        ["status"] = status,
        ["role"] = "assistant",
        ["content"] = text is null ? [] : new JsonArray(Part(text)),
    };

    private static JsonObject Part(string text) => new()
    {
        ["type"] = "output_text",
        ["text"] = text,
        ["annotations"] = new JsonArray(),
        ["logprobs"] = new JsonArray(),
    };

    private JsonObject Call(int turn, AskedCall call) => new()
    {
        ["id"] = $"mcp_{runId}_{turn}_{call.Call}",
        ["type"] = "mcp_call",
        ["status"] = "in_progress",
        ["server_label"] = "agentfunctions",
        ["name"] = call.Tool,
        ["arguments"] = call.Arguments.GetRawText(),
        ["approval_request_id"] = null,
        ["output"] = null,
        ["error"] = null,
    };
}
