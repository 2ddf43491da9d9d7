using System.Diagnostics;
using System.Globalization;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Governance.Redaction;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.AspNetCore.Problems;

/// <summary>Answers every error with problem details, and never with the insides of the host.</summary>
internal sealed class ProblemMiddleware(ILogger<ProblemMiddleware> logger, Redactor redactor) : IMiddleware
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to answer.
            return;
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, Describe(context, e));
            return;
        }

        await DescribeStatusAsync(context);
    }

    /// <summary>Gives an error without words some.</summary>
    public async Task DescribeStatusAsync(HttpContext context)
    {
        HttpResponse response = context.Response;
        if (response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
        {
            (string code, string detail) = ErrorStatus.Describe(response.StatusCode);
            await WriteAsync(context, Problem(context, response.StatusCode, code, detail));
        }
    }

    private ProblemResource Describe(HttpContext context, Exception error)
    {
        switch (error)
        {
            case ProblemException e:
                return Problem(context, e.Status, e.Code, e.Message);
            case AgentException e when ErrorStatus.Of(e.Code) is var status and < 500:
                if (e.RetryAfter is not null)
                {
                    context.Response.Headers.RetryAfter = SecondsOf(e);
                }

                return Problem(context, status, CamelCase.Of(e.Code), e.Message);
            case AgentException e when ErrorStatus.Of(e.Code) is var status and StatusCodes.Status503ServiceUnavailable:
                ApiLog.Unavailable(logger, context.Request.Method, context.Request.Path, e);
                context.Response.Headers.RetryAfter = SecondsOf(e);
                return Problem(context, status, CamelCase.Of(e.Code), ErrorStatus.Describe(status).Detail);
            case BadHttpRequestException e when e.StatusCode is StatusCodes.Status413PayloadTooLarge:
                return Problem(context, StatusCodes.Status400BadRequest, CamelCase.Of(ErrorCode.InvalidInput),
                    "body: send at most 1 MiB.");
            case BadHttpRequestException e:
                return Problem(context, e.StatusCode, ErrorStatus.Describe(e.StatusCode).Code,
                    ErrorStatus.Describe(e.StatusCode).Detail);
            default:
                ApiLog.Unexpected(logger, context.Request.Method, context.Request.Path, error);
                (string code, string detail) = ErrorStatus.Describe(StatusCodes.Status500InternalServerError);
                return Problem(context, StatusCodes.Status500InternalServerError, code, detail);
        }
    }

    private static ProblemResource Problem(HttpContext context, int status, string code, string detail) => new()
    {
        Title = ReasonPhrases.GetReasonPhrase(status) is { Length: > 0 } phrase ? phrase : "Error",
        Status = status,
        Detail = detail,
        Code = code,
        TraceId = Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier,
    };

    private Task WriteAsync(HttpContext context, ProblemResource problem)
    {
        context.Response.StatusCode = problem.Status;
        context.Response.Headers.CacheControl = "no-store";
        problem = problem with { Detail = redactor.Redact(problem.Detail) };
        if (context.GetEndpoint()?.Metadata.GetMetadata<IErrorWriter>() is { } writer)
        {
            context.Response.ContentType = "application/json";
            return writer.WriteAsync(context, problem);
        }

        return context.Response.WriteAsJsonAsync(
            problem, ApiJson.Options, "application/problem+json", CancellationToken.None);
    }

    private static string SecondsOf(AgentException e) => RetrySeconds.Of(e).ToString(CultureInfo.InvariantCulture);
}
