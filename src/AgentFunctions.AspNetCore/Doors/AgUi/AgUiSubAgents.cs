using System.Text;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Doors.AgUi;

/// <summary>
/// Makes the events of sub-agents within one run of AG-UI. A sub-agent has the id of its run, which follows from the call that
/// asked for it.
/// </summary>
/// <param name="runId">The run.</param>
/// <param name="messages">The dialogue, to which what sub-agents said is added.</param>
/// <param name="isResumed">
/// Whether the client was here before: what it was told without numbers of what sub-agents say is void.
/// </param>
internal sealed class AgUiSubAgents(string runId, JsonArray messages, bool isResumed)
{
    /// <summary>
    /// The most texts of a sub-agent that are told: its events must find room among the numbers of one event of the journal.
    /// </summary>
    public const int MostTexts = 16;

    /// <summary>What stands for an event that was told before: its number is passed over.</summary>
    public static readonly JsonObject Told = [];

    private readonly HashSet<string> _open = [];
    private readonly Dictionary<string, (string Agent, StringBuilder Text)> _halves = new(StringComparer.Ordinal);
    private bool _isStale = isResumed;

    /// <summary>Gets the id of what a sub-agent says in a turn.</summary>
    public static string MessageId(string agent, int turn) => $"{agent}.{turn}";

    /// <summary>Gets what sub-agents have said of messages that are not whole.</summary>
    public IEnumerable<JsonObject> Halves =>
        _halves.Select(static half => MessageOf(half.Key, half.Value.Agent, half.Value.Text.ToString()));

    /// <summary>Tells more of what a sub-agent says. Any other event of it ends such a message.</summary>
    public IReadOnlyList<JsonObject> Take(AgentSpoke spoke)
    {
        string id = MessageId(spoke.Id, spoke.Turn);
        if (Find(id) is not null)
        {
            return [];
        }

        if (!_halves.TryGetValue(id, out (string Agent, StringBuilder Text) half))
        {
            _halves[id] = half = (SubAgentCalls.KnownOf(runId, spoke.Id), new StringBuilder());
        }

        half.Text.Append(spoke.Text);
        if (spoke.IsWhole)
        {
            _halves.Remove(id);
            messages.Add(MessageOf(id, half.Agent, half.Text.ToString()));
        }

        return spoke.Text.Length == 0
            ? []
            :
            [
                new JsonObject
                {
                    ["type"] = "TEXT_MESSAGE_CHUNK",
                    ["messageId"] = id,
                    ["role"] = "assistant",
                    ["delta"] = spoke.Text,
                    ["subagentRunId"] = half.Agent,
                },
            ];
    }

    /// <summary>Corrects the dialogue before a frame is told.</summary>
    /// <returns>Whether the client has something that is not in it.</returns>
    public bool Correct(RunFrame frame, IReadOnlyList<(string Id, string Text)> said)
    {
        switch (frame)
        {
            case AgentSpoke:
                return TakeStale();
            case AgentTookBack lost:
                return _halves.Remove(MessageId(lost.Id, lost.Turn));
            case CallEnded when said.Count > 0:
                return TakeStale() | said.Aggregate(false, (wrong, one) => Correct(one.Id, one.Text) || wrong);
            case ExchangeInterrupted or ExchangeEnded:
                bool wasOpen = _halves.Count > 0 || (_isStale && _open.Count > 0);
                _halves.Clear();
                return wasOpen;
            default:
                return false;
        }
    }

    private bool TakeStale()
    {
        bool wasStale = _isStale;
        _isStale = false;
        return wasStale;
    }

    private bool Correct(string id, string text)
    {
        if (Find(id) is { } told && told["content"]?.ToString() != text)
        {
            told["content"] = text;
            return true;
        }

        return _halves.Remove(id);
    }

    private JsonNode? Find(string id) => messages.FirstOrDefault(message => message?["id"]?.ToString() == id);

    private static JsonObject MessageOf(string id, string agent, string text) =>
        new() { ["id"] = id, ["role"] = "assistant", ["content"] = text, ["subagentRunId"] = agent };

    /// <summary>Tells that a call has begun.</summary>
    public IReadOnlyList<JsonObject> Take(CallStarted call) =>
        SubAgentCalls.Starts(call.Call.Tool)
            ? Open(
                SubAgentCalls.IdOf(runId, call.Turn, call.Call.Call), SubAgentCalls.NameOf(call.Call),
                $"{runId}/{call.Turn}/{call.Call.Call}")
            : [];

    /// <summary>
    /// Tells that a call has an outcome, and what its sub-agent said: <see cref="Told"/> for what was told while it was said.
    /// </summary>
    public IEnumerable<JsonObject> Take(CallEnded call, IReadOnlyList<(string Id, string Text)> said)
    {
        if (!SubAgentCalls.Starts(call.Call.Tool))
        {
            yield break;
        }

        string id = SubAgentCalls.IdOf(runId, call.Turn, call.Call.Call);
        foreach (JsonObject opened in Open(id, SubAgentCalls.NameOf(call.Call), $"{runId}/{call.Turn}/{call.Call.Call}"))
        {
            yield return opened;
        }

        foreach ((string message, string text) in said)
        {
            bool isTold = Find(message) is not null;
            if (!isTold)
            {
                messages.Add(MessageOf(message, id, text));
            }

            yield return isTold ? Told : new JsonObject
            {
                ["type"] = "TEXT_MESSAGE_START",
                ["messageId"] = message,
                ["role"] = "assistant",
                ["subagentRunId"] = id,
            };
            yield return isTold ? Told : new JsonObject
            {
                ["type"] = "TEXT_MESSAGE_CONTENT",
                ["messageId"] = message,
                ["delta"] = text,
                ["subagentRunId"] = id,
            };
            yield return isTold ? Told : new JsonObject
            {
                ["type"] = "TEXT_MESSAGE_END",
                ["messageId"] = message,
                ["subagentRunId"] = id,
            };
        }

        _open.Remove(id);
        yield return call.Event.IsError == true
            ? Failed(id, call.Text, call.Event.Code)
            : new JsonObject
            {
                ["type"] = "SUBAGENT_FINISHED",
                ["subagentRunId"] = id,
                ["outcome"] = new JsonObject { ["type"] = "success" },
            };
    }

    /// <summary>Tells that the part of the dialogue ends while sub-agents are at work, some of which ask the caller.</summary>
    public IEnumerable<JsonObject> Suspend(IReadOnlyList<OpenQuestion> asked)
    {
        var interrupts = new Dictionary<string, List<JsonNode>>(StringComparer.Ordinal);
        foreach (OpenQuestion open in asked)
        {
            string asking = open.Approval?.RunId ?? open.Question!.RunId;
            if (!asking.StartsWith($"{runId}.", StringComparison.Ordinal))
            {
                continue;
            }

            // Who asks may be a sub-agent of a sub-agent: the one that this run knows is told of.
            string id = SubAgentCalls.KnownOf(runId, asking);
            IReadOnlyList<string> chain = open.Approval?.Chain ?? open.Question!.Chain;
            foreach (JsonObject told in Open(id, chain.Count > 1 ? chain[1] : open.Tool, null).Concat(CallOf(open, id)))
            {
                yield return told;
            }

            if (!interrupts.TryGetValue(id, out List<JsonNode>? own))
            {
                interrupts[id] = own = [];
            }

            own.Add(open.Id);
        }

        foreach (string id in _open)
        {
            var outcome = new JsonObject { ["type"] = "suspended" };
            if (interrupts.TryGetValue(id, out List<JsonNode>? own))
            {
                outcome["interruptIds"] = new JsonArray([.. own]);
            }

            yield return new JsonObject { ["type"] = "SUBAGENT_FINISHED", ["subagentRunId"] = id, ["outcome"] = outcome };
        }

        _open.Clear();
    }

    /// <summary>Tells that the run ends before sub-agents of it were done.</summary>
    public IReadOnlyList<JsonObject> Close()
    {
        JsonObject[] closed = [.. _open.Select(static id => Failed(id, "It ended with the run that asked for it.", null))];
        _open.Clear();
        return closed;
    }

    private static JsonObject Failed(string id, string message, string? code)
    {
        var failed = new JsonObject { ["type"] = "SUBAGENT_ERROR", ["subagentRunId"] = id, ["message"] = message };
        if (code is not null)
        {
            failed["code"] = CamelCase.Of(code);
        }

        return failed;
    }

    private JsonObject[] Open(string id, string name, string? parent)
    {
        if (!_open.Add(id))
        {
            return [];
        }

        var started = new JsonObject { ["type"] = "SUBAGENT_STARTED", ["subagentRunId"] = id, ["name"] = name };
        if (parent is not null)
        {
            started["parentToolCallId"] = parent;
        }

        return [started];
    }

    /// <summary>The call that a sub-agent asks about, which is no call of the run itself: the interrupt names it.</summary>
    private JsonObject[] CallOf(OpenQuestion open, string agent)
    {
        if (open.Approval is not { } approval)
        {
            return [];
        }

        string key = $"{approval.RunId}/{approval.Turn}/{approval.Call}";
        if (messages.SelectMany(static message => message?["toolCalls"] as JsonArray ?? [])
            .Any(call => call?["id"]?.ToString() == key))
        {
            return [];
        }

        string message = $"{approval.RunId}.{approval.Turn}.{approval.Call}.call";
        string arguments = (approval.Edited ?? approval.Arguments).GetRawText();
        messages.Add(new JsonObject
        {
            ["id"] = message,
            ["role"] = "assistant",
            ["subagentRunId"] = agent,
            ["toolCalls"] = new JsonArray(new JsonObject
            {
                ["id"] = key,
                ["type"] = "function",
                ["function"] = new JsonObject { ["name"] = approval.Tool, ["arguments"] = arguments },
            }),
        });
        return
        [
            new JsonObject
            {
                ["type"] = "TOOL_CALL_START", ["toolCallId"] = key, ["toolCallName"] = approval.Tool,
                ["parentMessageId"] = message,
                ["subagentRunId"] = agent,
            },
            new JsonObject { ["type"] = "TOOL_CALL_ARGS", ["toolCallId"] = key, ["delta"] = arguments,
                ["subagentRunId"] = agent },
            new JsonObject { ["type"] = "TOOL_CALL_END", ["toolCallId"] = key, ["subagentRunId"] = agent },
        ];
    }
}
