using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Agents;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Redaction;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>Reads requests and writes answers of the Agent2Agent protocol, whichever the binding.</summary>
internal static class A2AHttp
{
    private const string Version = "A2A-Version";

    /// <summary>Gets who calls; a request without a version is one of 0.3, which this host does not speak.</summary>
    public static Caller CallerOf(HttpContext http, string agent, string? request)
    {
        string version = http.Request.Headers[Version].ToString();
        if (version != "1" && !version.StartsWith("1.", StringComparison.Ordinal))
        {
            throw new A2AException(
                -32009, "VERSION_NOT_SUPPORTED", StatusCodes.Status400BadRequest,
                $"{Version}: this host speaks 1.0; without the header a request is one of 0.3.");
        }

        _ = AgentOf(http, agent);
        return http.Caller() with { Door = new CallerDoor(A2AService.Door, request) };
    }

    /// <summary>Gets an agent that the caller may ask; any agent if the address is open to everybody.</summary>
    public static AgentDefinition AgentOf(HttpContext http, string name)
    {
        IServiceProvider services = http.RequestServices;
        return services.GetRequiredService<AgentCatalog>().Agents.FirstOrDefault(agent => agent.Name == name) is { } found
            && (http.Features.Get<Caller>() is not { } caller || services.GetRequiredService<AgentGateway>().MayAsk(caller, name))
                ? found
                : throw new ProblemException(StatusCodes.Status404NotFound, "agentNotFound", $"There is no agent '{name}'.");
    }

    /// <summary>Reads the body of a request.</summary>
    /// <exception cref="A2AException">It is not a JSON object.</exception>
    public static async Task<JsonObject> BodyAsync(HttpContext http)
    {
        ReadOnlyMemory<byte> body = await http.Request.ReadJsonBytesAsync(http.RequestAborted);
        try
        {
            return DoorJson.Parse(body) as JsonObject ?? throw A2AException.Invalid("body: send a JSON object.");
        }
        catch (JsonException)
        {
            throw new A2AException(-32700, "PARSE_ERROR", StatusCodes.Status400BadRequest, "body: not valid JSON.");
        }
    }

    /// <summary>Reads the query of a request as the JSON that the other binding sends.</summary>
    public static JsonObject QueryOf(HttpContext http)
    {
        var query = new JsonObject();
        foreach ((string name, StringValues value) in http.Request.Query)
        {
            query[name] = int.TryParse(value, out int number) ? number
                : bool.TryParse(value, out bool flag) ? flag : (JsonNode?)value.ToString();
        }

        return query;
    }

    /// <summary>Answers with JSON.</summary>
    public static IResult Json(JsonObject value, int status = StatusCodes.Status200OK) =>
        TypedResults.Content(value.ToJsonString(), "application/json", statusCode: status);

    /// <summary>Gets the message of an error without secrets.</summary>
    public static string MessageOf(HttpContext http, A2AException e) =>
        http.RequestServices.GetRequiredService<Redactor>().Redact(e.Message);
}
