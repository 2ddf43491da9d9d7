using System.IO.Enumeration;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Governance.Policies;

/// <summary>Texts with <c>*</c> for any characters and <c>?</c> for one: a set of which any may match.</summary>
internal sealed class Glob
{
    private readonly string[] _patterns;
    private readonly HashSet<string> _literals;
    private readonly HashSet<decimal> _numbers;
    private readonly string[] _all;

    public Glob(IEnumerable<string> patterns, bool ignoreCase)
    {
        IgnoreCase = ignoreCase;
        string[] all = [.. patterns];
        // A backslash would be an escape in the matcher below; here it is a character like any other.
        _patterns = [.. all.Where(IsPattern).Select(static pattern => pattern.Replace(@"\", @"\\", StringComparison.Ordinal))];
        _numbers = [.. all.Where(static text => !IsPattern(text))
            .Select(static text => ArgumentNumber.TryRead(text, out decimal number) ? number : (decimal?)null).OfType<decimal>()];
        _all = all;
        _literals = new HashSet<string>(
            all.Where(static text => !IsPattern(text)), ignoreCase ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
    }

    /// <summary>Gets the patterns as they were written.</summary>
    public IReadOnlyList<string> Patterns => _all;

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

    /// <summary>Whether a number is among the patterns, however it is written there.</summary>
    /// <param name="number">The number.</param>
    public bool MatchesNumber(decimal number) => _numbers.Contains(number);

    /// <summary>Whether a file of a workspace is meant, however the pattern and the file's path are spelled.</summary>
    /// <param name="name">The file's name within the workspace.</param>
    /// <param name="paths">The names of the workspace's files.</param>
    public bool MatchesPath(string name, PathNames paths)
    {
        if (Matches(name))
        {
            return true;
        }

        bool ignoreCase = IgnoreCase || paths.IgnoresCaseOf(name);
        foreach (string pattern in _all)
        {
            string resolved = paths.Resolve(pattern);
            if ((ignoreCase || resolved != pattern)
                && FileSystemName.MatchesSimpleExpression(
                    resolved.Replace(@"\", @"\\", StringComparison.Ordinal), name, ignoreCase))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Whether every file below a folder is meant; <see langword="null"/> if some may be, and <see langword="false"/> if none is.
    /// </summary>
    /// <param name="folder">The folder's name within the workspace.</param>
    /// <param name="paths">The names of the workspace's files.</param>
    public bool? CoversBelow(string folder, PathNames paths)
    {
        string start = folder == PathNames.Whole ? "" : $"{folder}/";
        StringComparison comparison = IgnoreCase || paths.IgnoresCaseOf(folder)
            ? StringComparison.OrdinalIgnoreCase
            : StringComparison.Ordinal;
        bool? covers = false;
        foreach (string pattern in _all.Select(paths.Resolve))
        {
            int wild = pattern.AsSpan().IndexOfAny('*', '?');
            string known = wild < 0 ? pattern : pattern[..wild];
            bool isAbove = wild >= 0 && start.StartsWith(known, comparison);
            if (isAbove && pattern.AsSpan(wild).SequenceEqual("*"))
            {
                return true;
            }

            covers = isAbove || known.StartsWith(start, comparison) ? null : covers;
        }

        return covers;
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
