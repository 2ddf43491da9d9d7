using System.Text;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Records;
using AgentFunctions.Runs;

namespace AgentFunctions.AspNetCore.Doors.AgUi;

/// <summary>Makes of an exchange the events of one run of AG-UI.</summary>
/// <param name="threadId">The client's name for the dialogue.</param>
/// <param name="name">The client's name for this part of it.</param>
/// <param name="runId">The run.</param>
/// <param name="messages">The dialogue before.</param>
/// <param name="errorOf">Gets the error of a run that failed.</param>
/// <param name="isResumed">Whether the client was here before and is told the rest.</param>
internal sealed class AgUiFold(
    string threadId, string name, string runId, JsonArray messages, Func<RunError?> errorOf, bool isResumed = false)
{
    private readonly AgUiSubAgents _agents = new(runId, messages, isResumed);
    private readonly StringBuilder _said = new();
    private string? _speaking;
    private string _answer = "";
    private int _asked;

    /// <summary>Gets the events with which the run begins.</summary>
    /// <param name="status">The status that the run has there.</param>
    /// <param name="isTold">Whether the client may not know what it was that began the run.</param>
    public IEnumerable<JsonObject> Begin(RunStatus status, bool isTold = false)
    {
        var started = new JsonObject
        {
            ["type"] = "RUN_STARTED",
            ["threadId"] = threadId,
            ["runId"] = name,
            ["protocolVersion"] = "1.0",
        };
        if (isTold && messages.Count > 0)
        {
            started["input"] = new JsonObject
            {
                ["threadId"] = threadId,
                ["runId"] = name,
                ["messages"] = messages.DeepClone(),
                ["tools"] = new JsonArray(),
                ["context"] = new JsonArray(),
            };
        }

        yield return started;
        yield return new JsonObject
        {
            ["type"] = "STATE_SNAPSHOT",
            ["snapshot"] = new JsonObject
            {
                ["run"] = runId,
                ["status"] = CamelCase.Of(status),
                ["waitingFor"] = new JsonObject(),
            },
        };
    }

    /// <summary>Gets the dialogue as it is now: the client drops what is not in it.</summary>
    public JsonObject Snapshot()
    {
        var all = new JsonArray([.. messages.Select(static message => message?.DeepClone()), .. _agents.Halves]);
        if (_speaking is not null)
        {
            all.Add(new JsonObject { ["id"] = _speaking, ["role"] = "assistant", ["content"] = _said.ToString() });
        }

        return new JsonObject { ["type"] = "MESSAGES_SNAPSHOT", ["messages"] = all };
    }

    /// <summary>Gets what is to be told before a frame, without numbers.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="said">What the sub-agent of the call said that the frame is of.</param>
    public IReadOnlyList<JsonObject> Before(RunFrame frame, IReadOnlyList<(string Id, string Text)> said) =>
        _agents.Correct(frame, said) && frame is not ExchangeInterrupted { Open.Count: > 0 } ? [Snapshot()] : [];

    /// <summary>Takes a frame.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="said">
    /// What the sub-agent of the call said that the frame is of; <see langword="null"/> if it is not told.
    /// </param>
    /// <returns>The events; <see cref="AgUiSubAgents.Told"/> for one that was told before, whose number is passed over.</returns>
    public IReadOnlyList<JsonObject> Take(RunFrame frame, IReadOnlyList<(string Id, string Text)>? said = null) => frame switch
    {
        TextStarted text => [Begin(MessageId(text.Turn, text.Attempt))],
        TextPiece text => [GoOn(MessageId(text.Turn, text.Attempt), text.Text)],
        TextLost lost => [End(lost.Turn, lost.Attempt), Snapshot()],
        TurnRecorded turn => Take(turn),
        // A result of the client's own is in its dialogue.
        CallEnded { IsClient: true } call when HasResult(call) => [],
        CallStarted call => _agents.Take(call),
        CallEnded call => [.. _agents.Take(call, said ?? []), ResultOf(call)],
        RunNoted { Event: { } e } when e.Type
            is JournalEventTypes.MessageReceived or JournalEventTypes.ContextCompacted or JournalEventTypes.AnswerChecked =>
        [
            new JsonObject
            {
                ["type"] = "CUSTOM",
                ["name"] = $"agentfunctions.{e.Type}",
                ["value"] = new JsonObject { ["text"] = e.Text ?? "" },
            },
        ],
        RunNoted { Event: { } e } => StateAfter(e),
        WaitChanged { Wait: var wait } => State("/waitingFor", WaitOf(wait)),
        AgentSpoke spoke => _agents.Take(spoke),
        ExchangeInterrupted cut => [.. _agents.Suspend(cut.Open), .. Take(cut)],
        ExchangeEnded ended => [.. _agents.Close(), Take(ended)],
        _ => [],
    };

    /// <summary>Tells the status that an event brings about: the client has it from the snapshot, so it is replaced.</summary>
    private JsonObject[] StateAfter(JournalEvent e)
    {
        switch (e.Type)
        {
            case JournalEventTypes.RunPaused:
                return State(RunStatus.Paused);
            case JournalEventTypes.RunResumed:
                return State(RunStatus.Running);
            case JournalEventTypes.ApprovalRequested or JournalEventTypes.QuestionAsked:
                _asked++;
                return State(RunStatus.Waiting);
            case JournalEventTypes.ApprovalDecided or JournalEventTypes.ApprovalWithdrawn or JournalEventTypes.QuestionAnswered
                or JournalEventTypes.QuestionDeclined or JournalEventTypes.QuestionExpired
                or JournalEventTypes.QuestionWithdrawn:
                _asked = Math.Max(0, _asked - 1);
                return State(_asked > 0 ? RunStatus.Waiting : RunStatus.Running);
            default:
                return [];
        }
    }

    private static JsonObject[] State(RunStatus status) => State("/status", CamelCase.Of(status));

    private static JsonObject[] State(string path, JsonNode value) =>
    [
        new JsonObject
        {
            ["type"] = "STATE_DELTA",
            ["delta"] = new JsonArray(new JsonObject
            {
                ["op"] = "replace", ["path"] = path, ["value"] = value,
            }),
        },
    ];

    /// <summary>Shows a wait, without members that say nothing: clients take null for a value of another type.</summary>
    private static JsonObject WaitOf(RunWaiting? wait)
    {
        var shown = new JsonObject();
        if (wait is not null)
        {
            shown["kind"] = wait.Kind;
            if (wait.Id is { } id)
            {
                shown["id"] = id;
            }

            if (wait.Until is { } until)
            {
                shown["until"] = DoorJson.TimeOf(until);
            }

            if (wait.Message is { } message)
            {
                shown["message"] = message;
            }
        }

        return shown;
    }

    private List<JsonObject> Take(TurnRecorded turn)
    {
        _answer = turn.Calls.Count == 0 ? turn.Text : "";
        string id = MessageId(turn.Turn, turn.Attempt ?? 1);
        var events = new List<JsonObject>();
        var message = new JsonObject { ["id"] = id, ["role"] = "assistant" };
        if (turn.Attempt is { } attempt)
        {
            events.Add(End(turn.Turn, attempt));
            message["content"] = turn.Text;
        }

        var calls = new JsonArray();
        foreach (AskedCall call in turn.Calls)
        {
            string key = $"{runId}/{turn.Turn}/{call.Call}";
            string arguments = call.Arguments.GetRawText();
            events.Add(new JsonObject
            {
                ["type"] = "TOOL_CALL_START",
                ["toolCallId"] = key,
                ["toolCallName"] = call.Tool,
                ["parentMessageId"] = id,
            });
            events.Add(new JsonObject { ["type"] = "TOOL_CALL_ARGS", ["toolCallId"] = key, ["delta"] = arguments });
            events.Add(new JsonObject { ["type"] = "TOOL_CALL_END", ["toolCallId"] = key });
            calls.Add(new JsonObject
            {
                ["id"] = key,
                ["type"] = "function",
                ["function"] = new JsonObject { ["name"] = call.Tool, ["arguments"] = arguments },
            });
        }

        if (calls.Count > 0)
        {
            message["toolCalls"] = calls;
        }

        messages.Add(message);
        return events;
    }

    private JsonObject ResultOf(CallEnded call)
    {
        string key = $"{runId}/{call.Turn}/{call.Call.Call}";
        string id = $"{runId}.{call.Turn}.{call.Call.Call}";
        string content = call.Event.IsError == true ? $"[error {call.Event.Code}] {call.Text}" : call.Text;
        messages.Add(new JsonObject { ["id"] = id, ["role"] = "tool", ["toolCallId"] = key, ["content"] = content });
        return new JsonObject
        {
            ["type"] = "TOOL_CALL_RESULT",
            ["messageId"] = id,
            ["toolCallId"] = key,
            ["content"] = content,
            ["role"] = "tool",
        };
    }

    private JsonObject[] Take(ExchangeInterrupted cut)
    {
        bool isEdited = cut.Calls.Aggregate(false, (isEdited, call) => Edit(call) || isEdited);
        if (cut.Open.Count > 0)
        {
            return
            [
                Snapshot(),
                Finish(new JsonObject
                {
                    ["type"] = "interrupt", ["interrupts"] = new JsonArray([.. cut.Open.Select(InterruptOf)]),
                }),
            ];
        }

        JsonObject pending = Finish(new JsonObject
        {
            ["type"] = "success",
            ["pendingToolCallIds"] = new JsonArray([.. cut.Calls.Select(static call => (JsonNode)call.Id)]),
        });
        return isEdited ? [Snapshot(), pending] : [pending];
    }

    /// <summary>Puts the arguments of a call in the dialogue that a rule or a person has changed.</summary>
    private bool Edit(ClientCall call)
    {
        foreach (JsonNode? asked in messages.SelectMany(static message => message?["toolCalls"] as JsonArray ?? []))
        {
            if (asked?["id"]?.ToString() == call.Id && asked["function"] is JsonObject function
                && !JsonNode.DeepEquals(
                    JsonNode.Parse(function["arguments"]!.ToString()), JsonNode.Parse(call.Arguments.GetRawText())))
            {
                function["arguments"] = call.Arguments.GetRawText();
                return true;
            }
        }

        return false;
    }

    private bool HasResult(CallEnded call) => messages.Any(message =>
        message?["role"]?.ToString() == "tool" && message["toolCallId"]?.ToString() == $"{runId}/{call.Turn}/{call.Call.Call}");

    private JsonObject Take(ExchangeEnded ended)
    {
        switch (ended.Event?.Code)
        {
            case "completed":
                JsonObject finished = Finish(new JsonObject { ["type"] = "success" });
                finished["result"] = new JsonObject { ["text"] = _answer };
                return finished;
            case "cancelled":
                return Finish(new JsonObject { ["type"] = "cancelled" });
            default:
                RunError? error = errorOf();
                return Error(
                    error is null ? ended.Event?.Code ?? "internalError" : CamelCase.Of(error.Code),
                    error?.Message ?? ended.Event?.Text ?? "The run failed.");
        }
    }

    /// <summary>Makes the event of an error.</summary>
    public static JsonObject Error(string code, string message) => new()
    {
        ["type"] = "RUN_ERROR",
        ["message"] = message,
        ["code"] = code,
    };

    private JsonObject Finish(JsonObject outcome) => new()
    {
        ["type"] = "RUN_FINISHED",
        ["threadId"] = threadId,
        ["runId"] = name,
        ["outcome"] = outcome,
    };

    private JsonObject Begin(string id)
    {
        _speaking = id;
        _said.Clear();
        return new JsonObject { ["type"] = "TEXT_MESSAGE_START", ["messageId"] = id, ["role"] = "assistant" };
    }

    private JsonObject GoOn(string id, string text)
    {
        _said.Append(text);
        return new JsonObject { ["type"] = "TEXT_MESSAGE_CONTENT", ["messageId"] = id, ["delta"] = text };
    }

    private JsonObject End(int turn, int attempt)
    {
        _speaking = null;
        return new JsonObject { ["type"] = "TEXT_MESSAGE_END", ["messageId"] = MessageId(turn, attempt) };
    }

    private string MessageId(int turn, int attempt) => attempt == 1 ? $"{runId}.{turn}" : $"{runId}.{turn}.a{attempt}";

    private static JsonNode InterruptOf(OpenQuestion open) => open.Approval is { } approval
        ? new JsonObject
        {
            ["id"] = approval.Id,
            ["reason"] = approval.Question == ApprovalQuestion.Repeat ? "confirmation" : "tool_call",
            ["message"] = $"May '{approval.Tool}' be called?",
            ["toolCallId"] = $"{approval.RunId}/{approval.Turn}/{approval.Call}",
            ["responseSchema"] = JsonNode.Parse(
                """
                {"type":"object","properties":{"approved":{"type":"boolean"},"editedArgs":{"type":"object"},
                "comment":{"type":"string"},"callHash":{"type":"string"}},"required":["approved"]}
                """),
            ["expiresAt"] = DoorJson.TimeOf(approval.ExpiresAt),
            ["metadata"] = new JsonObject
            {
                ["callHash"] = approval.CallHash,
                ["arguments"] = JsonNode.Parse((approval.Edited ?? approval.Arguments).GetRawText()),
            },
        }
        : new JsonObject
        {
            ["id"] = open.Question!.Id,
            ["reason"] = "input_required",
            ["message"] = open.Question.Text,
            ["responseSchema"] = JsonNode.Parse(open.Question.Form.GetRawText()),
        };
}
