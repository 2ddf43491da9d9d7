using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace AgentFunctions.Core.Yaml;

/// <summary>A YAML value as JSON: plain <c>true</c>, <c>false</c>, <c>null</c> and numbers are what they look like, all else is text.</summary>
internal static class YamlJson
{
    private const int MaxDepth = 32;

    public static JsonNode? Of(YamlNode node, Func<YamlNode, Exception> wrong, int depth = 0) => node switch
    {
        _ when depth > MaxDepth => throw wrong(node),
        YamlScalarNode scalar => Scalar(scalar),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(item => Of(item, wrong, depth + 1))]),
        YamlMappingNode map => new JsonObject(map.Children.Select(member => KeyValuePair.Create(
            member.Key is YamlScalarNode { Value: { } name } ? name : throw wrong(member.Key), Of(member.Value, wrong, depth + 1)))),
        _ => throw wrong(node),
    };

    private static JsonNode? Scalar(YamlScalarNode scalar)
    {
        string text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain)
        {
            return JsonValue.Create(text);
        }

        if (text is "" or "~" or "null")
        {
            return null;
        }

        try
        {
            // The plain scalars that mean more than text are JSON's own: true, false and numbers.
            return text is "true" or "false" || char.IsAsciiDigit(text[0]) || text[0] == '-' ? JsonNode.Parse(text) : JsonValue.Create(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }
}
