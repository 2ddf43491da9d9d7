using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace AgentFunctions.OpenApi;

/// <summary>Writes the body of a request.</summary>
internal static class OpenApiContent
{
    private const string OctetStream = "application/octet-stream";

    /// <summary>Writes a body.</summary>
    /// <param name="body">How it is written; <see langword="null"/> for none.</param>
    /// <param name="arguments">The arguments of the call.</param>
    /// <param name="files">The files that they name.</param>
    /// <returns>The content; <see langword="null"/> if there is none.</returns>
    public static HttpContent? Of(
        OpenApiBody? body, IReadOnlyDictionary<string, JsonElement> arguments, IReadOnlyDictionary<string, OpenApiFile> files)
    {
        if (body is null || !arguments.TryGetValue(body.Argument, out JsonElement value))
        {
            return null;
        }

        return body.Form switch
        {
            _ when value.ValueKind == JsonValueKind.Null && body.Form != OpenApiBodyForm.Json => null,
            OpenApiBodyForm.File => FileContent(FileOf(value, files), body.MediaType == "*/*" ? [] : [body.MediaType]),
            // In a form a space is a plus.
            OpenApiBodyForm.Form when value.ValueKind == JsonValueKind.Object => new StringContent(
                string.Join('&', Fields(body, value)).Replace("%20", "+", StringComparison.Ordinal), Encoding.UTF8,
                body.MediaType),
            OpenApiBodyForm.Multipart when value.ValueKind == JsonValueKind.Object => Multipart(body, value, arguments, files),
            OpenApiBodyForm.Json => new StringContent(value.GetRawText(), Encoding.UTF8, body.MediaType),
            _ => new StringContent(OpenApiValue.Text(value), Encoding.UTF8, body.MediaType),
        };
    }

    private static IEnumerable<string> Fields(OpenApiBody body, JsonElement value) =>
        value.EnumerateObject().Where(static field => field.Value.ValueKind != JsonValueKind.Null)
            .SelectMany(field => OpenApiValue.Query(
            field.Name,
            body.Fields.TryGetValue(field.Name, out OpenApiStyle? style) ? style
                : new OpenApiStyle(field.Value.ValueKind == JsonValueKind.Object ? "json" : "form", Explode: true),
            field.Value));

    private static MultipartFormDataContent Multipart(
        OpenApiBody body, JsonElement value, IReadOnlyDictionary<string, JsonElement> arguments,
        IReadOnlyDictionary<string, OpenApiFile> files)
    {
        // As browsers write it: names in UTF-8, the boundary without quotes.
        var content = new MultipartFormDataContent { HeaderEncodingSelector = static (_, _) => Encoding.UTF8 };
        NameValueHeaderValue boundary =
            content.Headers.ContentType!.Parameters.First(static parameter => parameter.Name == "boundary");
        boundary.Value = boundary.Value!.Trim('"');
        foreach (JsonProperty field in value.EnumerateObject().Where(static field => field.Value.ValueKind != JsonValueKind.Null))
        {
            foreach ((string name, HttpContent part, string? fileName) in Parts(body, field, files))
            {
                part.Headers.Remove("Content-Disposition");
                part.Headers.TryAddWithoutValidation(
                    "Content-Disposition",
                    $"form-data; name=\"{Quoted(name)}\"{(fileName is null ? "" : $"; filename=\"{Quoted(fileName)}\"")}");
                AddHeaders(part, body, field.Name, arguments);
                content.Add(part);
            }
        }

        return content;
    }

    /// <summary>A list is a part an item, an object is JSON, unless the description sets a style.</summary>
    private static IEnumerable<(string Name, HttpContent Content, string? FileName)> Parts(
        OpenApiBody body, JsonProperty field, IReadOnlyDictionary<string, OpenApiFile> files)
    {
        body.Parts.TryGetValue(field.Name, out OpenApiPart? part);
        if (part is not { IsFile: true } && body.Fields.TryGetValue(field.Name, out OpenApiStyle? style)
            && field.Value.ValueKind is JsonValueKind.Array or JsonValueKind.Object)
        {
            foreach (string[] pair in OpenApiValue.Query(field.Name, style, field.Value)
                .Select(static pair => pair.Split('=', 2)))
            {
                yield return (Uri.UnescapeDataString(pair[0]),
                    TextContent(Uri.UnescapeDataString(pair[1]), part?.MediaTypes, "text/plain"), null);
            }

            yield break;
        }

        foreach (JsonElement item in field.Value.ValueKind == JsonValueKind.Array
            ? field.Value.EnumerateArray().ToArray()
            : [field.Value])
        {
            if (part is { IsFile: true })
            {
                OpenApiFile file = FileOf(item, files);
                yield return part.IsBase64
                    ? (field.Name, TextContent(Convert.ToBase64String(file.Content.Span), part.MediaTypes, "text/plain"), null)
                    : (field.Name, FileContent(file, part.MediaTypes), file.Name);
            }
            else
            {
                yield return (
                    field.Name,
                    TextContent(OpenApiValue.Text(item), part?.MediaTypes, item.ValueKind == JsonValueKind.Object
                        ? "application/json"
                        : "text/plain"),
                    null);
            }
        }
    }

    private static void AddHeaders(HttpContent part, OpenApiBody body, string field,
        IReadOnlyDictionary<string, JsonElement> arguments)
    {
        if (body.HeadersArgument is not { } argument || !arguments.TryGetValue(argument, out JsonElement all)
            || all.ValueKind != JsonValueKind.Object || !all.TryGetProperty(field, out JsonElement headers)
            || headers.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (JsonProperty header in headers.EnumerateObject()
            .Where(static header => header.Value.ValueKind != JsonValueKind.Null))
        {
            string text = OpenApiValue.Text(header.Value);
            if (text.Any(char.IsControl))
            {
                throw new AgentException(ErrorCode.ToolArgumentsInvalid,
                    $"{argument}.{field}.{header.Name}: control characters cannot stand in a header.");
            }

            part.Headers.TryAddWithoutValidation(header.Name, text);
        }
    }

    private static OpenApiFile FileOf(JsonElement value, IReadOnlyDictionary<string, OpenApiFile> files) =>
        value.ValueKind == JsonValueKind.String && files.TryGetValue(value.GetString()!, out OpenApiFile? file)
            ? file
            : throw new AgentException(ErrorCode.ToolArgumentsInvalid,
                "a file is named by its path in the workspace, or as artifact:NAME.");

    private static ByteArrayContent FileContent(OpenApiFile file, IReadOnlyList<string> mediaTypes)
    {
        var content = new ByteArrayContent(file.Content.ToArray());
        content.Headers.ContentType = MediaTypeHeaderValue.TryParse(TypeOf(file, mediaTypes), out MediaTypeHeaderValue? type)
            ? type
            : new MediaTypeHeaderValue(OctetStream);
        return content;
    }

    /// <summary>The file's own type if the description takes it, else the first that is no range.</summary>
    private static string TypeOf(OpenApiFile file, IReadOnlyList<string> mediaTypes) =>
        file.MediaType is { } own && (mediaTypes.Count == 0 || mediaTypes.Any(taken => Takes(taken, own)))
            ? own
            : mediaTypes.FirstOrDefault(static type => !type.Contains('*')) ?? OctetStream;

    private static bool Takes(string range, string type) => range == "*/*"
        || range.Equals(type, StringComparison.OrdinalIgnoreCase)
        || (range.EndsWith("/*", StringComparison.Ordinal) && type.StartsWith(range[..^1], StringComparison.OrdinalIgnoreCase));

    private static StringContent TextContent(string text, IReadOnlyList<string>? mediaTypes, string usual)
    {
        var content = new StringContent(text, Encoding.UTF8);
        string type = mediaTypes?.FirstOrDefault(static type => !type.Contains('*')) ?? usual;
        content.Headers.ContentType = MediaTypeHeaderValue.TryParse(type, out MediaTypeHeaderValue? parsed)
            ? parsed
            : new MediaTypeHeaderValue(usual);
        content.Headers.ContentType.CharSet ??= parsed?.MediaType is null or "text/plain" ? "utf-8" : null;
        return content;
    }

    private static string Quoted(string name) => name
        .Replace("\"", "%22", StringComparison.Ordinal).Replace("\r", "%0D", StringComparison.Ordinal)
        .Replace("\n", "%0A", StringComparison.Ordinal);
}
