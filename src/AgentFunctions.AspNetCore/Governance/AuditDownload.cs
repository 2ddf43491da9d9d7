using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Storage;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>The whole audit log as it is stored. Masked when it was written: another byte would break its chain.</summary>
internal sealed class AuditDownload(ILogStore logs) : IResult, IUnmasked
{
    public const string MediaType = "application/x-ndjson";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = MediaType;
        httpContext.Response.Headers.ContentDisposition = "attachment; filename=audit.ndjson";
        await AuditExport.WriteAsync(logs, httpContext.Response.Body, httpContext.RequestAborted);
    }
}
