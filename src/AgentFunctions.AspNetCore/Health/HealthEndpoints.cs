using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Durability;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Health;

/// <summary>Probes; they need no credentials.</summary>
internal static class HealthEndpoints
{
    private static readonly HealthResource Ok = new("ok");

    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        RouteGroupBuilder health = endpoints.MapGroup("/health").WithTags("Health")
            .WithMetadata(new RuntimeEndpoint(EndpointAccess.Probe)).AllowAnonymous();
        health.MapGet("/live", static () => Answers.Json(Ok))
            .WithName("isLive")
            .WithSummary("Whether the process answers.")
            .Produces<HealthResource>()
            .ProducesProblems(403);
        health.MapGet("/ready", ReadyAsync)
            .WithName("isReady")
            .WithSummary("Whether the engine answers too, so that runs can be submitted.")
            .Produces<HealthResource>()
            .ProducesProblems(403, 503);
    }

    private static async Task<IResult> ReadyAsync(IOrchestrationClient orchestrations, CancellationToken cancellationToken)
    {
        await orchestrations.QueryAsync(new OrchestrationQuery { PageSize = 1 }, cancellationToken);
        return Answers.Json(Ok);
    }
}

/// <summary>A probe's answer.</summary>
/// <param name="Status">Always <c>ok</c>: anything else is an error.</param>
internal sealed record HealthResource(string Status);
