using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>Puts this door's tools and tasks into the host's server of the Model Context Protocol, beside whatever the host adds itself.</summary>
internal sealed class McpDoorOptionsSetup : IConfigureOptions<McpServerOptions>
{
    public void Configure(McpServerOptions options)
    {
        options.ServerInfo ??= new Implementation
        {
            Name = "agentfunctions",
            Title = "AgentFunctions",
            Version = typeof(McpDoorOptionsSetup).Assembly.GetName().Version?.ToString(3) ?? "0",
        };
        options.ServerInstructions ??= "Each agent is a tool: a call starts a durable run, which goes on whatever becomes of the connection. run_status tells how a run stands.";
        options.Capabilities ??= new ServerCapabilities();
        options.Capabilities.Extensions ??= new Dictionary<string, object>();
        options.Capabilities.Extensions[McpRequests.Tasks] = new JsonObject();
        options.Handlers.ListToolsHandler = static (request, _) => ValueTask.FromResult(Service<McpCalls>(request).List(request));
        options.Handlers.CallToolWithAlternateHandler = static (request, cancellationToken) => Service<McpCalls>(request).CallAsync(request, cancellationToken);
        options.RequestHandlers ??= [];
        Add(options, "tasks/get", static (request, cancellationToken) => Service<McpTasks>(request).GetAsync(request, cancellationToken));
        Add(options, "tasks/update", static (request, cancellationToken) => Service<McpTasks>(request).UpdateAsync(request, cancellationToken));
        Add(options, "tasks/cancel", static (request, cancellationToken) => Service<McpTasks>(request).CancelAsync(request, cancellationToken));
    }

    private static void Add(McpServerOptions options, string method, McpRequestHandler<JsonNode?, JsonNode?> handler) =>
        options.RequestHandlers!.Add(new McpServerRequestHandler { Method = method, RoutingNameParameter = "taskId", Handler = handler });

    private static T Service<T>(MessageContext request)
        where T : notnull => request.Services!.GetRequiredService<T>();
}
