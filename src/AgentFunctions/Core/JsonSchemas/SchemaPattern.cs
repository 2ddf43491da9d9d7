using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;

namespace AgentFunctions.Core.JsonSchemas;

/// <summary>Patterns of JSON Schema: those of ECMAScript, where <c>\d</c> is ten digits and <c>$</c> the very end.</summary>
internal static class SchemaPattern
{
    private const int MaxCached = 256;

    /// <summary>The long names of Unicode's categories, of which .NET knows the short ones.</summary>
    private static readonly Dictionary<string, string> Categories = new(StringComparer.Ordinal)
    {
        ["Letter"] = "L",
        ["Uppercase_Letter"] = "Lu",
        ["Lowercase_Letter"] = "Ll",
        ["Mark"] = "M",
        ["Number"] = "N",
        ["Decimal_Number"] = "Nd",
        ["Punctuation"] = "P",
        ["Symbol"] = "S",
        ["Separator"] = "Z",
        ["Other"] = "C",
    };

    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(250);
    private static readonly ConcurrentDictionary<string, Regex?> Known = new(StringComparer.Ordinal);

    /// <summary>Whether a pattern can be used.</summary>
    /// <param name="pattern">The pattern.</param>
    public static bool IsValid(string pattern) => Get(pattern) is not null;

    /// <summary>Looks for a pattern in a text.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="text">The text.</param>
    /// <returns>
    /// Whether it is found; <see langword="null"/> if nobody can say: the pattern is broken, or takes too long.
    /// </returns>
    public static bool? Matches(string pattern, string text)
    {
        try
        {
            return Get(pattern)?.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return null;
        }
    }

    private static Regex? Get(string pattern)
    {
        if (Known.TryGetValue(pattern, out Regex? known))
        {
            return known;
        }

        Regex? made;
        try
        {
            made = Make(Translate(pattern));
        }
        catch (ArgumentException)
        {
            made = null;
        }

        if (Known.Count < MaxCached)
        {
            Known.TryAdd(pattern, made);
        }

        return made;
    }

    /// <summary>Takes time in proportion to the text where the pattern allows it; others are stopped by the clock.</summary>
    private static Regex Make(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, Timeout);
        }
        catch (NotSupportedException)
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, Timeout);
        }
    }

    private static string Translate(string pattern)
    {
        var text = new StringBuilder(pattern.Length + 8);
        bool inClass = false;
        for (int i = 0; i < pattern.Length; i++)
        {
            char c = pattern[i];
            if (c == '\\' && i + 1 < pattern.Length)
            {
                char escaped = pattern[++i];
                if (escaped is 'p' or 'P' && i + 1 < pattern.Length && pattern[i + 1] == '{'
                    && pattern.IndexOf('}', i) is > 0 and int end
                    && Categories.TryGetValue(pattern[(i + 2)..end], out string? category))
                {
                    text.Append('\\').Append(escaped).Append('{').Append(category).Append('}');
                    i = end;
                    continue;
                }

                text.Append((escaped, inClass) switch
                {
                    ('d', true) => "0-9",
                    ('d', false) => "[0-9]",
                    ('D', false) => "[^0-9]",
                    ('w', true) => "A-Za-z0-9_",
                    ('w', false) => "[A-Za-z0-9_]",
                    ('W', false) => "[^A-Za-z0-9_]",
                    ('/', _) => "/",
                    ('-', _) => "\\-",
                    _ => $"\\{escaped}",
                });
                continue;
            }

            inClass = (c, inClass) switch { ('[', false) => true, (']', true) => false, _ => inClass };
            text.Append((c, inClass) switch
            {
                ('$', false) => "\\z",
                // A bracket within a class is itself; .NET would read '-[' as a subtraction.
                ('[', true) when i > 0 && pattern[i - 1] == '-' => "\\[",
                _ => c.ToString(),
            });
        }

        return text.ToString();
    }
}
