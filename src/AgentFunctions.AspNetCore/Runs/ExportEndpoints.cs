using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Gateway.Exports;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>Take a run along as a file.</summary>
internal static class ExportEndpoints
{
    public static void MapExport(this IEndpointRouteBuilder runs) => runs.MapGet("/{id}/export", ExportAsync)
        .WithName("exportRun")
        .WithSummary("Download the whole tree of a run as one file.")
        .WithDescription(
            "A signed archive of records, events, transcripts, calls, approvals, questions, files and what became of the folder, without secrets; with the audit "
            + "entries for auditors and for who asked for the run. `agentfunctions inspect FILE` checks and shows it. That it was taken stays in the audit log.")
        .Produces<byte[]>(200, RunExports.MediaType)
        .ProducesProblems(401, 403, 404, 410, 503);

    private static async Task<IResult> ExportAsync(
        string id, HttpContext http, RunReader reader, RunAccess access, RunExports exports, CancellationToken cancellationToken)
    {
        await reader.GetAsync(id, cancellationToken);
        string name = $"{id.Split('.')[0]}.afrun";
        if (HttpMethods.IsHead(http.Request.Method))
        {
            return new ExportDownload(Stream.Null, name);
        }

        bool withAudit = http.Caller().Has(CallerRoles.Auditor) || http.Caller().Has(CallerRoles.Admin)
            || await access.IsRequesterAsync(http.Caller(), id, cancellationToken);
        // Whole before the first byte leaves: what fails is an error and no half a file.
        FileStream file = Temporary();
        try
        {
            await exports.WriteAsync(id, http.Caller(), withAudit, file, cancellationToken);
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }

        file.Position = 0;
        return new ExportDownload(file, name);
    }

    private static FileStream Temporary()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.afrun"), options);
    }
}

/// <summary>An exported run. Masked when it was written: another byte would break its signature.</summary>
internal sealed class ExportDownload(Stream file, string name) : IResult, IUnmasked
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        return TypedResults.Stream(file, RunExports.MediaType, name).ExecuteAsync(httpContext);
    }
}
