using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Tools;

namespace AgentFunctions.OpenApi;

/// <summary>What an operation's body is.</summary>
/// <param name="Body">How it is written.</param>
/// <param name="Schema">The schema of the argument that holds it.</param>
/// <param name="Headers">The schema of the argument that holds the headers of its parts; <see langword="null"/> for none.</param>
internal sealed record OpenApiBodyArguments(OpenApiBody Body, JsonNode Schema, JsonObject? Headers);

/// <summary>Chooses the media type that a body is written in, and describes the argument that holds it.</summary>
/// <param name="schemas">The schemas of the description.</param>
internal sealed class OpenApiBodyReader(OpenApiSchemas schemas)
{
    private const int MaxDepth = 8;

    private const string OctetStream = "application/octet-stream";

    private const string FileHint = "A file to send: its path in the workspace, or artifact:NAME for an artifact of this run.";

    private static readonly HashSet<string> TextTypes = new(
        ["application/xml", "application/yaml", "application/x-yaml", "application/x-ndjson", "application/jsonl",
            "application/graphql",
         "application/javascript", "application/sql", "application/toml"],
        StringComparer.Ordinal);

    /// <summary>Keywords that say nothing of what a value is.</summary>
    private static readonly HashSet<string> Annotations =
        new(["description", "title", "example", "examples", "nullable", "deprecated"], StringComparer.Ordinal);

    /// <summary>Reads a request body.</summary>
    /// <param name="request">The request body, with its reference followed.</param>
    /// <param name="argument">The name of the argument.</param>
    /// <returns>The body; <see langword="null"/> if none of its media types can be written.</returns>
    public OpenApiBodyArguments? Read(JsonObject request, string argument)
    {
        (string Type, JsonObject Media)[] offered =
        [
            .. (request["content"] as JsonObject ?? []).Where(static media => media.Value is JsonObject)
                .Select(static media => (media.Key.Split(';')[0].Trim().ToLowerInvariant(), (JsonObject)media.Value!)),
        ];
        return offered.OrderBy(media => Rank(media.Type, SaysBinary(media.Media)))
            .Select(media => Read(media.Type, media.Media, argument))
            .FirstOrDefault(static read => read is not null);
    }

    private static int Rank(string type, bool isBinary) => type switch
    {
        _ when isBinary => 6,
        "application/json" or "*/*" => 0,
        _ when type.EndsWith("+json", StringComparison.Ordinal) => 1,
        "application/x-www-form-urlencoded" => 2,
        "multipart/form-data" => 3,
        "text/plain" => 4,
        _ when IsText(type) => 5,
        _ => 6,
    };

    private static bool IsText(string type) => (type.StartsWith("text/", StringComparison.Ordinal) && !type.EndsWith('*'))
        || TextTypes.Contains(type)
        || type.EndsWith("+xml", StringComparison.Ordinal) || type.EndsWith("+yaml", StringComparison.Ordinal);

    private bool SaysBinary(JsonObject media) =>
        schemas.Resolve(media["schema"]) is { } schema && Text(schema["format"]) == "binary";

    private OpenApiBodyArguments? Read(string type, JsonObject media, string argument) => Rank(type, SaysBinary(media)) switch
    {
        0 or 1 => new(new OpenApiBody(argument, OpenApiBodyForm.Json, type == "*/*" ? "application/json" : type),
            schemas.Inline(media["schema"]), null),
        2 => new(new OpenApiBody(argument, OpenApiBodyForm.Form, type) { Fields = StylesOf(media) },
            schemas.Inline(media["schema"]), null),
        3 => Multipart(media, argument),
        4 or 5 => new(new OpenApiBody(argument, OpenApiBodyForm.Text, type), AsText(media, type), null),
        _ when type.StartsWith("multipart/", StringComparison.Ordinal) => null,
        _ => new(new OpenApiBody(argument, OpenApiBodyForm.File, type), FileSchema(schemas.Resolve(media["schema"])), null),
    };

    /// <summary>A text is taken as it is; what another type describes is written by the model, which is told the type.</summary>
    private JsonNode AsText(JsonObject media, string type)
    {
        JsonNode schema = schemas.Inline(media["schema"]);
        return schema is JsonObject { Count: > 0 } described && Text(described["type"]) == "string"
            ? schema
            : new JsonObject { ["type"] = "string", ["description"] = $"The body as text of the type {type}." };
    }

    private OpenApiBodyArguments? Multipart(JsonObject media, string argument)
    {
        var fields = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        var required = new List<string>();
        Collect(media["schema"], fields, required, isRequired: true, 0);
        if (fields.Count == 0)
        {
            return null;
        }

        var encodings = media["encoding"] as JsonObject;
        var properties = new JsonObject();
        var parts = new Dictionary<string, OpenApiPart>(StringComparer.Ordinal);
        var headers = new JsonObject();
        foreach ((string name, JsonNode? schema) in fields)
        {
            JsonObject? one = schemas.Resolve(schema);
            bool isList = one is not null && Text(one["type"]) == "array" && schemas.Resolve(one["items"]) is not null;
            OpenApiPart part = PartOf(isList ? one!["items"] : schema, encodings?[name] as JsonObject);
            properties[name] = !part.IsFile ? schemas.Inline(schema)
                : isList ? FileList(one!, FileSchema(schemas.Resolve(one!["items"])))
                : FileSchema(one);
            if (part.IsFile || part.MediaTypes.Count > 0)
            {
                parts[name] = part;
            }

            if (HeadersOf(encodings?[name] as JsonObject) is { } described)
            {
                headers[name] = described;
            }
        }

        var schemaOfAll = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (required.Count > 0)
        {
            schemaOfAll["required"] =
                new JsonArray([.. required.Where(fields.ContainsKey).Distinct().Select(static name => JsonValue.Create(name))]);
        }

        return new OpenApiBodyArguments(
            new OpenApiBody(argument, OpenApiBodyForm.Multipart, "multipart/form-data")
            {
                Fields = StylesOf(media),
                Parts = parts,
                HeadersArgument = headers.Count > 0 ? $"{argument}_headers" : null,
            },
            schemaOfAll,
            headers.Count == 0 ? null : new JsonObject
            {
                ["type"] = "object",
                ["description"] = "Headers of the parts of the body, by field.",
                ["properties"] = headers,
                ["additionalProperties"] = false,
            });
    }

    /// <summary>Collects the fields of a form, those of the schemas that it is put together from too.</summary>
    private void Collect(JsonNode? node, Dictionary<string, JsonNode?> fields, List<string> required, bool isRequired, int depth)
    {
        if (depth > MaxDepth || schemas.Resolve(node) is not { } schema)
        {
            return;
        }

        foreach ((string name, JsonNode? value) in schema["properties"] as JsonObject ?? [])
        {
            if (schemas.Resolve(value)?["readOnly"]?.GetValueKind() != JsonValueKind.True)
            {
                fields.TryAdd(name, value);
            }
        }

        if (isRequired)
        {
            required.AddRange((schema["required"] as JsonArray ?? []).Select(Text).OfType<string>());
        }

        foreach (string keyword in (ReadOnlySpan<string>)["allOf", "oneOf", "anyOf"])
        {
            foreach (JsonNode? part in schema[keyword] as JsonArray ?? [])
            {
                Collect(part, fields, required, isRequired && keyword == "allOf", depth + 1);
            }
        }
    }

    private OpenApiPart PartOf(JsonNode? schema, JsonObject? encoding)
    {
        string[] declared = [.. (Text(encoding?["contentType"]) ?? "").Split(',',
            StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
        (bool isFile, bool isBase64, string? type) = FileOf(schema, 0);
        return new OpenApiPart(isFile, isBase64, declared.Length > 0 ? declared : type is null ? [] : [type]);
    }

    /// <summary>Whether a field is a file: by its format, its media type, or since nothing is said of it.</summary>
    private (bool IsFile, bool IsBase64, string? MediaType) FileOf(JsonNode? node, int depth)
    {
        if (depth > MaxDepth || schemas.Resolve(node) is not { } schema)
        {
            return (node is null || node.GetValueKind() == JsonValueKind.True, false, null);
        }

        string? type = Text(schema["contentMediaType"])?.ToLowerInvariant();
        bool isBase64 = Text(schema["format"]) == "byte" || Text(schema["contentEncoding"]) is "base64" or "base64url";
        if (isBase64 || Text(schema["format"]) == "binary" || (type is not null && !IsText(type) && !IsJson(type)))
        {
            return (true, isBase64, type);
        }

        if (schema.All(static member => Annotations.Contains(member.Key)))
        {
            return (true, false, OctetStream);
        }

        return Composed(schema, depth) ?? (false, false, type);
    }

    private (bool, bool, string?)? Composed(JsonObject schema, int depth)
    {
        foreach (string keyword in (ReadOnlySpan<string>)["allOf", "oneOf", "anyOf"])
        {
            foreach (JsonNode? part in schema[keyword] as JsonArray ?? [])
            {
                (bool IsFile, bool IsBase64, string? MediaType) found = FileOf(part, depth + 1);
                if (found.IsFile && schemas.Resolve(part) is { Count: > 0 } described
                    && !described.All(static member => Annotations.Contains(member.Key)))
                {
                    return found;
                }
            }
        }

        return null;
    }

    private static bool IsJson(string type) => type is "application/json" || type.EndsWith("+json", StringComparison.Ordinal);

    private JsonObject? HeadersOf(JsonObject? encoding)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach ((string name, JsonNode? node) in encoding?["headers"] as JsonObject ?? [])
        {
            // The standard gives the type a place of its own, and the name of the part is not for a caller to change.
            if (name.ToLowerInvariant() is "content-type" or "content-disposition" || schemas.Resolve(node) is not { } header)
            {
                continue;
            }

            properties[name] = schemas.Inline(header["schema"]);
            if (properties[name] is JsonObject described && !described.ContainsKey("description")
                && Text(header["description"]) is { } description)
            {
                described["description"] = description;
            }

            if (header["required"]?.GetValueKind() == JsonValueKind.True)
            {
                required.Add(name);
            }
        }

        return properties.Count == 0 ? null
            : new JsonObject
            {
                ["type"] = "object",
                ["properties"] = properties,
                ["required"] = required,
                ["additionalProperties"] = false
            };
    }

    private static JsonObject FileSchema(JsonObject? schema) => new()
    {
        ["type"] = schema?["nullable"]?.GetValueKind() == JsonValueKind.True ? new JsonArray("string", "null") : "string",
        ["description"] = Text(schema?["description"]) is { Length: > 0 } description
            ? $"{description.TrimEnd('.')}. {FileHint}"
            : FileHint,
    };

    private static JsonObject FileList(JsonObject list, JsonObject file)
    {
        var result = new JsonObject { ["type"] = "array", ["items"] = file };
        foreach (string keyword in (ReadOnlySpan<string>)["minItems", "maxItems", "description"])
        {
            if (list[keyword] is JsonValue value)
            {
                result[keyword] = value.DeepClone();
            }
        }

        return result;
    }

    private static Dictionary<string, OpenApiStyle> StylesOf(JsonObject media) => (media["encoding"] as JsonObject ?? [])
        .Where(static field => field.Value is JsonObject encoding
            && (encoding.ContainsKey("style") || encoding.ContainsKey("explode")))
        .ToDictionary(static field => field.Key, static field => OpenApiStyles.Of((JsonObject)field.Value!, "form"),
            StringComparer.Ordinal);

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
