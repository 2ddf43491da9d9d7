using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Problems;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Doors.AgUi;

/// <summary>Writes what is refused before a stream begins as the event that it would have in one.</summary>
internal sealed class AgUiErrors : IErrorWriter
{
    /// <summary>Determines whether an error is told in a stream: it is of the dialogue, and not of the request.</summary>
    /// <param name="code">The code.</param>
    public static bool IsTold(ErrorCode code) => code is ErrorCode.IdempotencyKeyReused or ErrorCode.ApprovalStateForbids
        or ErrorCode.ApprovalExpired or ErrorCode.QuestionStateForbids or ErrorCode.QuestionExpired or ErrorCode.RunStateForbids
        or ErrorCode.RunNotFound or ErrorCode.RunErased or ErrorCode.Stopped;

    /// <inheritdoc/>
    public Task WriteAsync(HttpContext context, ProblemResource problem) => context.Response.WriteAsync(
        AgUiFold.Error(problem.Code, problem.Detail).ToJsonString(), CancellationToken.None);
}
