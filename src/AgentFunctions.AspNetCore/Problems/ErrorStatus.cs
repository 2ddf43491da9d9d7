using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Problems;

/// <summary>The HTTP status of every kind of error: the only place that knows.</summary>
internal static class ErrorStatus
{
    public static int Of(ErrorCode code) => code switch
    {
        ErrorCode.InvalidInput or ErrorCode.PayloadTooLarge or ErrorCode.PathOutsideWorkspace or ErrorCode.PathReserved =>
            StatusCodes.Status400BadRequest,
        ErrorCode.RunNotFound or ErrorCode.AgentNotFound or ErrorCode.ArtifactNotFound or ErrorCode.ApprovalNotFound
            or ErrorCode.QuestionNotFound
            or ErrorCode.ReviewNotFound
            or ErrorCode.MonitorNotFound or ErrorCode.IncidentNotFound or ErrorCode.InstanceNotFound or ErrorCode.HoldNotFound =>
            StatusCodes.Status404NotFound,
        ErrorCode.NotAllowed => StatusCodes.Status403Forbidden,
        ErrorCode.RunErased => StatusCodes.Status410Gone,
        ErrorCode.RunHeld => StatusCodes.Status423Locked,
        ErrorCode.QuotaExceeded => StatusCodes.Status429TooManyRequests,
        // The last two: the agent exists, but this host lacks what it names.
        ErrorCode.ApprovalStateForbids or ErrorCode.QuestionStateForbids or ErrorCode.Stopped or ErrorCode.RunStateForbids
            or ErrorCode.IncidentStateForbids
            or ErrorCode.IdempotencyKeyReused or ErrorCode.InstanceExists
            or ErrorCode.PositionConflict or ErrorCode.EtagConflict
            or ErrorCode.ModelNotFound or ErrorCode.ToolNotFound => StatusCodes.Status409Conflict,
        ErrorCode.Overloaded or ErrorCode.EngineUnavailable or ErrorCode.DataFileInUse or ErrorCode.DataFileUnusable
            => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };

    /// <summary>The code of a status that no handler of ours gave: routing's own, for instance.</summary>
    public static (string Code, string Detail) Describe(int status) => status switch
    {
        StatusCodes.Status400BadRequest => ("invalidInput", "The request is malformed."),
        StatusCodes.Status401Unauthorized =>
            ("unauthorized", "Sign in as this app wants it; the header WWW-Authenticate says how, where there is one."),
        StatusCodes.Status403Forbidden => ("forbidden", "This is not allowed to you."),
        StatusCodes.Status404NotFound =>
            ("notFound", "There is nothing at this address; the OpenAPI document lists what there is."),
        StatusCodes.Status405MethodNotAllowed =>
            ("methodNotAllowed", "This address does not know the method; the header Allow lists those that it knows."),
        StatusCodes.Status415UnsupportedMediaType =>
            ("unsupportedMediaType", "Send the body as Content-Type: application/json, in UTF-8."),
        StatusCodes.Status503ServiceUnavailable => ("engineUnavailable", "The host cannot serve this now; repeat it later."),
        >= 500 => ("internalError", "Something went wrong in the host; its log says what, under the trace id."),
        _ => ("requestRejected", "The request was refused."),
    };
}
