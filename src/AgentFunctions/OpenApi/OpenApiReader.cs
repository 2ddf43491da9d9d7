using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AgentFunctions.Core;

namespace AgentFunctions.OpenApi;

/// <summary>Turns a description into operations. What it cannot call it leaves out and says why.</summary>
internal sealed partial class OpenApiReader
{
    private static readonly string[] Methods = ["get", "head", "put", "delete", "post", "patch", "options"];

    /// <summary>Headers that a description must not hand to the model, by the standard's own word.</summary>
    private static readonly string[] ReservedHeaders = ["Accept", "Content-Type", "Authorization"];

    private readonly List<string> _notes = [];
    private readonly JsonObject _document;
    private readonly string _origin;
    private readonly Uri? _documentUrl;
    private readonly string? _baseUrl;
    private readonly OpenApiSchemas _schemas;
    private readonly OpenApiBodyReader _bodies;

    /// <summary>Makes a reader of one description.</summary>
    /// <param name="document">The description.</param>
    /// <param name="origin">Where it came from, for notes.</param>
    /// <param name="documentUrl">Its address; <see langword="null"/> for a file.</param>
    /// <param name="baseUrl">The address that paths are appended to; <see langword="null"/> for the description's own.</param>
    public OpenApiReader(JsonObject document, string origin, Uri? documentUrl, string? baseUrl)
    {
        _document = document;
        _origin = origin;
        _documentUrl = documentUrl;
        _baseUrl = baseUrl;
        _schemas = new OpenApiSchemas(document);
        _bodies = new OpenApiBodyReader(_schemas);
    }

    /// <summary>Gets what was left out, and why.</summary>
    public IReadOnlyList<string> Notes => _notes;

    public IReadOnlyList<OpenApiOperation> Read()
    {
        var operations = new Dictionary<string, OpenApiOperation>(StringComparer.Ordinal);
        foreach ((string path, JsonNode? value) in _document["paths"] as JsonObject ?? [])
        {
            if (_schemas.Resolve(value) is not { } item)
            {
                _notes.Add($"{_origin}: {path} is left out: {Elsewhere(value)}.");
                continue;
            }

            foreach (string method in Methods.Where(method => item[method] is not null))
            {
                if (TryRead(path, item, method) is { } read && !operations.TryAdd(read.Id, read))
                {
                    LeaveOut(path, method, $"the operationId '{read.Id}' stands twice; rename one of them");
                }
            }
        }

        return [.. operations.Values];
    }

    /// <summary>Reads one operation; what is wrong with it leaves the others alone.</summary>
    private OpenApiOperation? TryRead(string path, JsonObject item, string method)
    {
        _schemas.Lost.Clear();
        try
        {
            OpenApiOperation? read = _schemas.Resolve(item[method]) is { } operation
                ? Read(path, item, method, operation)
                : LeaveOut(path, method, Elsewhere(item[method]));
            if (read is not null && _schemas.Lost.Count > 0)
            {
                _notes.Add($"{_origin}: {method.ToUpperInvariant()} {path}: anything is taken where its schemas refer to {string.Join(", ", _schemas.Lost)}, which is not in the description.");
            }

            return read;
        }
        catch (Exception e) when (e is AgentException or InvalidOperationException or FormatException or JsonException)
        {
            return LeaveOut(path, method, e.Message.TrimEnd('.'));
        }
    }

    private static string Elsewhere(JsonNode? node) => (node as JsonObject)?["$ref"] is { } reference
        ? $"it refers to {reference}, which is not in the description; bundle it into one file"
        : "it is not a JSON object";

    private OpenApiOperation? Read(string path, JsonObject item, string method, JsonObject operation)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        var parameters = new List<OpenApiParameter>();
        foreach (JsonObject parameter in ParametersOf(item, operation))
        {
            string name = Text(parameter["name"]) ?? throw Broken("a parameter has no name");
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
            if (isRequired || place == OpenApiLocation.Path)
            {
                required.Add(argument);
            }

            parameters.Add(new OpenApiParameter(argument, name, place, OpenApiStyles.Of(parameter, place)));
        }

        foreach (string name in Undeclared(path, parameters))
        {
            _notes.Add($"{_origin}: {method.ToUpperInvariant()} {path}: the description does not declare '{name}'; it is taken as a text.");
            properties[name] = new JsonObject { ["type"] = "string" };
            required.Add(name);
            parameters.Add(new OpenApiParameter(name, name, OpenApiLocation.Path, new OpenApiStyle("simple", false)));
        }

        OpenApiBody? body = null;
        if (operation["requestBody"] is { } node)
        {
            JsonObject request = _schemas.Resolve(node) ?? throw Broken(Elsewhere(node));
            if (_bodies.Read(request, properties.ContainsKey("body") ? "request_body" : "body") is not { } read)
            {
                return LeaveOut(path, method,
                    "its body is of no media type that can be written here (a multipart form must name its fields)");
            }

            body = read.Body;
            properties[body.Argument] = Described(read.Schema, request);
            if (body.HeadersArgument is { } headers)
            {
                properties[headers] = read.Headers;
            }

            if (request["required"]?.GetValueKind() == JsonValueKind.True)
            {
                required.Add(body.Argument);
            }
        }

        return new OpenApiOperation(
            Text(operation["operationId"])
                ?? $"{method}_{path.Trim('/').Replace('/', '_').Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal)}",
            Describe(operation, method, path),
            HttpMethod.Parse(method.ToUpperInvariant()),
            BaseOf(item, operation),
            path,
            parameters,
            body,
            Schema(properties, required),
            EffectOf(method, operation));
    }

    private static IEnumerable<string> Undeclared(string path, List<OpenApiParameter> parameters) => Braces().Matches(path)
        .Select(static match => match.Groups[1].Value)
        .Where(name => !parameters.Exists(parameter => parameter.Place == OpenApiLocation.Path && parameter.Name == name))
        .Distinct().ToArray();

    /// <summary>The path's parameters and the operation's, which win over the path's of the same name and place.</summary>
    private IEnumerable<JsonObject> ParametersOf(JsonObject item, JsonObject operation)
    {
        var byKey = new Dictionary<(string?, string?), JsonObject>();
        foreach (JsonNode? node in (item["parameters"] as JsonArray ?? []).Concat(operation["parameters"] as JsonArray ?? []))
        {
            JsonObject parameter = _schemas.Resolve(node) ?? throw Broken(Elsewhere(node));
            byKey[(Text(parameter["in"]), Text(parameter["name"]))] = parameter;
        }

        return byKey.Values;
    }

    private static OpenApiLocation? PlaceOf(JsonObject parameter, string name) => Text(parameter["in"]) switch
    {
        "path" => OpenApiLocation.Path,
        "query" => OpenApiLocation.Query,
        "header" when !ReservedHeaders.Contains(name, StringComparer.OrdinalIgnoreCase) => OpenApiLocation.Header,
        _ => null,
    };

    private static JsonNode? ContentSchema(JsonObject parameter) =>
        (parameter["content"] as JsonObject)?.FirstOrDefault().Value is JsonObject media ? media["schema"] : null;

    private static JsonNode Described(JsonNode schema, JsonObject owner)
    {
        if (schema is JsonObject described && !described.ContainsKey("description")
            && Text(owner["description"]) is { } description)
        {
            described["description"] = description;
        }

        return schema;
    }

    private static string Describe(JsonObject operation, string method, string path)
    {
        string[] words = [.. new[] { Text(operation["summary"]), Text(operation["description"]) }.OfType<string>()
            .Where(static w => w.Length > 0).Distinct()];
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

        return JsonSerializer.SerializeToElement(schema, CoreJsonContext.Default.JsonNode);
    }

    private static ToolEffect EffectOf(string method, JsonObject operation)
    {
        if (operation["x-effect"] is { } effect)
        {
            return ToolEffects.TryParse(effect.ToString(), out ToolEffect parsed)
                ? parsed
                : throw Broken($"x-effect: '{effect}' is not a valid effect. Use none, idempotent or notIdempotent");
        }

        return method switch
        {
            "get" or "head" or "options" => ToolEffect.None,
            "put" or "delete" => ToolEffect.Idempotent,
            _ => ToolEffect.NotIdempotent,
        };
    }

    private Uri BaseOf(JsonObject item, JsonObject operation)
    {
        string address = _baseUrl ?? ServerOf(operation) ?? ServerOf(item) ?? ServerOf(_document) ?? "/";
        return Uri.TryCreate(_documentUrl, address, out Uri? joined) || Uri.TryCreate(address, UriKind.Absolute, out joined)
            ? joined.Scheme is "http" or "https"
                ? joined
                : throw Broken($"servers: '{address}' is not an http or https address. Set BaseUrl")
            : throw Broken($"servers: '{address}' is not an absolute address. Set BaseUrl");
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
        _notes.Add($"{_origin}: {method.ToUpperInvariant()} {path} is left out: {reason}.");
        return null;
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static AgentException Broken(string error) => new(ErrorCode.InvalidInput, error);

    [GeneratedRegex(@"\{([^{}/]+)\}")]
    private static partial Regex Braces();
}
