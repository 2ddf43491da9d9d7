using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Problems;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>An error of the Agent2Agent protocol.</summary>
[SuppressMessage(
    "Design", "CA1032:Implement standard exception constructors", Justification = "An error without a code says too little.")]
internal sealed class A2AException(int code, string reason, int status, string message) : Exception(message)
{
    /// <summary>Gets the code of JSON-RPC.</summary>
    public int Code { get; } = code;

    /// <summary>Gets the HTTP status of the other binding.</summary>
    public int Status { get; } = status;

    /// <summary>Gets or sets in how many seconds to repeat the request; <see langword="null"/> if that does not help.</summary>
    public long? RetryAfter { get; set; }

    /// <summary>Makes the error of a field with a wrong value.</summary>
    public static A2AException Invalid(string message) =>
        new(-32602, "INVALID_PARAMS", StatusCodes.Status400BadRequest, message);

    /// <summary>Makes the error of a task that does not exist, or is none of the caller's.</summary>
    public static A2AException NotFound(string id) =>
        new(-32001, "TASK_NOT_FOUND", StatusCodes.Status404NotFound, $"There is no task '{id}'.");

    /// <summary>Makes the error of something that this host does not do.</summary>
    public static A2AException Unsupported(string message) =>
        new(-32004, "UNSUPPORTED_OPERATION", StatusCodes.Status400BadRequest, message);

    /// <summary>Makes the error of one of the library's.</summary>
    /// <param name="e">The error.</param>
    /// <param name="task">The task that it is about; <see langword="null"/> for none.</param>
    public static A2AException Of(AgentException e, string? task) => e.Code switch
    {
        ErrorCode.RunNotFound or ErrorCode.RunErased => NotFound(task ?? ""),
        ErrorCode.NotAllowed when task is not null => NotFound(task),
        ErrorCode.NotAllowed => new(-32602, "PERMISSION_DENIED", StatusCodes.Status403Forbidden, e.Message),
        ErrorCode.AgentNotFound => new(-32602, "NOT_FOUND", StatusCodes.Status404NotFound, e.Message),
        ErrorCode.RunStateForbids => Unsupported(e.Message),
        ErrorCode.QuotaExceeded => new(-32603, "RESOURCE_EXHAUSTED", StatusCodes.Status429TooManyRequests, e.Message)
        {
            RetryAfter = RetrySeconds.Of(e),
        },
        _ => ErrorStatus.Of(e.Code) switch
        {
            // What is wrong with the host is for its log.
            StatusCodes.Status503ServiceUnavailable and var status => new(
                -32603, "UNAVAILABLE", status, ErrorStatus.Describe(status).Detail)
            {
                RetryAfter = RetrySeconds.Of(e),
            },
            >= StatusCodes.Status500InternalServerError and var status => new(
                -32603, "INTERNAL", status, ErrorStatus.Describe(status).Detail),
            _ => Invalid(e.Message),
        },
    };

    /// <summary>Makes the error of what the host's guard or pipeline refuses.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="message">The words.</param>
    public static A2AException OfStatus(int status, string message) => status switch
    {
        StatusCodes.Status401Unauthorized => new(-32603, "UNAUTHENTICATED", status, message),
        StatusCodes.Status403Forbidden => new(-32603, "PERMISSION_DENIED", status, message),
        StatusCodes.Status404NotFound => new(-32602, "NOT_FOUND", status, message),
        StatusCodes.Status429TooManyRequests => new(-32603, "RESOURCE_EXHAUSTED", status, message),
        StatusCodes.Status503ServiceUnavailable => new(-32603, "UNAVAILABLE", status, message),
        >= 500 => new(-32603, "INTERNAL", status, message),
        _ => new(-32602, "INVALID_PARAMS", status, message),
    };

    /// <summary>Gets what both bindings tell of it.</summary>
    public JsonArray Details()
    {
        var details = new JsonArray(new JsonObject
        {
            ["@type"] = "type.googleapis.com/google.rpc.ErrorInfo",
            ["reason"] = reason,
            ["domain"] = "a2a-protocol.org",
        });
        if (RetryAfter is { } seconds)
        {
            details.Add(new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.rpc.RetryInfo",
                ["retryDelay"] = string.Create(CultureInfo.InvariantCulture, $"{seconds}s"),
            });
        }

        return details;
    }

    /// <summary>Gets the name that gRPC has for the status.</summary>
    public string StatusName => Status switch
    {
        StatusCodes.Status401Unauthorized => "UNAUTHENTICATED",
        StatusCodes.Status404NotFound => "NOT_FOUND",
        StatusCodes.Status403Forbidden => "PERMISSION_DENIED",
        StatusCodes.Status409Conflict => "FAILED_PRECONDITION",
        StatusCodes.Status429TooManyRequests => "RESOURCE_EXHAUSTED",
        StatusCodes.Status503ServiceUnavailable => "UNAVAILABLE",
        >= 500 => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    };
}
