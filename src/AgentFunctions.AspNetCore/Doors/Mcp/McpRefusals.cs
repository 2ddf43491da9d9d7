using System.Globalization;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Problems;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol;
using ModelContextProtocol.Server;

namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>
/// Turns a request away by the status of HTTP that clients and proxies act upon, beside the protocol's error in the body.
/// </summary>
internal static class McpRefusals
{
    /// <summary>
    /// Makes the protocol's error of one of the library's, and gives the response the status that belongs to it.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="e">The error.</param>
    public static McpProtocolException Of<T>(RequestContext<T> request, AgentException e)
    {
        if (request.Services is { } services)
        {
            ApiLog.OfHost(services, "MCP", request.JsonRpcRequest.Method, e);
        }

        if (ErrorStatus.Of(e.Code) is var known
            and (StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable))
        {
            string seconds = RetrySeconds.Of(e).ToString(CultureInfo.InvariantCulture);
            DoorCallers.ResponseOf(request.User)?.Refuse(http =>
            {
                http.Response.StatusCode = known;
                http.Response.Headers.RetryAfter = seconds;
            });
        }

        return McpRequests.Error(e);
    }

    /// <summary>Makes the error for a caller who may not start runs, and has the response say which scope is missing.</summary>
    /// <param name="request">The request.</param>
    /// <param name="e">The error.</param>
    public static McpProtocolException OfScope(MessageContext request, AgentException e)
    {
        DoorCallers.ResponseOf(request.User)?.Refuse(static http =>
        {
            string challenge = http.GetEndpoint()?.Metadata.GetMetadata<ChallengeMetadata>()?.Header(http) ?? "Bearer";
            string known = challenge.Length > "Bearer ".Length
                ? challenge["Bearer ".Length..]
                : $"scope=\"{CallerRoles.Submitter}\"";
            http.Response.StatusCode = StatusCodes.Status403Forbidden;
            http.Response.Headers.WWWAuthenticate = $"Bearer error=\"insufficient_scope\", {known}";
        });
        return McpRequests.Error(e);
    }
}
