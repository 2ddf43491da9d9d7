using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace AgentFunctions.AspNetCore.OpenApi;

/// <summary>The OpenAPI document.</summary>
internal static class ApiDocument
{
    /// <summary>The name that no document of the app has.</summary>
    public const string Name = "agentfunctions";

    private const string Version = "v1";

    private const string KeyScheme = "apiKey";

    public static void Configure(OpenApiOptions options)
    {
        // Whatever else the app maps is described in documents of its own.
        options.ShouldInclude = static description => description.HttpMethod != HttpMethods.Head &&
            description.ActionDescriptor.EndpointMetadata.Any(static metadata => metadata is RuntimeEndpoint);
        options.CreateSchemaReferenceId = type =>
            type.Type.Assembly == typeof(ApiDocument).Assembly && type.Type.Name.EndsWith("Resource", StringComparison.Ordinal)
                ? type.Type.Name[..^"Resource".Length]
                : OpenApiOptions.CreateDefaultSchemaReferenceId(type);
        options.AddDocumentTransformer(Describe);
        options.AddSchemaTransformer(DescribeNumbers);
        options.AddSchemaTransformer(DescribeMembers);
        options.AddSchemaTransformer(AcceptanceSchema.Describe);
    }

    private static Task Describe(OpenApiDocument document, OpenApiDocumentTransformerContext context,
        CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "AgentFunctions",
            Version = Version,
            Description = "Durable agent runs: submit a goal, follow its steps, read what came of it. "
                + "Times are ISO 8601 in UTC, durations ISO 8601. Errors are problem details with a stable code.",
        };
        // The address under which the document was asked for is no part of the contract.
        document.Servers?.Clear();
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [KeyScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "The host's API key; callers on the host's own machine need it only where one is set.",
            },
        };
        // An empty requirement beside the other: the key is optional.
        document.Security = [new OpenApiSecurityRequirement(),
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(KeyScheme, document)] = [] }];
        return Task.CompletedTask;
    }

    /// <summary>ASP.NET Core's own JSON takes numbers in quotes, so it says so of every number; this API does not.</summary>
    private static Task DescribeNumbers(OpenApiSchema schema, OpenApiSchemaTransformerContext context,
        CancellationToken cancellationToken)
    {
        const JsonSchemaType numeric = JsonSchemaType.Integer | JsonSchemaType.Number;
        if (schema.Type is { } type && (type & numeric) != 0 && (type & JsonSchemaType.String) != 0)
        {
            schema.Type = type & ~JsonSchemaType.String;
            schema.Pattern = null;
        }

        return Task.CompletedTask;
    }

    /// <summary>What the API's own converter for enums writes and reads.</summary>
    private static Task DescribeMembers(OpenApiSchema schema, OpenApiSchemaTransformerContext context,
        CancellationToken cancellationToken)
    {
        Type type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        if (type.IsEnum)
        {
            schema.Type = JsonSchemaType.String;
            schema.Enum = [.. Enum.GetNames(type).Select(member => (JsonNode)CamelCase.Of(member))];
        }

        return Task.CompletedTask;
    }
}
