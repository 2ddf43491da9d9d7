using System.Text.Json;

namespace AgentFunctions.OpenApi;

/// <summary>
/// Writes a value into an address or a header by the styles of the OpenAPI specification (3.1.1, "Style Examples").
/// </summary>
internal static class OpenApiValue
{
    private const int MaxDepth = 8;

    /// <summary>What may stand in a query as it is; the rest would end the value or begin another.</summary>
    private const string Reserved = ":/?@!$'()*,;";

    /// <summary>Writes a value as part of a path.</summary>
    public static string Path(OpenApiParameter parameter, JsonElement value)
    {
        OpenApiStyle style = parameter.Style;
        string name = Uri.EscapeDataString(parameter.Name);
        string[] parts = [.. Parts(value, style.Explode).Select(Escape)];
        return style.Name switch
        {
            "label" => "." + string.Join(style.Explode ? "." : ",", parts),
            "matrix" when style.Explode && value.ValueKind == JsonValueKind.Object => ";" + string.Join(';', parts),
            "matrix" when style.Explode && value.ValueKind == JsonValueKind.Array =>
                string.Concat(parts.Select(part => $";{name}={part}")),
            "matrix" => parts is [""] ? $";{name}" : $";{name}={string.Join(',', parts)}",
            "json" => Uri.EscapeDataString(value.GetRawText()),
            _ => string.Join(',', parts),
        };
    }

    /// <summary>Writes a value as parts of a query; none for a list or an object without members.</summary>
    public static IEnumerable<string> Query(string parameter, OpenApiStyle style, JsonElement value)
    {
        string name = Uri.EscapeDataString(parameter);
        if (value.ValueKind is JsonValueKind.Array or JsonValueKind.Object && !Parts(value, false).Any() && style.Name != "json")
        {
            return [];
        }

        return (style.Name, value.ValueKind) switch
        {
            ("json", _) => [$"{name}={Uri.EscapeDataString(value.GetRawText())}"],
            ("deepObject", JsonValueKind.Object) => Deep(name, value, style, 0),
            (_, JsonValueKind.Object) when style.Explode => value.EnumerateObject().Select(
                member => $"{Uri.EscapeDataString(member.Name)}={Encode(Text(member.Value), style)}"),
            (_, JsonValueKind.Array) when style.Explode =>
                value.EnumerateArray().Select(item => $"{name}={Encode(Text(item), style)}"),
            _ => [$"{name}={string.Join(Between(style.Name), Parts(value, false).Select(part => Encode(part.Value, style)))}"],
        };
    }

    /// <summary>Writes a value as a header's text.</summary>
    public static string Header(OpenApiStyle style, JsonElement value) =>
        style.Name == "json"
            ? value.GetRawText()
            : string.Join(',', Parts(value, style.Explode)
                .Select(static part => part.Name is null ? part.Value : $"{part.Name}={part.Value}"));

    /// <summary>A value as plain text: a text as it is, all else as JSON.</summary>
    public static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String
        ? value.GetString()!
        : value.GetRawText();

    private static string Between(string style) => style switch { "spaceDelimited" => "%20", "pipeDelimited" => "%7C", _ => "," };

    /// <summary>The parts of a value; members by name where they stand on their own, else name and value in turn.</summary>
    private static IEnumerable<(string? Name, string Value)> Parts(JsonElement value, bool explode) => value.ValueKind switch
    {
        JsonValueKind.Array => value.EnumerateArray().Select(static item => ((string?)null, Text(item))),
        JsonValueKind.Object when explode =>
            value.EnumerateObject().Select(static member => ((string?)member.Name, Text(member.Value))),
        JsonValueKind.Object =>
            value.EnumerateObject()
                .SelectMany(static member => new (string?, string)[] { (null, member.Name), (null, Text(member.Value)) }),
        _ => [(null, Text(value))],
    };

    private static string Escape((string? Name, string Value) part) =>
        part.Name is null
            ? Uri.EscapeDataString(part.Value)
            : $"{Uri.EscapeDataString(part.Name)}={Uri.EscapeDataString(part.Value)}";

    private static string Encode(string text, OpenApiStyle style)
    {
        string encoded = Uri.EscapeDataString(text);
        return style.AllowReserved
            ? Reserved.Aggregate(encoded,
                static (current, c) => current.Replace(Uri.HexEscape(c), c.ToString(), StringComparison.Ordinal))
            : encoded;
    }

    /// <summary>
    /// The specification ends at the first level; deeper ones are written as servers read them, a list by its indexes.
    /// </summary>
    private static IEnumerable<string> Deep(string name, JsonElement value, OpenApiStyle style, int depth) =>
        value.ValueKind switch
        {
            JsonValueKind.Object when depth < MaxDepth => value.EnumerateObject().SelectMany(
                member => Deep($"{name}[{Uri.EscapeDataString(member.Name)}]", member.Value, style, depth + 1)),
            JsonValueKind.Array when depth < MaxDepth =>
                value.EnumerateArray().SelectMany((item, index) => Deep($"{name}[{index}]", item, style, depth + 1)),
            _ => [$"{name}={Encode(Text(value), style)}"],
        };
}
