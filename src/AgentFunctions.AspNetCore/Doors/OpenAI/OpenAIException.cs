using System.Diagnostics.CodeAnalysis;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Problems;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Doors.OpenAI;

/// <summary>An error of the form that OpenAI's clients know.</summary>
[SuppressMessage(
    "Design", "CA1032:Implement standard exception constructors", Justification = "An error without a code says too little.")]
internal sealed class OpenAIException(int status, string type, string code, string? param, string message) : Exception(message)
{
    private const string InvalidRequest = "invalid_request_error";

    /// <summary>Gets the HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>Gets the kind.</summary>
    public string Type { get; } = type;

    /// <summary>Gets the stable code.</summary>
    public string Code { get; } = code;

    /// <summary>Gets the member that is to blame; <see langword="null"/> for none.</summary>
    public string? Param { get; } = param;

    /// <summary>Makes the error of a member with a wrong value.</summary>
    public static OpenAIException Invalid(string param, string remedy) =>
        new(StatusCodes.Status400BadRequest, InvalidRequest, "invalid_value", param, $"{param}: {remedy}");

    /// <summary>Makes the error of a member that this host does not know.</summary>
    public static OpenAIException Unsupported(string param) => new(
        StatusCodes.Status400BadRequest, InvalidRequest, "unsupported_parameter", param,
        $"{param}: not supported; leave it out.");

    /// <summary>Makes the error of a response that does not exist, or is none of the caller's.</summary>
    public static OpenAIException NotFound(string id) => new(
        StatusCodes.Status404NotFound, InvalidRequest, "previous_response_not_found", null, $"There is no response '{id}'.");

    /// <summary>Makes the error of one of the library's. A conflict is no 409, which clients would repeat.</summary>
    public static OpenAIException Of(AgentException e) => e.Code switch
    {
        ErrorCode.InvalidInput or ErrorCode.PayloadTooLarge =>
            new(StatusCodes.Status400BadRequest, InvalidRequest, "invalid_value", FieldOf(e.Message), e.Message),
        ErrorCode.AgentNotFound or ErrorCode.ModelNotFound =>
            new(StatusCodes.Status404NotFound, InvalidRequest, "model_not_found", "model", e.Message),
        ErrorCode.RunNotFound or ErrorCode.RunErased =>
            new(StatusCodes.Status404NotFound, InvalidRequest, "previous_response_not_found", null, e.Message),
        ErrorCode.NotAllowed => new(StatusCodes.Status403Forbidden, "permission_error", "not_allowed", null, e.Message),
        ErrorCode.QuotaExceeded =>
            new(StatusCodes.Status429TooManyRequests, "rate_limit_error", "rate_limit_exceeded", null, e.Message),
        _ => ErrorStatus.Of(e.Code) switch
        {
            // What is wrong with the host is for its log.
            StatusCodes.Status503ServiceUnavailable and var status => new(
                status, "server_error", "server_unavailable", null, ErrorStatus.Describe(status).Detail),
            >= StatusCodes.Status500InternalServerError and var status => new(
                status, "server_error", ErrorStatus.Describe(status).Code, null, ErrorStatus.Describe(status).Detail),
            _ => new(StatusCodes.Status400BadRequest, InvalidRequest, CamelCase.Of(e.Code), null, e.Message),
        },
    };

    private static string? FieldOf(string message) =>
        message.IndexOf(": ", StringComparison.Ordinal) is > 0 and < 64 and var end ? message[..end] : null;
}
