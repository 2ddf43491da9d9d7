using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp.Tasks;

/// <summary>The requests about tasks, as the extension of the protocol has them.</summary>
internal static class TaskWire
{
    /// <summary>The name of the extension.</summary>
    public const string Extension = "io.modelcontextprotocol/tasks";

    /// <summary>
    /// Says in the metadata of one request that its answer may be a task. Said for the whole client, the SDK would read tasks as
    /// empty results.
    /// </summary>
    /// <param name="meta">The metadata.</param>
    public static void OptIn(JsonObject meta) => meta["io.modelcontextprotocol/clientCapabilities"] = new JsonObject
    {
        ["extensions"] = new JsonObject { [Extension] = new JsonObject() },
    };

    /// <summary>Makes the request of how a task stands.</summary>
    /// <param name="id">The task.</param>
    public static JsonRpcRequest Get(string id) => Of("tasks/get", id);

    /// <summary>Makes the request that ends a task.</summary>
    /// <param name="id">The task.</param>
    public static JsonRpcRequest Cancel(string id) => Of("tasks/cancel", id);

    /// <summary>Makes the request that answers what a task asks.</summary>
    /// <param name="id">The task.</param>
    /// <param name="responses">The answers, by the server's keys.</param>
    public static JsonRpcRequest Update(string id, JsonObject responses)
    {
        JsonRpcRequest request = Of("tasks/update", id);
        request.Params!["inputResponses"] = responses.DeepClone();
        return request;
    }

    private static JsonRpcRequest Of(string method, string id)
    {
        var meta = new JsonObject();
        OptIn(meta);
        return new JsonRpcRequest
        {
            Method = method,
            Params = new JsonObject { ["taskId"] = id, ["_meta"] = meta },
            Context = new JsonRpcMessageContext { RoutingName = id },
        };
    }
}
