using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
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

    /// <summary>Makes the error of a field with a wrong value.</summary>
    public static A2AException Invalid(string message) =>
        new(-32602, "INVALID_PARAMS", StatusCodes.Status400BadRequest, message);

    /// <summary>Makes the error of a task that does not exist, or is none of the caller's.</summary>
    public static A2AException NotFound(string id) =>
        new(-32001, "TASK_NOT_FOUND", StatusCodes.Status404NotFound, $"There is no task '{id}'.");

    /// <summary>Makes the error of something that this host does not do.</summary>
    public static A2AException Unsupported(string message) =>
        new(-32004, "UNSUPPORTED_OPERATION", StatusCodes.Status400BadRequest, message);

    /// <summary>Makes the error of notifications, which this host does not send.</summary>
    public static A2AException NoPush() => new(
        -32003, "PUSH_NOTIFICATION_NOT_SUPPORTED", StatusCodes.Status400BadRequest,
        "This host sends no push notifications; subscribe to the task, or get it.");

    /// <summary>Makes the error of one of the library's.</summary>
    /// <param name="e">The error.</param>
    /// <param name="task">The task that it is about; <see langword="null"/> for none.</param>
    public static A2AException Of(AgentException e, string? task) => e.Code switch
    {
        ErrorCode.RunNotFound or ErrorCode.RunErased => NotFound(task ?? ""),
        ErrorCode.NotAllowed when task is not null => NotFound(task),
        ErrorCode.NotAllowed => new(-32602, "PERMISSION_DENIED", StatusCodes.Status403Forbidden, e.Message),
        ErrorCode.RunStateForbids => Unsupported(e.Message),
        ErrorCode.QuotaExceeded => new(-32603, "RESOURCE_EXHAUSTED", StatusCodes.Status429TooManyRequests, e.Message),
        ErrorCode.Overloaded or ErrorCode.EngineUnavailable => new(
            -32603, "UNAVAILABLE", StatusCodes.Status503ServiceUnavailable, "The host cannot serve this now; repeat it later."),
        _ => Invalid(e.Message),
    };

    /// <summary>Gets what both bindings tell of it.</summary>
    public JsonArray Details() => new(new JsonObject
    {
        ["@type"] = "type.googleapis.com/google.rpc.ErrorInfo",
        ["reason"] = reason,
        ["domain"] = "a2a-protocol.org",
    });

    /// <summary>Gets the name that gRPC has for the status.</summary>
    public string StatusName => Status switch
    {
        StatusCodes.Status404NotFound => "NOT_FOUND",
        StatusCodes.Status403Forbidden => "PERMISSION_DENIED",
        StatusCodes.Status409Conflict => "FAILED_PRECONDITION",
        StatusCodes.Status429TooManyRequests => "RESOURCE_EXHAUSTED",
        StatusCodes.Status503ServiceUnavailable => "UNAVAILABLE",
        _ => "INVALID_ARGUMENT",
    };
}
