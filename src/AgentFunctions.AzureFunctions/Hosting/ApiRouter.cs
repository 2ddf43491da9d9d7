using System.Diagnostics;
using AgentFunctions.AspNetCore;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AzureFunctions.Hosting;

/// <summary>The API behind one HTTP trigger, unless the app lacks what it takes to tell callers apart.</summary>
internal sealed class ApiRouter
{
    private readonly RequestDelegate _pipeline;

    public ApiRouter(ApiHandler api, IConfiguration configuration, IOptions<ApiOptions> options, KeyVaultReferences references,
        ILogger<ApiRouter> logger)
    {
        foreach (string setting in references.Settings)
        {
            HostingLog.Misconfigured(logger, KeyVaultReferences.Describe(setting));
        }

        if (MissingKey(configuration, options.Value, references) is { } problem)
        {
            HostingLog.Misconfigured(logger, problem);
            _pipeline = context => AnswerAsync(context, problem);
        }
        else
        {
            _pipeline = api.InvokeAsync;
        }
    }

    public Task InvokeAsync(HttpContext context) => _pipeline(context);

    private static Task AnswerAsync(HttpContext context, string problem)
    {
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Problem(
            problem, statusCode: StatusCodes.Status503ServiceUnavailable, title: "Service Unavailable", type: "about:blank",
            extensions: new Dictionary<string, object?>
            {
                ["code"] = "notConfigured",
                ["traceId"] = Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier,
            }).ExecuteAsync(context);
    }

    /// <summary>The worker listens on this machine alone whoever calls: what the host is known as decides.</summary>
    private static string? MissingKey(IConfiguration configuration, ApiOptions options, KeyVaultReferences references)
    {
        const string Setting = "Api:Key";
        string? host = configuration["WEBSITE_HOSTNAME"]?.Split(':')[0];
        if (options.Key is not null || options.Oidc.Count > 0 || options.TrustFunctionsPrincipal
            || string.IsNullOrEmpty(host) || new UriBuilder(Uri.UriSchemeHttp, host).Uri.IsLoopback)
        {
            return null;
        }

        return references.Settings.Contains(Setting, StringComparer.OrdinalIgnoreCase)
            ? KeyVaultReferences.Describe(Setting)
            : $"Api__Key: {host} can be reached by others and no key is set, so the API answers nobody. Set Api__Key to at least 16 "
                + "characters, for instance by a Key Vault reference, or Api__Oidc__0__Authority to an issuer of tokens.";
    }
}
