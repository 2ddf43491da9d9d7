using AgentFunctions.Notifications;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AspNetCore.Http;

/// <summary>Where the app has mapped the runtime: what links begin with.</summary>
/// <param name="Segments">The number of path segments in front of the runtime's own.</param>
internal sealed record RuntimeRoot(int Segments)
{
    private const string Api = "api";

    /// <summary>Notes the root at each endpoint of the group <c>/api</c>.</summary>
    /// <remarks>None of its routes has another segment of that name, so the last one of the whole route is the group's.</remarks>
    public static void Note(IEndpointConventionBuilder api) => api.Finally(static endpoint =>
    {
        IReadOnlyList<RoutePatternPathSegment> segments = ((RouteEndpointBuilder)endpoint).RoutePattern.PathSegments;
        int own = segments.Count - 1;
        while (segments[own].Parts is not [RoutePatternLiteralPart { Content: Api }])
        {
            own--;
        }

        endpoint.Metadata.Add(new RuntimeRoot(own));
        if (endpoint.ApplicationServices.GetService<PublicAddress>() is { } address)
        {
            // A path with a parameter leads to several roots, none of which people who are told something could be sent to.
            address.Path = segments.Take(own).All(static segment => segment.Parts is [RoutePatternLiteralPart])
                ? string.Concat(segments.Take(own)
                    .Select(static segment => $"/{((RoutePatternLiteralPart)segment.Parts[0]).Content}")) : "";
        }
    });
}

/// <summary>Finds the root of a request.</summary>
internal static class RuntimeRootExtensions
{
    /// <summary>Gets what the request's path has in front of <c>/api</c>, with the app's path base.</summary>
    public static string Root(this HttpContext context)
    {
        int segments = context.GetEndpoint()?.Metadata.GetMetadata<RuntimeRoot>()?.Segments ?? 0;
        string path = context.Request.Path.ToUriComponent();
        int end = 0;
        for (int i = 0; i < segments && end >= 0; i++)
        {
            end = path.IndexOf('/', end + 1);
        }

        return context.Request.PathBase.ToUriComponent() + path[..Math.Max(end, 0)];
    }
}
