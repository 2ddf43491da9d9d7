using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace AgentFunctions.Tools.OpenApi;

/// <summary>Writes arguments as an HTTP request. Whatever they hold, the request goes to the operation's own server and path.</summary>
internal static class OpenApiRequest
{
    public static HttpRequestMessage Create(OpenApiOperation operation, IReadOnlyDictionary<string, JsonElement> arguments)
    {
        // A path of the description may have a query of its own, and a fragment that only tells it apart from others.
        string[] halves = operation.Path.Split('#')[0].Split('?', 2);
        string path = halves[0];
        List<string> query = halves.Length == 2 ? [.. halves[1].Split('&', StringSplitOptions.RemoveEmptyEntries)] : [];
        var headers = new List<(string Name, string Value)>();
        foreach (OpenApiParameter parameter in operation.Parameters)
        {
            if (!arguments.TryGetValue(parameter.Argument, out JsonElement value) || value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
            {
                continue;
            }

            switch (parameter.Place)
            {
                case OpenApiPlace.Path:
                    path = path.Replace($"{{{parameter.Name}}}", Segment(parameter, value), StringComparison.Ordinal);
                    break;
                case OpenApiPlace.Query:
                    query.AddRange(OpenApiValue.Query(parameter.Name, parameter.Style, value));
                    break;
                case OpenApiPlace.Header:
                    headers.Add((parameter.Name, HeaderText(parameter, value)));
                    break;
            }
        }

        if (path.IndexOf('{', StringComparison.Ordinal) is >= 0 and int open)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid, $"the path needs {path[open..].Split('/')[0]}, and no argument gives it.");
        }

        var request = new HttpRequestMessage(operation.Method, Address(operation, path, query)) { Content = Content(operation, arguments) };
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("*/*", 0.5));
        return request;
    }

    private static Uri Address(OpenApiOperation operation, string path, List<string> query)
    {
        var builder = new UriBuilder(operation.BaseUrl) { Fragment = "" };
        builder.Path = $"{builder.Path.TrimEnd('/')}/{path.TrimStart('/')}";
        builder.Query = string.Join('&', query);
        return builder.Uri;
    }

    /// <summary>A dot segment would lead out of the path, however it is encoded.</summary>
    private static string Segment(OpenApiParameter parameter, JsonElement value)
    {
        string text = OpenApiValue.Path(parameter, value);
        return text is "." or ".." or ""
            ? throw new AgentException(ErrorCode.ToolArgumentsInvalid, $"{parameter.Argument}: '{text}' cannot stand in the path.")
            : text.Replace("{", "%7B", StringComparison.Ordinal);
    }

    private static string HeaderText(OpenApiParameter parameter, JsonElement value)
    {
        string text = OpenApiValue.Header(parameter.Style, value);
        return text.Any(char.IsControl)
            ? throw new AgentException(ErrorCode.ToolArgumentsInvalid, $"{parameter.Argument}: control characters cannot stand in a header.")
            : text;
    }

    private static HttpContent? Content(OpenApiOperation operation, IReadOnlyDictionary<string, JsonElement> arguments)
    {
        if (operation.Body is not { } body || !arguments.TryGetValue(body.Argument, out JsonElement value))
        {
            return null;
        }

        return body.MediaType switch
        {
            "application/x-www-form-urlencoded" when value.ValueKind == JsonValueKind.Object =>
                // In a form a space is a plus.
                new StringContent(string.Join('&', Fields(body, value)).Replace("%20", "+", StringComparison.Ordinal), Encoding.UTF8, body.MediaType),
            "multipart/form-data" when value.ValueKind == JsonValueKind.Object => Multipart(value),
            "text/plain" => new StringContent(OpenApiValue.Text(value), Encoding.UTF8, "text/plain"),
            _ => new StringContent(value.GetRawText(), Encoding.UTF8, body.MediaType),
        };
    }

    private static IEnumerable<string> Fields(OpenApiBody body, JsonElement value) =>
        value.EnumerateObject().Where(static field => field.Value.ValueKind != JsonValueKind.Null).SelectMany(field => OpenApiValue.Query(
            field.Name,
            body.Fields.TryGetValue(field.Name, out OpenApiStyle? style) ? style
                : new OpenApiStyle(field.Value.ValueKind == JsonValueKind.Object ? "json" : "form", Explode: true),
            field.Value));

    private static MultipartFormDataContent Multipart(JsonElement value)
    {
        var content = new MultipartFormDataContent();
        foreach (JsonProperty field in value.EnumerateObject().Where(static field => field.Value.ValueKind != JsonValueKind.Null))
        {
            // A list is a part an item, an object is JSON.
            foreach (JsonElement item in field.Value.ValueKind == JsonValueKind.Array ? field.Value.EnumerateArray().ToArray() : [field.Value])
            {
                content.Add(
                    new StringContent(OpenApiValue.Text(item), Encoding.UTF8, item.ValueKind == JsonValueKind.Object ? "application/json" : "text/plain"),
                    field.Name);
            }
        }

        return content;
    }
}
