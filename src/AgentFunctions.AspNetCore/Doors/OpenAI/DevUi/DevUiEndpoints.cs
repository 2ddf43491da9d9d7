using System.Text.Json.Nodes;
using AgentFunctions.Agents;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway;
using AgentFunctions.Tools;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Doors.OpenAI.DevUi;

/// <summary>
/// What the page DevUI of Agent Framework asks of its host beside OpenAI's API: what the host is, and which agents it has.
/// </summary>
internal static class DevUiEndpoints
{
    /// <summary>Maps the description of the host, which stands beside the prefix of the door.</summary>
    public static void MapDevUiMeta(this IEndpointRouteBuilder door) => door.MapGet("/meta", GetMeta);

    /// <summary>Maps the agents.</summary>
    public static void MapDevUiEntities(this IEndpointRouteBuilder door)
    {
        door.MapGet("/entities", ListEntities);
        door.MapGet("/entities/{id}/info", GetEntity);
    }

    private static IResult GetMeta(HttpContext http) => OpenAIJson.Answer(new JsonObject
    {
        ["ui_mode"] = "developer",
        ["version"] = typeof(DevUiEndpoints).Assembly.GetName().Version?.ToString(3) ?? "0",
        ["framework"] = "agent_framework",
        ["runtime"] = "dotnet",
        ["capabilities"] = new JsonObject { ["tracing"] = false, ["openai_proxy"] = false, ["deployment"] = false },
        // The page asks for a token where it is true, and sends it with this very request.
        ["auth_required"] = http.Caller().Id != Caller.Local.Id,
    });

    private static IResult ListEntities(HttpContext http, AgentCatalog agents, AgentGateway gateway, ToolCatalog tools) =>
        OpenAIJson.Answer(new JsonObject
        {
            ["entities"] = new JsonArray(
            [
                .. agents.Agents.Where(agent => gateway.MayAsk(http.Caller(), agent.Name)).Select(agent => EntityOf(agent,
                    tools)),
            ]),
        });

    private static IResult GetEntity(string id, HttpContext http, AgentCatalog agents, AgentGateway gateway, ToolCatalog tools) =>
        agents.Agents.FirstOrDefault(agent => agent.Name == id) is { } agent && gateway.MayAsk(http.Caller(), id)
            ? OpenAIJson.Answer(EntityOf(agent, tools))
            : throw OpenAIException.Of(new AgentException(ErrorCode.AgentNotFound, $"There is no agent '{id}'."));

    private static JsonObject EntityOf(AgentDefinition agent, ToolCatalog tools) => new()
    {
        ["id"] = agent.Name,
        ["type"] = "agent",
        ["name"] = agent.Name,
        ["description"] = agent.Description,
        ["framework"] = "agent_framework",
        ["tools"] = new JsonArray([.. tools.NamesOf(agent).Select(static name => (JsonNode)name)]),
        ["metadata"] = new JsonObject(),
        ["source"] = "in_memory",
        ["deployment_supported"] = false,
        ["model_id"] = agent.Model,
    };
}
