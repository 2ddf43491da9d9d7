using AgentFunctions.AspNetCore.Problems;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>Writes what went wrong in the form of a door's protocol; part of an endpoint's metadata.</summary>
internal interface IErrorWriter
{
    /// <summary>Writes a problem, whose status is set.</summary>
    /// <param name="context">The request.</param>
    /// <param name="problem">The problem.</param>
    Task WriteAsync(HttpContext context, ProblemResource problem);
}
