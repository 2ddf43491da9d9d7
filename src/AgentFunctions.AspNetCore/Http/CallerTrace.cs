using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Http;

/// <summary>
/// Keeps the trace that a request belongs to, where the server itself does not: without a log of requests and without telemetry
/// it reads no <c>traceparent</c>. The span is of no source, so it is never exported; a run that is submitted hangs under the
/// caller's.
/// </summary>
internal static class CallerTrace
{
    public static async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (Activity.Current is not null || http.Request.Headers.TraceParent is not [{ } parent]
            || !ActivityContext.TryParse(parent, null, out _))
        {
            await next(http);
            return;
        }

        using var carrier = new Activity("request");
        carrier.SetParentId(parent);
        carrier.TraceStateString = http.Request.Headers.TraceState.ToString() is { Length: > 0 } state ? state : null;
        carrier.Start();
        await next(http);
    }
}
