using System.Net.Http.Headers;
using System.Text.Json;

namespace AgentFunctions.OpenApi;

/// <summary>
/// Writes arguments as an HTTP request. Whatever they hold, the request goes to the operation's own server and path.
/// </summary>
internal static class OpenApiRequest
{
    /// <summary>Writes a request.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="files">The files that the arguments name.</param>
    public static HttpRequestMessage Create(
        OpenApiOperation operation, IReadOnlyDictionary<string, JsonElement> arguments,
        IReadOnlyDictionary<string, OpenApiFile> files)
    {
        // A path of the description may have a query of its own, and a fragment that only tells it apart from others.
        string[] halves = operation.Path.Split('#')[0].Split('?', 2);
        string path = halves[0];
        List<string> query = halves.Length == 2 ? [.. halves[1].Split('&', StringSplitOptions.RemoveEmptyEntries)] : [];
        var headers = new List<(string Name, string Value)>();
        foreach (OpenApiParameter parameter in operation.Parameters)
        {
            if (!arguments.TryGetValue(parameter.Argument, out JsonElement value)
                || value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
            {
                continue;
            }

            switch (parameter.Place)
            {
                case OpenApiLocation.Path:
                    path = path.Replace($"{{{parameter.Name}}}", Segment(parameter, value), StringComparison.Ordinal);
                    break;
                case OpenApiLocation.Query:
                    query.AddRange(OpenApiValue.Query(parameter.Name, parameter.Style, value));
                    break;
                case OpenApiLocation.Header:
                    headers.Add((parameter.Name, HeaderText(parameter, value)));
                    break;
            }
        }

        if (path.IndexOf('{', StringComparison.Ordinal) is >= 0 and int open)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid,
                $"the path needs {path[open..].Split('/')[0]}, and no argument gives it.");
        }

        // Several arguments in one segment may make dots together that none is alone.
        if (path.Split('/', '\\').FirstOrDefault(static segment => Uri.UnescapeDataString(segment) is "." or "..") is { } dots)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid,
                $"the arguments make the path '{path}', and '{dots}' would lead out of it.");
        }

        var request = new HttpRequestMessage(operation.Method, Address(operation, path, query))
        {
            Content = OpenApiContent.Of(operation.Body, arguments, files),
        };
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
            ? throw new AgentException(ErrorCode.ToolArgumentsInvalid,
                $"{parameter.Argument}: '{text}' cannot stand in the path.")
            : text.Replace("{", "%7B", StringComparison.Ordinal);
    }

    private static string HeaderText(OpenApiParameter parameter, JsonElement value)
    {
        string text = OpenApiValue.Header(parameter.Style, value);
        return text.Any(char.IsControl)
            ? throw new AgentException(ErrorCode.ToolArgumentsInvalid,
                $"{parameter.Argument}: control characters cannot stand in a header.")
            : text;
    }
}
