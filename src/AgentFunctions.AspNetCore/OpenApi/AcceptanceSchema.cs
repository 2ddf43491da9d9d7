using AgentFunctions.Runs;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace AgentFunctions.AspNetCore.OpenApi;

/// <summary>What the converter of <see cref="RunAcceptance"/> reads and writes: words, or an object.</summary>
internal static class AcceptanceSchema
{
    public static Task Describe(OpenApiSchema schema, OpenApiSchemaTransformerContext context,
        CancellationToken cancellationToken)
    {
        if (context.JsonTypeInfo.Type == typeof(RunAcceptance))
        {
            schema.Type = null;
            schema.OneOf = [Text("In words.", JsonSchemaType.String | JsonSchemaType.Null), Checked()];
        }

        return Task.CompletedTask;
    }

    private static OpenApiSchema Checked() => new()
    {
        Type = JsonSchemaType.Object,
        AdditionalPropertiesAllowed = false,
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["criteria"] = Text("In words, at most 32 KiB."),
            ["command"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                Items = Text("The program, then its arguments."),
                Description = "A program that the host allows, run in the run's workspace: exit code 0 accepts.",
            },
            ["schema"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "A JSON schema: the answer must be JSON of it."
            },
            ["judge"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Required = new HashSet<string> { "rubric" },
                Properties = new Dictionary<string, IOpenApiSchema>
                {
                    ["rubric"] = Text("What the judge is to look at, at most 32 KiB."),
                    ["model"] = Text("The judge's model; by default the run's own."),
                },
            },
            ["maxAttempts"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Integer,
                Minimum = "1",
                Maximum = "20",
                Description = "How often an answer may be given before the run fails; 3 by default.",
            },
        },
    };

    private static OpenApiSchema Text(string description, JsonSchemaType type = JsonSchemaType.String) =>
        new() { Type = type, Description = description };
}
