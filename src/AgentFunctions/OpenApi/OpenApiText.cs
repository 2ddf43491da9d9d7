using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AgentFunctions.Core.Text;
using AgentFunctions.Core.Yaml;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace AgentFunctions.OpenApi;

/// <summary>Reads the text of a description, JSON or YAML, as JSON.</summary>
internal static partial class OpenApiText
{
    private const int MaxDepth = 128;
    private const long MaxBytes = 16 << 20;

    /// <summary>Reads the file of a description.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolUnavailable"/>: it cannot be read or is too large. <see cref="ErrorCode.InvalidInput"/>: it is no
    /// text.
    /// </exception>
    public static string Load(string path) => TextFile.Read(path, MaxBytes, (line, words, error) => new AgentException(
        error is null ? ErrorCode.InvalidInput : ErrorCode.ToolUnavailable, $"The API description {path}({line}): {words}.",
        error));

    /// <summary>Reads a description.</summary>
    /// <param name="text">The text.</param>
    /// <param name="origin">The name to use in errors.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: it is none.</exception>
    public static JsonObject Parse(string text, string origin)
    {
        JsonNode? root = ReadAny(text, origin);
        return root is JsonObject document && (string?)(document["openapi"] as JsonValue) is { } version
            && version.StartsWith("3.", StringComparison.Ordinal)
            ? document
            : throw new AgentException(ErrorCode.InvalidInput, $"{origin}: openapi: is no 3.0 or 3.1 description; convert it.");
    }

    /// <summary>Reads a part of a description that lies in a file of its own.</summary>
    /// <param name="text">The text.</param>
    /// <param name="origin">The name to use in errors.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: it is none.</exception>
    public static JsonObject ParsePart(string text, string origin) => ReadAny(text, origin) as JsonObject
        ?? throw new AgentException(ErrorCode.InvalidInput, $"{origin}: is not a JSON object");

    private static JsonNode? ReadAny(string text, string origin)
    {
        try
        {
            string trimmed = text.TrimStart('\uFEFF', ' ', '\t', '\r', '\n');
            return trimmed.StartsWith('{')
                ? JsonNode.Parse(trimmed, documentOptions: new JsonDocumentOptions { MaxDepth = MaxDepth })
                : ReadAnyYaml(trimmed);
        }
        catch (Exception e) when (e is JsonException or YamlException or InvalidOperationException or ArgumentException)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"{origin}: is neither valid JSON nor valid YAML: {e.Message}", e);
        }
    }

    /// <summary>
    /// Published descriptions have blank lines of more spaces than the text below them, which the YAML reader refuses; others
    /// take them as empty.
    /// </summary>
    private static JsonNode? ReadAnyYaml(string text)
    {
        try
        {
            return ReadYaml(text);
        }
        catch (SemanticErrorException) when (BlankLines().IsMatch(text))
        {
            return ReadYaml(BlankLines().Replace(text, ""));
        }
    }

    [GeneratedRegex(@"^[ \t]+(?=\r?$)", RegexOptions.Multiline)]
    private static partial Regex BlankLines();

    private static JsonNode? ReadYaml(string text)
    {
        var parser = new Parser(new StringReader(text));
        parser.Consume<StreamStart>();
        parser.Consume<DocumentStart>();
        return YamlToJson.Read(parser, MaxDepth);
    }
}
