using System.Text.Json;

namespace AgentFunctions.Core.JsonSchemas;

/// <summary>
/// Checks values against a JSON schema: draft 2020-12, and draft 7 and older where <c>$schema</c> says so. It is the one checker
/// of the library; what a schema means never depends on who asks.
/// </summary>
/// <remarks>
/// References are followed within the schema alone: nothing is fetched. Each error names the place as the model wrote it
/// (<c>edits[0].oldText</c>) and what would be right.
/// </remarks>
internal sealed class JsonSchema
{
    private readonly JsonElement _root;
    private readonly SchemaLeniency _leniency;
    private readonly SchemaResources _resources;

    private JsonSchema(JsonElement root, SchemaLeniency leniency) =>
        (_root, _leniency, _resources) = (root, leniency, new SchemaResources(root));

    /// <summary>Prepares a schema that decides: what cannot be checked counts as an error of the value.</summary>
    /// <param name="schema">The schema, an object or a boolean.</param>
    public static JsonSchema Strict(JsonElement schema) => new(schema, SchemaLeniency.None);

    /// <summary>Prepares a schema for what is sent to a server, which has the last word on what cannot be checked here.</summary>
    /// <param name="schema">The schema, an object or a boolean.</param>
    public static JsonSchema ForServer(JsonElement schema) => new(schema, SchemaLeniency.Server);

    /// <summary>Prepares a schema for what a model writes and the library's own serializer reads.</summary>
    /// <param name="schema">The schema, an object or a boolean.</param>
    public static JsonSchema ForArguments(JsonElement schema) => new(schema, SchemaLeniency.Arguments);

    /// <summary>Finds what is wrong with a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="name">What messages call the value itself.</param>
    /// <returns>The errors, ten at the most; empty if the value fits.</returns>
    public IReadOnlyList<string> Errors(JsonElement value, string name = "the arguments")
    {
        var evaluation = new SchemaEvaluation(_root, _resources, _leniency, name);
        evaluation.Check(value);
        return evaluation.Errors;
    }

    /// <summary>
    /// Finds what keeps a schema from deciding: unknown keywords, keywords of the wrong form, references that lead nowhere.
    /// </summary>
    /// <param name="schema">The schema.</param>
    /// <returns>
    /// Each with its place, such as <c>$.properties.a: 'minimun' is not a keyword of JSON Schema</c>; empty if all of it can be
    /// checked.
    /// </returns>
    public static IReadOnlyList<string> Unsupported(JsonElement schema) => SchemaReview.Of(schema);
}

/// <summary>What a checker lets pass.</summary>
internal enum SchemaLeniency
{
    /// <summary>Nothing: what cannot be checked is an error.</summary>
    None,

    /// <summary>
    /// What the server decides itself: formats, <c>nullable</c>, patterns and references that cannot be checked.
    /// </summary>
    Server,

    /// <summary>
    /// That, and numbers in quotes, which models write and the serializer reads. A member that differs from a known one by case
    /// alone does not pass: the serializer reads that too, and rules would not see it.
    /// </summary>
    Arguments,
}
