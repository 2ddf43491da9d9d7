using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace AgentFunctions.AspNetCore.OpenApi;

/// <summary>Says in the OpenAPI document what handlers read from the request themselves.</summary>
internal static class EndpointDocumentation
{
    /// <summary>The statuses that are answered with problem details.</summary>
    public static RouteHandlerBuilder ProducesProblems(this RouteHandlerBuilder builder, params int[] statuses)
    {
        // Whatever asks for credentials also bounds how fast one may ask.
        bool isBounded = statuses.Contains(StatusCodes.Status401Unauthorized)
            && !statuses.Contains(StatusCodes.Status429TooManyRequests);
        foreach (int status in isBounded ? [.. statuses, StatusCodes.Status429TooManyRequests] : statuses)
        {
            builder.Produces<ProblemResource>(status, "application/problem+json");
        }

        return builder.Produces<ProblemResource>(StatusCodes.Status500InternalServerError, "application/problem+json");
    }

    public static RouteHandlerBuilder WithHeader(this RouteHandlerBuilder builder, string name, string description) =>
        builder.With(name, ParameterLocation.Header, description, new OpenApiSchema { Type = JsonSchemaType.String });

    public static RouteHandlerBuilder WithQuery(this RouteHandlerBuilder builder, string name, string description) =>
        builder.With(name, ParameterLocation.Query, description, new OpenApiSchema { Type = JsonSchemaType.String });

    public static RouteHandlerBuilder WithQuery(this RouteHandlerBuilder builder, string name, string description, long min,
        long max) =>
        builder.With(name, ParameterLocation.Query, description, new OpenApiSchema
        {
            Type = JsonSchemaType.Integer,
            Format = max > int.MaxValue ? "int64" : "int32",
            Minimum = min.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Maximum = max.ToString(System.Globalization.CultureInfo.InvariantCulture),
        });

    public static RouteHandlerBuilder WithQuery<T>(this RouteHandlerBuilder builder, string name, string description)
        where T : struct =>
        builder.With(name, ParameterLocation.Query, description, typeof(T).IsEnum
            ? new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Enum = [.. Enum.GetNames(typeof(T)).Select(member => (JsonNode)CamelCase.Of(member))],
            }
            : new OpenApiSchema { Type = JsonSchemaType.Boolean });

    /// <summary>A JSON body that may be left out; routing must then not insist on a content type.</summary>
    public static RouteHandlerBuilder WithOptionalBody<T>(this RouteHandlerBuilder builder) =>
        builder.AddOpenApiOperationTransformer(async (operation, context,
            cancellationToken) => operation.RequestBody = new OpenApiRequestBody
            {
                Required = false,
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/json"] = new()
                    {
                        Schema = await context.GetOrCreateSchemaAsync(typeof(T), null,
                    cancellationToken)
                    },
                },
            });

    /// <summary>A second form of the answer; the framework knows one for each status.</summary>
    public static RouteHandlerBuilder ProducesAlso<T>(this RouteHandlerBuilder builder, string status, string mediaType) =>
        builder.AddOpenApiOperationTransformer(async (operation, context, cancellationToken) =>
            operation.Responses![status].Content![mediaType] = new OpenApiMediaType
            {
                Schema = await context.GetOrCreateSchemaAsync(typeof(T), null, cancellationToken),
            });

    private static RouteHandlerBuilder With(
        this RouteHandlerBuilder builder, string name, ParameterLocation location, string description, OpenApiSchema schema) =>
        builder.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = name,
                In = location,
                Description = description,
                Schema = schema
            });
            return Task.CompletedTask;
        });
}
