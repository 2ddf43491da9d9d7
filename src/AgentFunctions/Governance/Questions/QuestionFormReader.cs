using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Core;
using AgentFunctions.Core.JsonSchemas;

namespace AgentFunctions.Governance.Questions;

/// <summary>Reads forms, and writes them anew as plain JSON Schema: what is not understood is refused, never ignored.</summary>
internal static class QuestionFormReader
{
    private static readonly string[] OfForm = ["$schema", "type", "title", "description", "properties", "required",
        "additionalProperties", "minProperties"];

    public static QuestionForm Read(JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object || TextOf(schema, "type") != "object"
            || Encoding.UTF8.GetByteCount(schema.GetRawText()) > QuestionForm.MaxBytes)
        {
            throw Bad("form", $"use a JSON schema of the type 'object', of at most {QuestionForm.MaxBytes} bytes.");
        }

        Only(schema, OfForm, "form");
        string[] required = Required(schema);
        List<QuestionField> fields = [];
        var properties = new JsonObject();
        foreach (JsonProperty property in PropertiesOf(schema))
        {
            (QuestionField field, JsonObject written) = QuestionFieldReader.Read(property.Name, property.Value);
            fields.Add(field with { IsRequired = required.Contains(field.Name, StringComparer.Ordinal) });
            properties[property.Name] = written;
        }

        if (required.FirstOrDefault(name => fields.All(field => field.Name != name)) is { } unknown)
        {
            throw Bad("form.required",
                $"'{unknown}' is no field of the form; use: {string.Join(", ", fields.Select(static field => field.Name))}.");
        }

        var canonical = new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
        if (required.Length > 0)
        {
            canonical["required"] = new JsonArray([.. required.Select(static name => (JsonNode)name)]);
        }

        if (schema.TryGetProperty("minProperties", out JsonElement least))
        {
            canonical["minProperties"] = JsonNode.Parse(least.GetRawText());
        }

        var form = new QuestionForm(JsonSerializer.SerializeToElement(canonical, CoreJsonContext.Default.JsonNode), fields);
        return JsonSchema.Unsupported(form.Schema) is [{ } wrong, ..] ? throw Bad("form", wrong) : Checked(form);
    }

    /// <summary>Makes the error for a form.</summary>
    public static AgentException Bad(string place, string remedy) => new(ErrorCode.InvalidInput, $"{place}: {remedy}");

    /// <summary>Refuses members that are not understood.</summary>
    public static void Only(JsonElement schema, IReadOnlyCollection<string> known, string place)
    {
        foreach (JsonProperty member in schema.EnumerateObject())
        {
            if (!known.Contains(member.Name))
            {
                throw Bad($"{place}.{member.Name}", $"a form has no '{member.Name}' here; use: {string.Join(", ", known)}.");
            }
        }
    }

    public static string? TextOf(JsonElement schema, string name) =>
        schema.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A default that the field itself would refuse is a slip that a person would meet.</summary>
    private static QuestionForm Checked(QuestionForm form)
    {
        foreach (QuestionField field in form.Fields.Where(static field => field.Default is not null))
        {
            JsonElement schema = form.Schema.GetProperty("properties").GetProperty(field.Name);
            if (JsonSchema.Strict(schema)
                .Errors(field.Default!.Value, $"form.properties.{field.Name}.default") is [{ } wrong, ..])
            {
                throw new AgentException(ErrorCode.InvalidInput, wrong);
            }
        }

        return form;
    }

    private static IEnumerable<JsonProperty> PropertiesOf(JsonElement schema)
    {
        if (!schema.TryGetProperty("properties", out JsonElement properties) || properties.ValueKind != JsonValueKind.Object)
        {
            throw Bad("form.properties", "name the fields: an object of a schema for each.");
        }

        JsonProperty[] all = [.. properties.EnumerateObject()];
        return all.Length > QuestionForm.MaxFields
            ? throw Bad("form.properties", $"use at most {QuestionForm.MaxFields} fields; ask in two questions.")
            : all.DistinctBy(static property => property.Name).Count() < all.Length
                ? throw Bad("form.properties", "name each field once.")
                : all;
    }

    private static string[] Required(JsonElement schema)
    {
        if (!schema.TryGetProperty("required", out JsonElement required))
        {
            return [];
        }

        return required.ValueKind == JsonValueKind.Array
            && required.EnumerateArray().All(static name => name.ValueKind == JsonValueKind.String)
            ? [.. required.EnumerateArray().Select(static name => name.GetString()!).Distinct()]
            : throw Bad("form.required", "use a list of names of fields.");
    }
}
