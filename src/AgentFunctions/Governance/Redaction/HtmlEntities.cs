using System.Net;
using System.Text;

namespace AgentFunctions.Governance.Redaction;

/// <summary>The named characters of HTML: those of HTML 4, and the punctuation that HTML 5 added.</summary>
internal static class HtmlEntities
{
    private static readonly Dictionary<string, char> Punctuation = new(StringComparer.Ordinal)
    {
        ["excl"] = '!',
        ["num"] = '#',
        ["dollar"] = '$',
        ["percnt"] = '%',
        ["lpar"] = '(',
        ["rpar"] = ')',
        ["ast"] = '*',
        ["midast"] = '*',
        ["plus"] = '+',
        ["comma"] = ',',
        ["period"] = '.',
        ["sol"] = '/',
        ["colon"] = ':',
        ["semi"] = ';',
        ["equals"] = '=',
        ["quest"] = '?',
        ["commat"] = '@',
        ["lsqb"] = '[',
        ["lbrack"] = '[',
        ["bsol"] = '\\',
        ["rsqb"] = ']',
        ["rbrack"] = ']',
        ["Hat"] = '^',
        ["lowbar"] = '_',
        ["UnderBar"] = '_',
        ["grave"] = '`',
        ["DiacriticalGrave"] = '`',
        ["lcub"] = '{',
        ["lbrace"] = '{',
        ["verbar"] = '|',
        ["vert"] = '|',
        ["VerticalLine"] = '|',
        ["rcub"] = '}',
        ["rbrace"] = '}',
        ["Tab"] = '\t',
        ["NewLine"] = '\n',
        ["AMP"] = '&',
        ["LT"] = '<',
        ["GT"] = '>',
        ["QUOT"] = '"',
        ["apos"] = '\'',
    };

    public static Rune? Find(ReadOnlySpan<char> name)
    {
        string key = name.ToString();
        if (Punctuation.TryGetValue(key, out char known))
        {
            return new Rune(known);
        }

        string decoded = WebUtility.HtmlDecode($"&{key};");
        return decoded.Length == 1 && Rune.TryCreate(decoded[0], out Rune rune) ? rune : null;
    }
}
