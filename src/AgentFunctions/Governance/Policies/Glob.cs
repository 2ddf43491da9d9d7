using System.IO.Enumeration;

namespace AgentFunctions.Governance.Policies;

/// <summary>Texts with <c>*</c> for any characters and <c>?</c> for one: a set of which any may match.</summary>
internal sealed class Glob
{
    private readonly string[] _patterns;
    private readonly HashSet<string> _literals;

    public Glob(IEnumerable<string> patterns, bool ignoreCase)
    {
        IgnoreCase = ignoreCase;
        string[] all = [.. patterns];
        // A backslash would be an escape in the matcher below; here it is a character like any other.
        _patterns = [.. all.Where(IsPattern).Select(static pattern => pattern.Replace(@"\", @"\\", StringComparison.Ordinal))];
        _literals = new HashSet<string>(
            all.Where(static text => !IsPattern(text)), ignoreCase ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
    }

    private bool IgnoreCase { get; }

    public bool Matches(string text)
    {
        if (_literals.Contains(text))
        {
            return true;
        }

        foreach (string pattern in _patterns)
        {
            if (FileSystemName.MatchesSimpleExpression(pattern, text, IgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    public bool MatchesAny(IReadOnlyList<string> texts)
    {
        for (int i = 0; i < texts.Count; i++)
        {
            if (Matches(texts[i]))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsPattern(string text) => text.AsSpan().ContainsAny('*', '?');
}
