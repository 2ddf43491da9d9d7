using System.Text.Json.Serialization;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Diagnostics;
using AgentFunctions.Durability;
using AgentFunctions.Gateway.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Health;

/// <summary>Probes; they need no credentials.</summary>
internal static class HealthEndpoints
{
    private const string More = "The host's log has the words, and so has this answer for a caller who may see all runs.";

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

    private static async Task<IResult> ReadyAsync(
        HttpContext http, IOrchestrationClient orchestrations, HostReadiness readiness, CallerAuthentication callers,
        CancellationToken cancellationToken)
    {
        bool isTold = await IsToldAsync(http, callers);
        await orchestrations.QueryAsync(new OrchestrationQuery { PageSize = 1 }, cancellationToken);
        IReadOnlyList<ReadinessItem> items = await readiness.CheckAsync(cancellationToken);
        items = isTold ? items : [.. items.Select(static item => item with { Message = item.Message is null ? null : More })];
        if (items.Any(static item => item.Status == ReadinessStatus.Failed))
        {
            http.Response.Headers.RetryAfter = "5";
            throw new ProblemException(
                StatusCodes.Status503ServiceUnavailable, CamelCase.Of(ErrorCode.EngineUnavailable),
                string.Join(" ", items.Where(static item => item.Status == ReadinessStatus.Failed)
                    .Select(static item => $"{item.Name}: {item.Message}")));
        }

        string status = items.Any(static item => item.Status == ReadinessStatus.Degraded) ? "degraded" : "ok";
        return Answers.Json(new HealthResource(status)
        {
            Checks = [.. items.Select(static item => new HealthCheckResource(item.Name, CamelCase.Of(item.Status),
                item.Message))],
        });
    }

    /// <summary>Whether words may be shown: they name paths, models and servers.</summary>
    private static async ValueTask<bool> IsToldAsync(HttpContext http, CallerAuthentication callers)
    {
        try
        {
            return await callers.RecogniseAsync(http) is { } recognised && RunAccess.SeesAll(recognised.Caller);
        }
        catch (Exception e) when (e is AgentException or ProblemException)
        {
            // A probe is answered whoever asks, also when credentials cannot be looked up now.
            return false;
        }
    }
}
