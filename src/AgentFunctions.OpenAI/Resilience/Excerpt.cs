using System.Text.RegularExpressions;
using AgentFunctions.Core.Text;

namespace AgentFunctions.OpenAI.Resilience;

/// <summary>A provider's words, short and without secrets, for messages.</summary>
internal static partial class Excerpt
{
    private const int MaxLength = 400;

    /// <summary>Shortens a text to one line and takes out what looks like a key, and the one that is known.</summary>
    public static string Of(string text, string? key = null)
    {
        string line = Blank().Replace(TextCut.Head(text, 4 * MaxLength), " ").Trim();
        if (!string.IsNullOrEmpty(key))
        {
            line = line.Replace(key, "***", StringComparison.Ordinal);
        }

        line = Secret().Replace(line, "***");
        return TextCut.Shorten(line, MaxLength);
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blank();

    [GeneratedRegex(@"\b(sk|pk|rk)-[A-Za-z0-9_\-\*]{6,}|(?<=Bearer )\S+", RegexOptions.IgnoreCase)]
    private static partial Regex Secret();
}
