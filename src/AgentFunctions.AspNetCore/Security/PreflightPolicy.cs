using AgentFunctions.AspNetCore.Problems;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>
/// Answers preflights for the runtime's endpoints in place of the endpoint: a preflight never carries credentials, so the
/// authorization that the app demands of the endpoint would refuse each of them.
/// </summary>
internal sealed class PreflightPolicy : MatcherPolicy, IEndpointSelectorPolicy
{
    private static readonly Endpoint Preflight = new(
        static context => context.RequestServices.GetRequiredService<ProblemMiddleware>().InvokeAsync(
            context, context.RequestServices.GetRequiredService<OriginRules>().AnswerPreflightAsync),
        EndpointMetadataCollection.Empty,
        "AgentFunctions preflight");

    /// <summary>After the choice by method.</summary>
    public override int Order => 1_000;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => endpoints.Any(IsOwn);

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        if (!HttpMethods.IsOptions(httpContext.Request.Method))
        {
            return Task.CompletedTask;
        }

        for (int i = 0; i < candidates.Count; i++)
        {
            if (candidates.IsValidCandidate(i) && IsOwn(candidates[i].Endpoint))
            {
                candidates.ReplaceEndpoint(i, Preflight, candidates[i].Values);
            }
        }

        return Task.CompletedTask;
    }

    // A CORS policy of the app's answers its preflights in the app's own middleware.
    private static bool IsOwn(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<RuntimeEndpoint>() is not null && endpoint.Metadata.GetMetadata<ICorsMetadata>() is null;
}
