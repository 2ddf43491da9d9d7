using AgentFunctions.AspNetCore.Dashboard;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>
/// Decides who may call one of the runtime's endpoints. It is a part of the endpoint, so it comes after the app's own
/// authentication and authorization wherever the app maps it, and it never sees a request for another endpoint of the app.
/// </summary>
internal sealed class RequestGuard(
    CallerAuthentication callers, AppAuthentication app, LocalPeer local, OriginRules origins, RequestRate rate,
    IOptions<ApiOptions> options)
{
    public async Task InvokeAsync(HttpContext context, EndpointAccess access, RequestDelegate next)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-cache";
        if (access != EndpointAccess.Public && !await callers.IsRequiredAsync(context))
        {
            local.Ensure(context);
        }

        PageOrigin page = await origins.ReadAsync(context);
        if (access == EndpointAccess.Callers && !await TryRecogniseAsync(context, page))
        {
            return;
        }

        await next(context);
    }

    /// <returns>Whether there is a caller; if not, the app has answered.</returns>
    private async ValueTask<bool> TryRecogniseAsync(HttpContext context, PageOrigin page)
    {
        bool changes = !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method);
        if (changes && page is PageOrigin.Refused)
        {
            throw OriginRules.Refusal("Pages of another origin may not change anything here. Api:Origins names those that may.");
        }

        RecognisedCaller? recognised = await callers.RecogniseAsync(context);
        rate.Ensure(context, recognised?.Caller);
        if (recognised is null)
        {
            if (await app.TryChallengeAsync(context))
            {
                return false;
            }

            context.Response.Headers.WWWAuthenticate =
                context.GetEndpoint()?.Metadata.GetMetadata<ChallengeMetadata>()?.Header(context) ?? "Bearer";
            throw new ProblemException(
                StatusCodes.Status401Unauthorized, "unauthorized",
                "Send an API key of this host, or a token of an issuer that it trusts, as Authorization: Bearer.");
        }

        if (changes && page is PageOrigin.Allowed && !recognised.IsExplicit)
        {
            // The browser sends cookies whoever made the page (cross-site request forgery).
            throw OriginRules.Refusal("Pages of another origin must send a key or token as Authorization: Bearer, and no cookie.");
        }

        if (recognised.IsByTicket)
        {
            // A browser follows such an address by itself: what it finds is kept as a file and never shown as a page of this
            // origin.
            context.Response.OnStarting(static state => TicketedAddress.Contain(((HttpContext)state).Response), context);
        }

        if (changes && options.Value.Export is not null
            && context.GetEndpoint()?.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName != TicketEndpoints.Name)
        {
            throw new ProblemException(
                StatusCodes.Status403Forbidden, "readOnly",
                "This host shows an exported run: nothing can be changed here. Use the host that it came from.");
        }

        context.Features.Set(recognised.Caller);
        return true;
    }
}
