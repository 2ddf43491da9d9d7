using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace AgentFunctions.Core.Yaml;

/// <summary>Reads one YAML value as JSON, with the scalar types of YAML 1.2's core schema.</summary>
/// <remarks>Aliases are refused: nothing that agents need uses them, and a few lines of them can stand for gigabytes.</remarks>
internal static partial class YamlToJson
{
    private const int MaxDepth = 32;

    private const int MaxDigits = 18;

    /// <summary>Reads the value that the parser stands at.</summary>
    /// <param name="parser">The parser.</param>
    /// <param name="room">How deep values may be nested.</param>
    public static JsonNode? Read(IParser parser, int room = MaxDepth)
    {
        if (room < 0)
        {
            throw new YamlException(parser.Current!.Start, parser.Current.End, "values are nested too deep");
        }

        if (parser.TryConsume<Scalar>(out var scalar))
        {
            return Scalar(scalar.Value, scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty);
        }

        if (parser.TryConsume<SequenceStart>(out _))
        {
            var array = new JsonArray();
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                array.Add(Read(parser, room - 1));
            }

            return array;
        }

        if (parser.TryConsume<MappingStart>(out _))
        {
            var map = new JsonObject();
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                Scalar key = parser.Consume<Scalar>();
                if (!map.TryAdd(key.Value, Read(parser, room - 1)))
                {
                    throw new YamlException(key.Start, key.End, $"the key '{key.Value}' stands twice");
                }
            }

            return map;
        }

        throw new YamlException(parser.Current!.Start, parser.Current.End,
            "aliases (*name) are not supported; write the value out");
    }

    /// <summary>Reads a node of a document that is read as a whole.</summary>
    /// <param name="node">The node.</param>
    /// <param name="wrong">Makes the error of a node that cannot be JSON.</param>
    /// <param name="room">How deep values may be nested.</param>
    public static JsonNode? Read(YamlNode node, Func<YamlNode, Exception> wrong, int room = MaxDepth) => node switch
    {
        _ when room < 0 => throw wrong(node),
        YamlScalarNode scalar => Scalar(scalar.Value ?? "", scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(item => Read(item, wrong, room - 1))]),
        YamlMappingNode map => new JsonObject(map.Children.Select(member => KeyValuePair.Create(
            member.Key is YamlScalarNode { Value: { } name } ? name : throw wrong(member.Key),
            Read(member.Value, wrong, room - 1)))),
        _ => throw wrong(node),
    };

    private static JsonNode? Scalar(string text, bool isPlain)
    {
        if (!isPlain)
        {
            return JsonValue.Create(text);
        }

        return text switch
        {
            "" or "~" or "null" or "Null" or "NULL" => null,
            "true" or "True" or "TRUE" => JsonValue.Create(true),
            "false" or "False" or "FALSE" => JsonValue.Create(false),
            _ => Number(text) ?? JsonValue.Create(text),
        };
    }

    /// <summary>
    /// A number keeps its digits: where a text is wanted, 1.10 is not 1.1, and what begins with a zero (007) is a text.
    /// </summary>
    private static JsonNode? Number(string text)
    {
        if (JsonNumber().IsMatch(text) && text.Length <= MaxDigits)
        {
            return JsonNode.Parse(text);
        }

        if (NoNumber().IsMatch(text))
        {
            return null;
        }

        const NumberStyles Real = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(text, Real, CultureInfo.InvariantCulture, out double real) && double.IsFinite(real)
            ? JsonValue.Create(real)
            : null;
    }

    [GeneratedRegex(@"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?$", RegexOptions.CultureInvariant)]
    private static partial Regex JsonNumber();

    [GeneratedRegex("^(\\+|-?0[0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex NoNumber();
}
