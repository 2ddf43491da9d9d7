using System.Text.Json.Nodes;
using AgentFunctions.Governance.Redaction;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>
/// Adds the tools and tasks of this door to the host's server of the Model Context Protocol, beside what the host adds itself.
/// </summary>
internal sealed class McpDoorOptionsSetup(Redactor redactor) : IConfigureOptions<McpServerOptions>
{
    public void Configure(McpServerOptions options)
    {
        options.ServerInfo ??= new Implementation
        {
            Name = "agentfunctions",
            Title = "AgentFunctions",
            Version = typeof(McpDoorOptionsSetup).Assembly.GetName().Version?.ToString(3) ?? "0",
        };
        options.ServerInstructions ??=
            "Each agent is a tool: a call starts a durable run, which goes on whatever becomes of the connection. "
            + "run_status tells how a run stands.";
        options.Capabilities ??= new ServerCapabilities();
        options.Capabilities.Extensions ??= new Dictionary<string, object>();
        options.Capabilities.Extensions[McpRequests.Tasks] = new JsonObject();
        options.Handlers.ListToolsHandler = static (request, _) => ValueTask.FromResult(Service<McpCalls>(request).List(request));
        options.Handlers.CallToolWithAlternateHandler =
            static (request, cancellationToken) => Service<McpCalls>(request).CallAsync(request, cancellationToken);
        options.RequestHandlers ??= [];
        Add(options, "tasks/get", static (tasks, request, cancellationToken) => tasks.GetAsync(request, cancellationToken));
        Add(options, "tasks/update", static (tasks, request, cancellationToken) => tasks.UpdateAsync(request, cancellationToken));
        Add(options, "tasks/cancel", static (tasks, request, cancellationToken) => tasks.CancelAsync(request, cancellationToken));
        options.Filters.Message.OutgoingFilters.Add(next => (context, cancellationToken) =>
        {
            Mask(context.JsonRpcMessage);
            return next(context, cancellationToken);
        });
    }

    /// <summary>Masks secrets in whatever leaves the host: results, errors, progress and questions.</summary>
    private void Mask(JsonRpcMessage message)
    {
        switch (message)
        {
            case JsonRpcResponse response:
                response.Result = Masked(response.Result);
                break;
            case JsonRpcError error:
                error.Error.Message = redactor.Redact(error.Error.Message)!;
                break;
            case JsonRpcNotification notification:
                notification.Params = Masked(notification.Params);
                break;
            case JsonRpcRequest request:
                request.Params = Masked(request.Params);
                break;
        }
    }

    private JsonNode? Masked(JsonNode? node)
    {
        string? written = node?.ToJsonString();
        string? shown = redactor.RedactJson(written);
        return ReferenceEquals(shown, written) ? node : JsonNode.Parse(shown!);
    }

    private static void Add(
        McpServerOptions options, string method,
        Func<McpTasks, RequestContext<JsonNode?>, CancellationToken, ValueTask<JsonNode?>> handler) =>
        options.RequestHandlers!.Add(new McpServerRequestHandler
        {
            Method = method,
            RoutingNameParameter = "taskId",
            Handler = (request, cancellationToken) => handler(Service<McpTasks>(request), request, cancellationToken),
        });

    private static T Service<T>(MessageContext request)
        where T : notnull => request.Services!.GetRequiredService<T>();
}
