using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentFunctions.Tools.OpenApi;

/// <summary>Turns a description into operations. What it cannot call it leaves out and says why.</summary>
internal sealed class OpenApiReader(JsonObject document, string origin, Uri? documentUrl, string? baseUrl)
{
    private static readonly string[] Methods = ["get", "head", "put", "delete", "post", "patch", "options"];

    /// <summary>Headers that a description must not hand to the model, by the standard's own word.</summary>
    private static readonly string[] ReservedHeaders = ["Accept", "Content-Type", "Authorization"];

    private readonly List<string> _notes = [];
    private readonly OpenApiSchemas _schemas = new(document);

    /// <summary>What was left out, and why.</summary>
    public IReadOnlyList<string> Notes => _notes;

    public IReadOnlyList<OpenApiOperation> Read()
    {
        var operations = new Dictionary<string, OpenApiOperation>(StringComparer.Ordinal);
        foreach ((string path, JsonNode? value) in document["paths"] as JsonObject ?? [])
        {
            JsonObject item = _schemas.Resolve(value);
            foreach (string method in Methods)
            {
                if (item[method] is JsonObject operation && Read(path, item, method, operation) is { } read && !operations.TryAdd(read.Id, read))
                {
                    throw Broken(path, method, $"operationId: '{read.Id}' stands twice; rename one of them");
                }
            }
        }

        return [.. operations.Values];
    }

    private OpenApiOperation? Read(string path, JsonObject item, string method, JsonObject operation)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        var parameters = new List<OpenApiParameter>();
        foreach (JsonObject parameter in ParametersOf(item, operation))
        {
            string name = Text(parameter["name"]) ?? throw Broken(path, method, "parameters: one has no name");
            bool isRequired = parameter["required"]?.GetValueKind() == JsonValueKind.True;
            if (PlaceOf(parameter, name) is not { } place)
            {
                if (isRequired && Text(parameter["in"]) == "cookie")
                {
                    return LeaveOut(path, method, $"it needs the cookie '{name}'");
                }

                continue;
            }

            string argument = properties.ContainsKey(name) ? $"{name}_{place.ToString().ToLowerInvariant()}" : name;
            properties[argument] = Described(_schemas.Inline(parameter["schema"] ?? ContentSchema(parameter)), parameter);
            if (isRequired || place == OpenApiPlace.Path)
            {
                required.Add(argument);
            }

            string style = Text(parameter["style"]) ?? (place == OpenApiPlace.Query ? "form" : "simple");
            bool explode = parameter["explode"] is { } explicitly ? explicitly.GetValueKind() == JsonValueKind.True : style == "form";
            parameters.Add(new OpenApiParameter(argument, name, place, explode, style == "deepObject"));
        }

        OpenApiBody? body = null;
        if (operation["requestBody"] is { } node)
        {
            JsonObject request = _schemas.Resolve(node);
            bool isRequired = request["required"]?.GetValueKind() == JsonValueKind.True;
            if (MediaOf(request) is var (mediaType, media))
            {
                string argument = properties.ContainsKey("body") ? "request_body" : "body";
                properties[argument] = Described(_schemas.Inline(media["schema"]), request);
                body = new OpenApiBody(argument, mediaType);
                if (isRequired)
                {
                    required.Add(argument);
                }
            }
            else if (isRequired)
            {
                return LeaveOut(path, method, "its body is of no media type that can be written here (JSON, form, text)");
            }
        }

        return new OpenApiOperation(
            Text(operation["operationId"]) ?? $"{method}_{path.Trim('/').Replace('/', '_').Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal)}",
            Describe(operation, method, path),
            HttpMethod.Parse(method.ToUpperInvariant()),
            BaseOf(item, operation, path, method),
            path,
            parameters,
            body,
            Schema(properties, required),
            EffectOf(path, method, operation));
    }

    /// <summary>The path's parameters and the operation's, which win over the path's of the same name and place.</summary>
    private IEnumerable<JsonObject> ParametersOf(JsonObject item, JsonObject operation)
    {
        var byKey = new Dictionary<(string?, string?), JsonObject>();
        foreach (JsonNode? node in (item["parameters"] as JsonArray ?? []).Concat(operation["parameters"] as JsonArray ?? []))
        {
            JsonObject parameter = _schemas.Resolve(node);
            byKey[(Text(parameter["in"]), Text(parameter["name"]))] = parameter;
        }

        return byKey.Values;
    }

    private static OpenApiPlace? PlaceOf(JsonObject parameter, string name) => Text(parameter["in"]) switch
    {
        "path" => OpenApiPlace.Path,
        "query" => OpenApiPlace.Query,
        "header" when !ReservedHeaders.Contains(name, StringComparer.OrdinalIgnoreCase) => OpenApiPlace.Header,
        _ => null,
    };

    private static JsonNode? ContentSchema(JsonObject parameter) =>
        (parameter["content"] as JsonObject)?.FirstOrDefault().Value is JsonObject media ? media["schema"] : null;

    private static (string MediaType, JsonObject Media)? MediaOf(JsonObject request)
    {
        (string Type, JsonObject Media)[] offered =
        [
            .. (request["content"] as JsonObject ?? []).Where(static media => media.Value is JsonObject)
                .Select(static media => (media.Key.Split(';')[0].Trim().ToLowerInvariant(), (JsonObject)media.Value!)),
        ];
        foreach (Func<string, bool> wanted in (ReadOnlySpan<Func<string, bool>>)
            [static type => type is "application/json" or "*/*", static type => type.EndsWith("+json", StringComparison.Ordinal),
             static type => type == "application/x-www-form-urlencoded", static type => type == "text/plain"])
        {
            if (offered.FirstOrDefault(media => wanted(media.Type)) is { Media: not null } found)
            {
                return (found.Type == "*/*" ? "application/json" : found.Type, found.Media);
            }
        }

        return null;
    }

    private static JsonNode Described(JsonNode schema, JsonObject owner)
    {
        if (schema is JsonObject described && !described.ContainsKey("description") && Text(owner["description"]) is { } description)
        {
            described["description"] = description;
        }

        return schema;
    }

    private static string Describe(JsonObject operation, string method, string path)
    {
        string[] words = [.. new[] { Text(operation["summary"]), Text(operation["description"]) }.OfType<string>().Where(static w => w.Length > 0).Distinct()];
        return words.Length == 0 ? $"{method.ToUpperInvariant()} {path}" : string.Join("\n", words);
    }

    private JsonElement Schema(JsonObject properties, JsonArray required)
    {
        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
        if (required.Count > 0)
        {
            schema["required"] = required;
        }

        if (_schemas.DefinitionsFor(schema) is { } definitions)
        {
            schema["$defs"] = definitions;
        }

        return JsonSerializer.SerializeToElement(schema, AgentJsonContext.Default.JsonNode);
    }

    private ToolEffect EffectOf(string path, string method, JsonObject operation)
    {
        if (operation["x-effect"] is { } effect)
        {
            return ToolEffects.TryParse(effect.ToString(), out ToolEffect parsed)
                ? parsed
                : throw Broken(path, method, $"x-effect: '{effect}' is no effect; use none, idempotent or notIdempotent");
        }

        return method switch
        {
            "get" or "head" or "options" => ToolEffect.None,
            "put" or "delete" => ToolEffect.Idempotent,
            _ => ToolEffect.NotIdempotent,
        };
    }

    private Uri BaseOf(JsonObject item, JsonObject operation, string path, string method)
    {
        string address = baseUrl ?? ServerOf(operation) ?? ServerOf(item) ?? ServerOf(document) ?? "/";
        return Uri.TryCreate(documentUrl, address, out Uri? joined) || Uri.TryCreate(address, UriKind.Absolute, out joined)
            ? joined.Scheme is "http" or "https" ? joined : throw Broken(path, method, $"servers: '{address}' is no http or https address; set BaseUrl")
            : throw Broken(path, method, $"servers: '{address}' is no absolute address; set BaseUrl");
    }

    private static string? ServerOf(JsonObject owner)
    {
        if ((owner["servers"] as JsonArray)?.FirstOrDefault() is not JsonObject server || Text(server["url"]) is not { } url)
        {
            return null;
        }

        foreach ((string name, JsonNode? variable) in server["variables"] as JsonObject ?? [])
        {
            url = url.Replace($"{{{name}}}", Text((variable as JsonObject)?["default"]) ?? "", StringComparison.Ordinal);
        }

        return url;
    }

    private OpenApiOperation? LeaveOut(string path, string method, string reason)
    {
        _notes.Add($"{origin}: {method.ToUpperInvariant()} {path} is left out: {reason}.");
        return null;
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private AgentException Broken(string path, string method, string complaint) =>
        new(ErrorCode.InvalidInput, $"{origin}: {method.ToUpperInvariant()} {path}: {complaint}.");
}
