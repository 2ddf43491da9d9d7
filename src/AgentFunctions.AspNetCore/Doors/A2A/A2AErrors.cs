using System.Globalization;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Problems;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>Writes errors in the forms of the Agent2Agent protocol, those of the host's guard and pipeline too.</summary>
internal sealed class A2AErrors(bool isRpc) : IErrorWriter
{
    /// <summary>Makes the error of the binding to JSON-RPC.</summary>
    /// <param name="id">The id of the request; <see langword="null"/> if it is not known.</param>
    /// <param name="e">The error.</param>
    /// <param name="message">Its message without secrets.</param>
    public static JsonObject OfRpc(JsonNode? id, A2AException e, string? message) => new()
    {
        ["jsonrpc"] = "2.0",
        ["id"] = id,
        ["error"] = new JsonObject { ["code"] = e.Code, ["message"] = message, ["data"] = e.Details() },
    };

    /// <summary>Makes the error of the binding to HTTP+JSON.</summary>
    /// <param name="e">The error.</param>
    /// <param name="message">Its message without secrets.</param>
    public static JsonObject OfRest(A2AException e, string? message) => new()
    {
        ["error"] = new JsonObject
        {
            ["code"] = e.Status,
            ["status"] = e.StatusName,
            ["message"] = message,
            ["details"] = e.Details(),
        },
    };

    /// <summary>Makes the error of one of the library's, and writes down one of the host itself.</summary>
    /// <param name="http">The request.</param>
    /// <param name="e">The error.</param>
    /// <param name="task">The task that it is about; <see langword="null"/> for none.</param>
    public static A2AException Of(HttpContext http, AgentException e, string? task)
    {
        ApiLog.OfHost(http.RequestServices, http.Request.Method, http.Request.Path, e);
        return A2AException.Of(e, task);
    }

    /// <summary>Says in the head of the response when to repeat the request, if that helps.</summary>
    /// <param name="http">The request.</param>
    /// <param name="e">The error.</param>
    public static void SayWhen(HttpContext http, A2AException e)
    {
        if (e.RetryAfter is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <inheritdoc/>
    public Task WriteAsync(HttpContext context, ProblemResource problem)
    {
        var error = A2AException.OfStatus(problem.Status, problem.Detail);
        if (long.TryParse(context.Response.Headers.RetryAfter, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds))
        {
            error.RetryAfter = seconds;
        }

        JsonObject body = isRpc ? OfRpc(null, error, problem.Detail) : OfRest(error, problem.Detail);
        return context.Response.WriteAsync(body.ToJsonString(), CancellationToken.None);
    }
}
