using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace AgentFunctions.AspNetCore.OpenApi;

/// <summary>The OpenAPI document of the runtime, beside those of the app.</summary>
internal static class DocumentEndpoints
{
    /// <summary>The name that documents of an app have by default, and the address of this one where the app has none.</summary>
    private const string AppDocument = "v1";

    public static void MapDocument(this IEndpointRouteBuilder endpoints)
    {
        Map(endpoints, ApiDocument.Name);
        if (endpoints.ServiceProvider.GetService<IServiceProviderIsKeyedService>()?.IsKeyedService(typeof(IOpenApiDocumentProvider), AppDocument) != true)
        {
            Map(endpoints, AppDocument);
        }
    }

    private static void Map(IEndpointRouteBuilder endpoints, string name) =>
        endpoints.MapGet($"/openapi/{name}.json", GetAsync).ExcludeFromDescription();

    private static async Task GetAsync(
        HttpContext http, [FromKeyedServices(ApiDocument.Name)] IOpenApiDocumentProvider documents,
        CancellationToken cancellationToken)
    {
        OpenApiDocument document = await documents.GetOpenApiDocumentAsync(cancellationToken);
        if (http.Request.PathBase.HasValue)
        {
            document.Servers = [new OpenApiServer { Url = http.Request.PathBase.ToUriComponent() }];
        }

        string json = await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, cancellationToken);
        http.Response.ContentType = "application/json; charset=utf-8";
        await http.Response.WriteAsync(json, cancellationToken);
    }
}
