using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Dashboard;

/// <summary>Leads to an address below that of the request; the query stays.</summary>
/// <param name="Target">The relative address.</param>
internal sealed record RelativeRedirect(string Target) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = StatusCodes.Status302Found;
        httpContext.Response.Headers.Location = Target + httpContext.Request.QueryString.ToUriComponent();
        return Task.CompletedTask;
    }
}
