using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace AgentFunctions.Monitors.Signals;

/// <summary>The part of JSONPath (RFC 9535) that names exactly one value: members and indexes, <c>$.a.b[0]['c d']</c>.</summary>
internal static partial class JsonPath
{
    public static bool IsValid(string path) => Whole().IsMatch(path);

    public static JsonElement? Select(JsonElement element, string path)
    {
        foreach (Match segment in Segment().Matches(path))
        {
            string? name = segment.Groups["name"].Success ? segment.Groups["name"].Value
                : segment.Groups["quoted"].Success ? segment.Groups["quoted"].Value
                : null;
            if (name is not null)
            {
                if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
                {
                    return null;
                }
            }
            else
            {
                int index = int.Parse(segment.Groups["index"].Value, CultureInfo.InvariantCulture);
                if (element.ValueKind != JsonValueKind.Array || index >= element.GetArrayLength())
                {
                    return null;
                }

                element = element[index];
            }
        }

        return element;
    }

    [GeneratedRegex(@"^\$(\.[A-Za-z_][\w-]*|\['[^']+'\]|\[\d{1,6}\])*$", RegexOptions.CultureInvariant)]
    private static partial Regex Whole();

    [GeneratedRegex(@"\.(?<name>[A-Za-z_][\w-]*)|\['(?<quoted>[^']+)'\]|\[(?<index>\d{1,6})\]", RegexOptions.CultureInvariant)]
    private static partial Regex Segment();
}
