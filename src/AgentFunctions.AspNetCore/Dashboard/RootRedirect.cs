using AgentFunctions.AspNetCore.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Dashboard;

/// <summary>
/// Leads from the address at which the runtime is mapped to the dashboard, if nothing else of the app answers there: its
/// endpoints, its files and its fallbacks come first.
/// </summary>
internal sealed class RootRedirect(EndpointDataSource endpoints, IOptions<ApiOptions> options)
{
    private readonly DashboardOptions _options = options.Value.Dashboard;
    private readonly Lock _lock = new();
    private (IReadOnlyList<Endpoint> Endpoints, TemplateMatcher[] Roots)? _known;

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        if (_options.Enabled
            && (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
            && context.Response is { HasStarted: false, StatusCode: StatusCodes.Status404NotFound, ContentLength: null, ContentType: null }
            && context.GetEndpoint() is null
            && Array.Exists(Roots(), root => root.TryMatch(context.Request.Path, [])))
        {
            string path = context.Request.Path.ToUriComponent();
            string dashboard = $"{_options.PathBase[1..]}/";
            await new RelativeRedirect(path.Length == 0 || path.EndsWith('/')
                ? dashboard
                : $"{path[(path.LastIndexOf('/') + 1)..]}/{dashboard}")
                .ExecuteAsync(context);
        }
    }

    private TemplateMatcher[] Roots()
    {
        IReadOnlyList<Endpoint> now = endpoints.Endpoints;
        lock (_lock)
        {
            if (_known is not { } known || known.Endpoints != now)
            {
                _known = known = (now, [.. now.OfType<RouteEndpoint>().Select(RootOf).OfType<RoutePattern>()
                    .DistinctBy(static root => root.RawText)
                    .Select(static root => new TemplateMatcher(new RouteTemplate(root), []))]);
            }

            return known.Roots;
        }
    }

    private static RoutePattern? RootOf(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<RuntimeRoot>() is not { } root
        ? null
        : RoutePatternFactory.Pattern(
            string.Join('/', endpoint.RoutePattern.RawText?.Trim('/').Split('/').Take(root.Segments) ?? []),
            endpoint.RoutePattern.PathSegments.Take(root.Segments));
}
