using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace AgentFunctions.Tools.OpenApi;

/// <summary>Writes arguments as an HTTP request. Whatever they hold, the request goes to the operation's own server and path.</summary>
internal static class OpenApiRequest
{
    public static HttpRequestMessage Create(OpenApiOperation operation, IReadOnlyDictionary<string, JsonElement> arguments)
    {
        string path = operation.Path;
        var query = new List<string>();
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
                    query.AddRange(Query(parameter, value));
                    break;
                case OpenApiPlace.Header:
                    headers.Add((parameter.Name, HeaderText(parameter, value)));
                    break;
            }
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
        string text = string.Join(',', Scalars(value));
        return text is "." or ".." or ""
            ? throw new AgentException(ErrorCode.ToolArgumentsInvalid, $"{parameter.Argument}: '{text}' cannot stand in the path.")
            : Uri.EscapeDataString(text);
    }

    private static IEnumerable<string> Query(OpenApiParameter parameter, JsonElement value)
    {
        string name = Uri.EscapeDataString(parameter.Name);
        return value.ValueKind switch
        {
            JsonValueKind.Object when parameter.IsDeepObject =>
                value.EnumerateObject().Select(member => $"{name}[{Uri.EscapeDataString(member.Name)}]={Escaped(member.Value)}"),
            JsonValueKind.Object when parameter.Explode =>
                value.EnumerateObject().Select(static member => $"{Uri.EscapeDataString(member.Name)}={Escaped(member.Value)}"),
            JsonValueKind.Array when parameter.Explode => value.EnumerateArray().Select(item => $"{name}={Escaped(item)}"),
            _ => [$"{name}={string.Join(',', Scalars(value).Select(Uri.EscapeDataString))}"],
        };
    }

    private static string HeaderText(OpenApiParameter parameter, JsonElement value)
    {
        string text = string.Join(',', Scalars(value));
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
                new FormUrlEncodedContent(value.EnumerateObject().Select(static field => KeyValuePair.Create(field.Name, Text(field.Value)))),
            "text/plain" => new StringContent(Text(value), Encoding.UTF8, "text/plain"),
            _ => new StringContent(value.GetRawText(), Encoding.UTF8, body.MediaType),
        };
    }

    private static IEnumerable<string> Scalars(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.EnumerateArray().Select(Text),
        JsonValueKind.Object => value.EnumerateObject().SelectMany(static member => new[] { member.Name, Text(member.Value) }),
        _ => [Text(value)],
    };

    private static string Escaped(JsonElement value) => Uri.EscapeDataString(Text(value));

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
