using System.Diagnostics;
using AgentFunctions.AspNetCore;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AzureFunctions.Hosting;

/// <summary>
/// The endpoints of the API behind one HTTP trigger: a pipeline of its own, with the same guard and the same routes as the
/// local server. It begins inside the invocation, where the host's own pipeline has matched the trigger's route.
/// </summary>
internal sealed class ApiRouter
{
    private readonly RequestDelegate _pipeline;

    public ApiRouter(
        IServiceProvider services, IConfiguration configuration, IOptions<ApiOptions> options, KeyVaultReferences references, ILogger<ApiRouter> logger)
    {
        foreach (string setting in references.Settings)
        {
            HostingLog.Misconfigured(logger, KeyVaultReferences.Describe(setting));
        }

        if (MissingKey(configuration, options.Value, references) is { } problem)
        {
            HostingLog.Misconfigured(logger, problem);
            _pipeline = context => AnswerAsync(context, problem);
            return;
        }

        var app = new ApplicationBuilder(services);
        ApiPipeline.Guard(app);
        app.UseRouting();
        app.UseEndpoints(endpoints => endpoints.MapAgentFunctions());
        _pipeline = app.Build();
    }

    public Task InvokeAsync(HttpContext context)
    {
        context.SetEndpoint(null);
        context.Request.RouteValues.Clear();
        return _pipeline(context);
    }

    private static Task AnswerAsync(HttpContext context, string problem)
    {
        var resource = new ProblemResource
        {
            Title = "Service Unavailable",
            Status = StatusCodes.Status503ServiceUnavailable,
            Detail = problem,
            Code = "notConfigured",
            TraceId = Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier,
        };
        context.Response.StatusCode = resource.Status;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(resource, ApiJson.Options, "application/problem+json", context.RequestAborted);
    }

    /// <summary>The worker listens on this machine alone whoever calls: what the host is known as decides.</summary>
    private static string? MissingKey(IConfiguration configuration, ApiOptions options, KeyVaultReferences references)
    {
        const string Setting = "Api:Key";
        string? host = configuration["WEBSITE_HOSTNAME"]?.Split(':')[0];
        if (options.Key is not null || options.Oidc.Count > 0 || string.IsNullOrEmpty(host) || ListenCheck.IsLocalHost(host))
        {
            return null;
        }

        return references.Settings.Contains(Setting, StringComparer.OrdinalIgnoreCase)
            ? KeyVaultReferences.Describe(Setting)
            : $"Api__Key: {host} can be reached by others and no key is set, so the API answers nobody. Set Api__Key to at least 16 "
                + "characters, for instance by a Key Vault reference, or Api__Oidc__0__Authority to an issuer of tokens.";
    }
}
