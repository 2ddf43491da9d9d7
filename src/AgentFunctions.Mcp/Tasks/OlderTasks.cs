using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp.Tasks;

/// <summary>
/// Reads what a server of 2025-11-25 says of tasks, as that version had them: whether it makes them of calls, and for which
/// tools. The SDK leaves it out.
/// </summary>
internal sealed class OlderTasks
{
    /// <summary>How long a server is asked to keep a task, in milliseconds: a week.</summary>
    private const long TimeToLive = 7 * 24 * 60 * 60 * 1_000;

    private readonly Lock _gate = new();
    private readonly HashSet<string> _tools = new(StringComparer.Ordinal);
    private bool _makes;

    /// <summary>Takes an answer; one that says nothing of tasks is left.</summary>
    /// <param name="answer">The answer.</param>
    public void Take(JsonObject answer)
    {
        lock (_gate)
        {
            JsonNode? tasks = (answer["capabilities"] as JsonObject)?["tasks"];
            JsonNode? requests = (tasks as JsonObject)?["requests"];
            _makes |= ((requests as JsonObject)?["tools"] as JsonObject)?.ContainsKey("call") == true;
            foreach (JsonObject tool in (answer["tools"] as JsonArray ?? []).OfType<JsonObject>())
            {
                string name = tool["name"]?.ToString() ?? "";
                bool may = (tool["execution"] as JsonObject)?["taskSupport"]?.ToString() is "required" or "optional";
                _ = may ? _tools.Add(name) : _tools.Remove(name);
            }
        }
    }

    /// <summary>Determines whether the server makes a task of a call that asks for it.</summary>
    /// <param name="tool">The tool, as the server names it.</param>
    public bool MakeOf(string tool)
    {
        lock (_gate)
        {
            return _makes && _tools.Contains(tool);
        }
    }

    /// <summary>Asks in the parameters of a call for a task.</summary>
    /// <param name="parameters">The parameters.</param>
    public static void OptIn(JsonNode parameters) => parameters["task"] = new JsonObject { ["ttl"] = TimeToLive };

    /// <summary>Makes the request of the result of a task, which is answered once there is one.</summary>
    /// <param name="id">The task.</param>
    public static JsonRpcRequest Result(string id) =>
        new() { Method = "tasks/result", Params = new JsonObject { ["taskId"] = id } };
}
