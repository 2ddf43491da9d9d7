using System.Text.Json;

namespace AgentFunctions.Governance.Redaction;

/// <summary>The string values of JSON, by where they stand: no names, no numbers, no structure.</summary>
internal static class JsonStrings
{
    private const int MaxDepth = 2_048;

    /// <summary>Finds the string values of a JSON object, array or string.</summary>
    /// <param name="utf8">The bytes.</param>
    /// <param name="strings">Where each value stands, without its quotes.</param>
    /// <returns>False if it is no such JSON.</returns>
    public static bool TryFind(ReadOnlySpan<byte> utf8, out List<Range> strings)
    {
        strings = [];
        int first = utf8.IndexOfAnyExcept(" \t\r\n"u8);
        if (first < 0 || utf8[first] is not ((byte)'{' or (byte)'[' or (byte)'"'))
        {
            return false;
        }

        try
        {
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.String)
                {
                    int start = (int)reader.TokenStartIndex + 1;
                    strings.Add(start..(start + reader.ValueSpan.Length));
                }
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
