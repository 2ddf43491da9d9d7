using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Http;

/// <summary>An answer that carries a secret for its caller, so that it must not be cached.</summary>
internal sealed class SecretAnswer(IResult answer) : IResult, IUnmasked
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.CacheControl = "no-store";
        return answer.ExecuteAsync(httpContext);
    }
}
