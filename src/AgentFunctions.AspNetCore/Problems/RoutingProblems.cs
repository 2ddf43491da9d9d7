using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.Routing.Template;

namespace AgentFunctions.AspNetCore.Problems;

/// <summary>
/// Gives routing's own refusals below the runtime's root words: no endpoint at an address, none for the method or the content
/// type. Whatever an endpoint or a middleware of the app answers stays as it is.
/// </summary>
internal sealed class RoutingProblems(EndpointDataSource endpoints, ProblemMiddleware problems)
{
    private readonly Lock _lock = new();
    private (IReadOnlyList<Endpoint> Endpoints, TemplateMatcher[] Roots)? _known;

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        if (context.Response is { HasStarted: false, StatusCode: 404 or 405 or 415, ContentLength: null, ContentType: null }
            && context.GetEndpoint() is null or not RouteEndpoint
            && Array.Exists(Roots(), root => root.TryMatch(context.Request.Path, [])))
        {
            await problems.DescribeStatusAsync(context);
        }
    }

    private TemplateMatcher[] Roots()
    {
        IReadOnlyList<Endpoint> now = endpoints.Endpoints;
        lock (_lock)
        {
            if (_known is not { } known || known.Endpoints != now)
            {
                _known = known = (now, [.. now.OfType<RouteEndpoint>()
                    .Where(static endpoint => endpoint.Metadata.GetMetadata<RuntimeEndpoint>() is not null)
                    .Select(RootOf).OfType<RoutePattern>().DistinctBy(static root => root.RawText)
                    .Select(static root => new TemplateMatcher(new RouteTemplate(root), []))]);
            }

            return known.Roots;
        }
    }

    /// <summary>Everything below the segment <c>api</c> of an endpoint's route.</summary>
    private static RoutePattern? RootOf(RouteEndpoint endpoint)
    {
        if (endpoint.Metadata.GetMetadata<RuntimeRoot>() is not { } root)
        {
            return null;
        }

        RoutePatternPathSegment[] segments = [.. endpoint.RoutePattern.PathSegments.Take(root.Segments + 1)];
        RoutePatternParameterPart rest = RoutePatternFactory.ParameterPart("agentFunctionsRest", null,
            RoutePatternParameterKind.CatchAll);
        return RoutePatternFactory.Pattern(
            string.Join('/', endpoint.RoutePattern.RawText?.Trim('/').Split('/').Take(segments.Length) ?? []),
            segments.Append(RoutePatternFactory.Segment(rest)));
    }
}
