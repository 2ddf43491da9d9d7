using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Http;

/// <summary>An answer that says a secret to the one who may know it; not to be kept on the way.</summary>
internal sealed class SecretAnswer(IResult answer) : IResult, IUnmasked
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.CacheControl = "no-store";
        return answer.ExecuteAsync(httpContext);
    }
}
