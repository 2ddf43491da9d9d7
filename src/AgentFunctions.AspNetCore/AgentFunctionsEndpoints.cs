using System.Diagnostics.CodeAnalysis;
using AgentFunctions;
using AgentFunctions.AspNetCore.Agents;
using AgentFunctions.AspNetCore.Dashboard;
using AgentFunctions.AspNetCore.Gateway;
using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.AspNetCore.Health;
using AgentFunctions.AspNetCore.Hosting;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Monitors;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.AspNetCore.Usage;
using AgentFunctions.Monitors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the HTTP API.</summary>
public static class AgentFunctionsEndpoints
{
    /// <summary>
    /// Maps the runtime's endpoints: <c>/api</c>, <c>/dashboard</c>, <c>/health</c>, <c>/.well-known/jwks.json</c> and the
    /// OpenAPI document <c>/openapi/agentfunctions.json</c>, which is <c>/openapi/v1.json</c> too if the app has no document of
    /// that name.
    /// </summary>
    /// <param name="endpoints">Where to map them: the app, or a group of it.</param>
    /// <param name="prefix">What their routes begin with, such as <c>/agents</c>; nothing by default.</param>
    /// <returns>
    /// The conventions of all of them: <c>RequireAuthorization</c>, <c>RequireRateLimiting</c>, <c>RequireCors</c> and the like
    /// hold for the runtime as for other endpoints, and come before its own guard. Probes and public keys stay open to anonymous
    /// callers.
    /// </returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: a registration is missing. The message names the line.
    /// </exception>
    public static IEndpointConventionBuilder MapAgentFunctions(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(prefix);
        RegistrationCheck.Ensure(endpoints.ServiceProvider);
        RouteGroupBuilder root = endpoints.MapGroup(prefix);
        root.WithMetadata(new RuntimeEndpoint(EndpointAccess.Callers)).WithGroupName(ApiDocument.Name).DisableCookieRedirect();
        root.AnswerHead();
        root.Guard();
        RouteGroupBuilder api = root.MapGroup("/api").AddEndpointFilter<RouteGroupBuilder, ViewFilter>();
        RuntimeRoot.Note(api);
        RouteGroupBuilder runs = api.MapGroup("/runs").WithTags("Runs").AddEndpointFilter<RouteGroupBuilder, RunAccessFilter>();
        runs.MapRuns();
        runs.MapRunRows();
        runs.MapNodes();
        runs.MapBulk();
        runs.MapSpans();
        runs.MapLineage();
        runs.MapPreview();
        runs.MapTree();
        runs.MapRunControl();
        runs.MapEvents();
        runs.MapTranscript();
        runs.MapArtifacts();
        runs.MapFolders();
        runs.MapErasure();
        runs.MapExport();
        api.MapAgents();
        api.MapApprovals();
        api.MapQuestions();
        api.MapReviews();
        api.MapAudit();
        api.MapErasures();
        api.MapJobs();
        api.MapHolds();
        api.MapKill();
        api.MapKeys();
        api.MapWatch();
        api.MapUsage();
        api.MapGateway();
        api.MapSession();
        api.MapTickets();
        if (endpoints.ServiceProvider.GetService<IServiceProviderIsService>()?.IsService(typeof(MonitorService)) != false)
        {
            api.MapGroup("/monitors").WithTags("Monitors").MapMonitors();
            api.MapGroup("/incidents").WithTags("Incidents").MapIncidents();
        }

        root.MapDashboard();
        root.MapPublishedKeys();
        root.MapHealth();
        root.MapDocument();
        return root;
    }
}
