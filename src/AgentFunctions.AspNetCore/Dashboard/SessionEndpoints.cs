using System.Reflection;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Models;
using AgentFunctions.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Dashboard;

/// <summary>Who calls, and how one can sign in: what a page asks before anything else. It needs no credentials.</summary>
internal static class SessionEndpoints
{
    private const string PlatformLogin = "/.auth/login/aad";

    private static readonly string Version =
        typeof(Caller).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
            ?? "";

    public static void MapSession(this IEndpointRouteBuilder api) => api.MapGet("/session", GetAsync)
        .WithTags("Session")
        .WithName("getSession")
        .WithSummary("Who calls, and how a person can sign in.")
        .WithDescription("Needs no credentials; wrong ones give `caller: null`.")
        .WithMetadata(new RuntimeEndpoint(EndpointAccess.Probe))
        .AllowAnonymous()
        .Produces<SessionResource>()
        .ProducesProblems(403, 429, 503);

    private static async Task<IResult> GetAsync(
        HttpContext http,
        CallerAuthentication callers,
        AppAuthentication app,
        RequestRate rate,
        IModelCatalog models,
        ILogStore logs,
        IOptions<ApiOptions> options,
        CancellationToken cancellationToken)
    {
        RecognisedCaller? recognised = await callers.RecogniseAsync(http);
        // As anywhere else, so that keys cannot be guessed here.
        rate.Ensure(http, recognised?.Caller);
        bool isRequired = await callers.IsRequiredAsync(http);
        var ways = new List<SignInResource>();
        if (isRequired)
        {
            await AddWaysAsync(ways, callers, app, options.Value, cancellationToken);
        }

        return Answers.Json(new SessionResource(
            recognised is { Caller: var caller } ? new SessionCallerResource(caller.Id, caller.Roles) : null, isRequired, ways)
        {
            Host = recognised is null ? null
                : new SessionHostResource(Version, logs.IsShared ? "shared" : "embedded",
                    models.Models is [{ Profile.IsRehearsal: true }, ..])
                {
                    Export = options.Value.Export is { } exported
                        ? new SessionExportResource(exported.Run, exported.ExportedAt.UtcDateTime, exported.ExportedBy)
                        : null,
                },
        });
    }

    private static async Task AddWaysAsync(
        List<SignInResource> ways, CallerAuthentication callers, AppAuthentication app, ApiOptions options,
        CancellationToken cancellationToken)
    {
        foreach (OidcOptions issuer in options.Oidc.Where(static issuer => issuer.DashboardClientId is not null))
        {
            ways.Add(new SignInResource("oidc")
            {
                Name = issuer.Name,
                Authority = issuer.Issuer,
                ClientId = issuer.DashboardClientId,
                Scope = issuer.DashboardScope,
            });
        }

        if (options.TrustFunctionsPrincipal)
        {
            ways.Add(new SignInResource("platform") { Login = options.Dashboard.SignIn ?? PlatformLogin });
        }
        else if (await app.IsConfiguredAsync())
        {
            ways.Add(new SignInResource("app") { Login = options.Dashboard.SignIn });
        }

        if (await callers.TakesKeysAsync(cancellationToken))
        {
            ways.Add(new SignInResource("key"));
        }
    }
}
