using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>The callers' API keys.</summary>
internal static class KeyEndpoints
{
    public static void MapKeys(this IEndpointRouteBuilder api)
    {
        RouteGroupBuilder keys = api.MapGroup("/keys").WithTags("Keys");
        keys.MapGet("", ListAsync)
            .WithName("listKeys")
            .WithSummary("List the API keys; what they are is known to their holders alone.")
            .Produces<KeyListResource>()
            .ProducesProblems(401, 403, 503);
        keys.MapPost("", AddAsync)
            .WithName("addKey")
            .WithSummary("Make an API key. It is shown once. With the first one, calls without a key end.")
            .Accepts<KeySubmission>("application/json")
            .Produces<NewKeyResource>(StatusCodes.Status201Created)
            .ProducesProblems(400, 401, 403, 415, 503);
        keys.MapDelete("/{name}", RemoveAsync)
            .WithName("removeKey")
            .WithSummary("Withdraw an API key at once.")
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblems(400, 401, 403, 503);
    }

    private static async Task<IResult> ListAsync(HttpContext http, ApiKeys keys, CancellationToken cancellationToken)
    {
        http.Ensure(CallerRoles.Admin);
        return Answers.Json(new KeyListResource(
            [.. (await keys.ListAsync(cancellationToken)).Select(key => new KeyResource(key.Name, key.Roles,
                key.CreatedAt.UtcDateTime))]));
    }

    private static async Task<IResult> AddAsync(HttpContext http, ApiKeys keys, CancellationToken cancellationToken)
    {
        Caller caller = http.Ensure(CallerRoles.Admin);
        KeySubmission wanted = await http.Request.ReadJsonAsync<KeySubmission>(cancellationToken);
        string key = wanted.Renew
            ? await keys.RenewAsync(wanted.Name, wanted.Roles, caller, cancellationToken)
            : await keys.AddAsync(wanted.Name, wanted.Roles, caller, cancellationToken);
        return new ShownOnce(Answers.Json(new NewKeyResource(wanted.Name, wanted.Roles, key), StatusCodes.Status201Created));
    }

    private static async Task<IResult> RemoveAsync(string name, HttpContext http, ApiKeys keys,
        CancellationToken cancellationToken)
    {
        Caller caller = http.Ensure(CallerRoles.Admin);
        await keys.RemoveAsync(name, caller, cancellationToken);
        return TypedResults.NoContent();
    }

    /// <summary>The one answer that shows a key: to who made it, and not to be kept on the way.</summary>
    private sealed class ShownOnce(IResult answer) : IResult, IUnmasked
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers.CacheControl = "no-store";
            return answer.ExecuteAsync(httpContext);
        }
    }
}
