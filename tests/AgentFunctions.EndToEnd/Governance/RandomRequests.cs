using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.EndToEnd.Governance;

/// <summary>
/// Makes requests by chance: over the routes that the host really has, with bodies and queries of the shape that its own document
/// describes and of many wrong ones. A new route is part of it without anybody's doing.
/// </summary>
internal sealed class RandomRequests(int seed, IEnumerable<RouteEndpoint> endpoints, JsonElement document,
    IReadOnlyList<string> names)
{
    private static readonly string[] Garbage = ["nope", "..%2f..%2fetc", "%00", new string('x', 300), "%C3%A9", "0", "-1",
        "a%20b", "%2e%2e"];

    private static readonly string[] Bodies =
    [
        "", "{}", "[]", "null", "{\"goal\":", """{"goal":"\ud800"}""", """{"goal":"x","labels":{"a":null}}""",
        """{"nobody":"knows"}""", "42", "\"text\"",
        new string('[', 100), $$"""{"goal":"{{new string('x', 40_000)}}"}""",
    ];

    private readonly Random _random = new(seed);
    private readonly Lock _lock = new();

    /// <summary>The routes, each with a method.</summary>
    public IReadOnlyList<(string Method, string Route)> Routes { get; } =
    [
        .. endpoints.SelectMany(static endpoint => (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
            .Select(method => (method, $"/{endpoint.RoutePattern.RawText!.Trim('/')}"))).Distinct().Order(),
    ];

    public int Pick(int count)
    {
        lock (_lock)
        {
            return _random.Next(count);
        }
    }

    /// <summary>The next request, and the route that it is for.</summary>
    public (HttpRequestMessage Request, string Route) Next()
    {
        (string method, string route) = Routes[Pick(Routes.Count)];
        JsonElement? operation = OperationOf(method, route);
        var path = new StringBuilder();
        foreach (string segment in route.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            int from = segment.IndexOf('{', StringComparison.Ordinal);
            path.Append('/').Append(from < 0
                ? segment
                : segment[..from] + Name() + segment[(segment.IndexOf('}', StringComparison.Ordinal) + 1)..]);
        }

        path.Append(QueryOf(operation));
        var request = new HttpRequestMessage(new HttpMethod(method), path.ToString());
        if (method is not ("GET" or "HEAD"))
        {
            request.Content = new StringContent(BodyOf(operation), Encoding.UTF8, Pick(12) == 0
                ? "text/plain"
                : "application/json");
            if (Pick(4) == 0)
            {
                request.Headers.TryAddWithoutValidation("Idempotency-Key", Pick(2) == 0 ? $"key-{Pick(20)}" : Name());
            }
        }

        return (request, $"{method} {route}");
    }

    private string Name() => Pick(3) == 0 ? Garbage[Pick(Garbage.Length)] : names[Pick(names.Count)];

    private JsonElement? OperationOf(string method, string route) =>
        document.GetProperty("paths").TryGetProperty(route, out JsonElement path)
            && path.TryGetProperty(method.ToLowerInvariant(), out JsonElement operation)
            ? operation
            : null;

    private string QueryOf(JsonElement? operation)
    {
        var query = new StringBuilder();
        if (operation is { } known && known.TryGetProperty("parameters", out JsonElement parameters))
        {
            foreach (JsonElement parameter in parameters.EnumerateArray()
                .Where(static parameter => parameter.GetProperty("in").GetString() == "query"))
            {
                string name = parameter.GetProperty("name").GetString()!;
                if (Pick(3) == 0 || name == "follow")
                {
                    string value = name == "follow" ? "false" : Pick(5) == 0
                        ? Name()
                        : Text(Value(parameter.GetProperty("schema"), 0));
                    query.Append(query.Length == 0 ? '?' : '&').Append(name).Append('=').Append(value);
                }
            }
        }

        return query.ToString();
    }

    private static string Text(JsonNode? value) =>
        Uri.EscapeDataString(value is JsonValue one && one.TryGetValue(out string? text) ? text : value?.ToJsonString() ?? "");

    private string BodyOf(JsonElement? operation)
    {
        if (Pick(4) == 0 || operation is not { } known || !known.TryGetProperty("requestBody", out JsonElement body))
        {
            return Bodies[Pick(Bodies.Length)];
        }

        return Value(body.GetProperty("content").EnumerateObject().First().Value.GetProperty("schema"), 0)?.ToJsonString()
            ?? "null";
    }

    /// <summary>A value of a schema's shape, and now and then of none.</summary>
    private JsonNode? Value(JsonElement schema, int depth)
    {
        while (schema.TryGetProperty("$ref", out JsonElement reference))
        {
            schema = reference.GetString()!.Split('/').Skip(1).Aggregate(document, static (at, name) => at.GetProperty(name));
        }

        if (Pick(15) == 0 || depth > 5)
        {
            return Pick(4) switch
            {
                0 => null,
                1 => JsonValue.Create(Pick(10) - 5),
                2 => new JsonArray(),
                _ => JsonValue.Create(names[Pick(names.Count)])
            };
        }

        foreach (string several in (ReadOnlySpan<string>)["oneOf", "anyOf", "allOf"])
        {
            if (schema.TryGetProperty(several, out JsonElement options))
            {
                return Value(options[Pick(options.GetArrayLength())], depth + 1);
            }
        }

        if (schema.TryGetProperty("enum", out JsonElement values))
        {
            return JsonNode.Parse(values[Pick(values.GetArrayLength())].GetRawText());
        }

        string? type = schema.TryGetProperty("type", out JsonElement said)
            ? said.ValueKind == JsonValueKind.Array ? said[Pick(said.GetArrayLength())].GetString() : said.GetString()
            : null;
        return type switch
        {
            "object" => ObjectOf(schema, depth),
            "array" => new JsonArray([.. Enumerable.Range(0, Pick(3))
                .Select(_ => schema.TryGetProperty("items", out JsonElement items) ? Value(items, depth + 1) : null)]),
            "integer" => JsonValue.Create(Pick(1_000)),
            "number" => JsonValue.Create(Pick(1_000) / 8.0),
            "boolean" => JsonValue.Create(Pick(2) == 0),
            "null" => null,
            _ => JsonValue.Create(Pick(6) switch
            {
                0 => "PT5M",
                1 => "2026-11-22T01:00:00Z",
                2 => "*/5 * * * *",
                3 => "some words",
                _ => names[Pick(names.Count)]
            }),
        };
    }

    private JsonObject ObjectOf(JsonElement schema, int depth)
    {
        var value = new JsonObject();
        HashSet<string?> required = schema.TryGetProperty("required", out JsonElement needed)
            ? [.. needed.EnumerateArray().Select(static name => name.GetString())]
            : [];
        if (schema.TryGetProperty("properties", out JsonElement properties))
        {
            foreach (JsonProperty property in properties.EnumerateObject())
            {
                if (required.Contains(property.Name) ? Pick(12) != 0 : Pick(3) == 0)
                {
                    value[property.Name] = Value(property.Value, depth + 1);
                }
            }
        }

        return value;
    }
}
