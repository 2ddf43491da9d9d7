using System.Globalization;
using System.Text;

namespace AgentFunctions.Core.Text;

/// <summary>Mends text in which half a surrogate pair stands alone: no store and no endpoint takes it.</summary>
internal static class Surrogates
{
    private const char Replacement = '\uFFFD';
    private const string EscapedReplacement = "\\uFFFD";
    private const int EscapeLength = 6;

    /// <summary>Gets the text with U+FFFD for each half that stands alone; the same instance where there is none.</summary>
    /// <param name="text">The text.</param>
    public static string Mend(string text)
    {
        int first = FirstLone(text, 0);
        if (first < 0)
        {
            return text;
        }

        char[] mended = text.ToCharArray();
        for (int at = first; at >= 0; at = FirstLone(text, at + 1))
        {
            mended[at] = Replacement;
        }

        return new string(mended);
    }

    /// <summary>Gets JSON text with U+FFFD for each half that stands alone, written as a character or as an escape.</summary>
    /// <param name="json">JSON, whole or cut.</param>
    public static string MendJson(string json)
    {
        json = Mend(json);
        if (!json.Contains("\\ud", StringComparison.OrdinalIgnoreCase))
        {
            return json;
        }

        var mended = new StringBuilder(json.Length);
        int i = 0;
        while (i < json.Length)
        {
            if (json[i] != '\\')
            {
                mended.Append(json[i++]);
            }
            else if (Escape(json, i) is not { } unit)
            {
                // An escaped backslash is no beginning of an escape.
                int length = Math.Min(2, json.Length - i);
                mended.Append(json, i, length);
                i += length;
            }
            else if (char.IsHighSurrogate(unit) && Escape(json, i + EscapeLength) is { } next && char.IsLowSurrogate(next))
            {
                mended.Append(json, i, 2 * EscapeLength);
                i += 2 * EscapeLength;
            }
            else
            {
                mended.Append(char.IsSurrogate(unit) ? EscapedReplacement : json.AsSpan(i, EscapeLength));
                i += EscapeLength;
            }
        }

        return mended.ToString();
    }

    /// <summary>Gets the UTF-16 unit that an escape at a position stands for; <see langword="null"/> if there is none.</summary>
    /// <param name="json">The JSON text.</param>
    /// <param name="at">The position.</param>
    internal static char? Escape(ReadOnlySpan<char> json, int at) =>
        at + EscapeLength <= json.Length && json[at] == '\\' && json[at + 1] == 'u'
        && ushort.TryParse(json.Slice(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit)
            ? (char)unit
            : null;

    private static int FirstLone(string text, int from)
    {
        for (int i = from; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
            {
                continue;
            }

            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else
            {
                return i;
            }
        }

        return -1;
    }
}
