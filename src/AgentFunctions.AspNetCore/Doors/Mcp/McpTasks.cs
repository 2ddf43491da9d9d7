using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using Microsoft.Extensions.Options;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>The requests about tasks: a task is a run.</summary>
internal sealed class McpTasks(
    RunStands stands, Elicitation elicitation, RunSteering steering, TimeProvider time, IOptions<DoorOptions> options)
{
    /// <summary>Tells how a task stands.</summary>
    public ValueTask<JsonNode?> GetAsync(RequestContext<JsonNode?> request, CancellationToken cancellationToken) =>
        HandleAsync(request, async (id, caller) =>
        {
            RunStand stand = await stands.GetAsync(id, caller, RunAct.See, cancellationToken);
            return McpTaskWire.Detailed(stand, ToolOf(stand), time.GetUtcNow());
        });

    /// <summary>Takes answers to what a task asks.</summary>
    public ValueTask<JsonNode?> UpdateAsync(RequestContext<JsonNode?> request, CancellationToken cancellationToken) =>
        HandleAsync(request, async (id, caller) =>
        {
            RunStand stand = await stands.GetAsync(id, caller, RunAct.See, cancellationToken);
            await elicitation.AnswerAsync(stand.Open, ResponsesOf(request.Params), caller, cancellationToken);
            return McpTaskWire.Acknowledged();
        });

    /// <summary>Asks a task to end. One that has ended is left as it is.</summary>
    public ValueTask<JsonNode?> CancelAsync(RequestContext<JsonNode?> request, CancellationToken cancellationToken) =>
        HandleAsync(request, async (id, caller) =>
        {
            await stands.GetAsync(id, caller, RunAct.Stop, cancellationToken);
            try
            {
                await steering.CancelAsync(id, caller, "cancelled by the client of its task", null, cancellationToken);
            }
            catch (AgentException e) when (e.Code == ErrorCode.RunStateForbids)
            {
                // The run has ended already, which is what the client wants.
            }

            return McpTaskWire.Acknowledged();
        });

    private static async ValueTask<JsonNode?> HandleAsync(
        RequestContext<JsonNode?> request, Func<string, Caller, Task<JsonObject>> act)
    {
        McpRequests.EnsureKnowsTasks(request.JsonRpcRequest);
        string id = (request.Params as JsonObject)?["taskId"] is JsonValue value && value.TryGetValue(out string? given)
            ? given
            : throw new McpProtocolException("taskId: send the id of a task.", McpErrorCode.InvalidParams);
        try
        {
            return await act(id, McpRequests.CallerOf(request, id));
        }
        catch (AgentException e)
        {
            throw McpRefusals.Of(request, e);
        }
    }

    private static IDictionary<string, InputResponse> ResponsesOf(JsonNode? parameters)
    {
        try
        {
            return parameters?["inputResponses"]?.Deserialize(
                McpJsonUtilities.GetTypeInfo<IDictionary<string, InputResponse>>(McpJsonUtilities.DefaultOptions))
                ?? new Dictionary<string, InputResponse>();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new McpProtocolException(
                "inputResponses: send an object of answers by the keys of inputRequests.", McpErrorCode.InvalidParams);
        }
    }

    /// <summary>Gets the tool that makes the result of a run: the label that the door gave it says which.</summary>
    private McpAgentTool? ToolOf(RunStand stand) => stand.Run.Labels.TryGetValue(McpAgentTools.Label, out string? name)
        ? options.Value.Mcp.Tools.FirstOrDefault(tool => tool.Name == name)
        : null;
}
