using System.Globalization;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.Governance.Redaction;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AspNetCore.Doors.OpenAI;

/// <summary>Errors in the form of OpenAI's API.</summary>
internal sealed class OpenAIErrors : IErrorWriter
{
    /// <summary>Answers what a handler throws in the form that clients know.</summary>
    /// <param name="context">The request.</param>
    /// <param name="next">The handler.</param>
    public static async ValueTask<object?> FilterAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (OpenAIException e)
        {
            return Answer(context.HttpContext, e);
        }
        catch (AgentException e)
        {
            HttpContext http = context.HttpContext;
            ApiLog.OfHost(http.RequestServices, http.Request.Method, http.Request.Path, e);
            var known = OpenAIException.Of(e);
            if (known.Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
            {
                http.Response.Headers["x-should-retry"] = "true";
                http.Response.Headers.RetryAfter = RetrySeconds.Of(e).ToString(CultureInfo.InvariantCulture);
            }
            else if (known.Status >= StatusCodes.Status500InternalServerError)
            {
                // Clients repeat a 500 by themselves, and this one would be the same.
                http.Response.Headers["x-should-retry"] = "false";
            }

            return Answer(http, known);
        }
    }

    /// <summary>Gets the code that clients know for that of a run's error.</summary>
    /// <param name="code">The run's.</param>
    public static string CodeOf(string? code) => code switch
    {
        nameof(ErrorCode.ModelRateLimited) => "rate_limit_exceeded",
        nameof(ErrorCode.InvalidInput) or nameof(ErrorCode.ModelContextExceeded) => "invalid_prompt",
        _ => "server_error",
    };

    /// <summary>Makes the JSON of an error.</summary>
    /// <param name="e">The error.</param>
    public static JsonObject BodyOf(OpenAIException e) => Body(e.Message, e.Type, e.Code, e.Param);

    /// <inheritdoc/>
    public Task WriteAsync(HttpContext context, ProblemResource problem) => context.Response.WriteAsync(
        Body(problem.Detail, KindOf(problem.Status), problem.Code, null).ToJsonString(), CancellationToken.None);

    private static IResult Answer(HttpContext http, OpenAIException e)
    {
        Redactor redactor = http.RequestServices.GetRequiredService<Redactor>();
        return TypedResults.Content(
            Body(redactor.Redact(e.Message), e.Type, e.Code, e.Param).ToJsonString(), "application/json", statusCode: e.Status);
    }

    private static JsonObject Body(string? message, string type, string code, string? param) => new()
    {
        ["error"] = new JsonObject { ["message"] = message, ["type"] = type, ["code"] = code, ["param"] = param },
    };

    private static string KindOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "authentication_error",
        StatusCodes.Status403Forbidden => "permission_error",
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };
}
