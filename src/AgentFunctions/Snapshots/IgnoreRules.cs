using System.Text;
using System.Text.RegularExpressions;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Snapshots;

/// <summary>
/// What is left out where a folder is gone through: what <c>.gitignore</c> and <c>.afignore</c> name, by git's rules, and folders
/// of tools. A file that is known already is looked at all the same.
/// </summary>
internal sealed partial class IgnoreRules
{
    private const int MaxFile = 256 * 1024;
    private const int MaxRules = 2_000;

    private static readonly HashSet<string> Always =
        new(StringComparer.Ordinal) { ".git", "node_modules", "bin", "obj", ".venv", "target" };
    private static readonly string[] Files = [".gitignore", ".afignore"];

    private readonly IReadOnlyList<Rule> _rules;

    private IgnoreRules(IReadOnlyList<Rule> rules) => _rules = rules;

    /// <summary>Gets the rules of no file.</summary>
    public static IgnoreRules None { get; } = new([]);

    /// <summary>Makes rules of a text, for what lies below a folder.</summary>
    /// <param name="text">The lines.</param>
    /// <param name="folder">The folder, relative to the root; empty for the root.</param>
    public IgnoreRules With(string text, string folder)
    {
        List<Rule> rules = [.. _rules, .. text.Split('\n').Select(line => Parse(line.TrimEnd('\r'), folder)).OfType<Rule>()];
        return rules.Count == _rules.Count ? this : new IgnoreRules(rules.Count > MaxRules ? rules[^MaxRules..] : rules);
    }

    /// <summary>Adds the rules that lie in a folder.</summary>
    /// <param name="fullPath">The folder.</param>
    /// <param name="folder">The folder, relative to the root; empty for the root.</param>
    public IgnoreRules WithFilesOf(string fullPath, string folder)
    {
        IgnoreRules rules = this;
        foreach (string file in Files.Select(name => Path.Join(fullPath, name)))
        {
            // A link could lead out of the folder.
            if (EntryLook.Of(file) is { Kind: EntryKind.File, IsLink: false, Size: > 0 and <= MaxFile })
            {
                rules = rules.With(ReadText(file), folder);
            }
        }

        return rules;
    }

    /// <summary>Determines whether a path is left out; the last rule that fits decides.</summary>
    /// <param name="path">The path, relative to the root.</param>
    /// <param name="isFolder">Whether it is a folder.</param>
    public bool IsIgnored(string path, bool isFolder)
    {
        if (isFolder && Always.Contains(path[(path.LastIndexOf('/') + 1)..]))
        {
            return true;
        }

        for (int i = _rules.Count - 1; i >= 0; i--)
        {
            if ((isFolder || !_rules[i].ForFolders) && _rules[i].Pattern.IsMatch(path))
            {
                return !_rules[i].IsException;
            }
        }

        return false;
    }

    private static string ReadText(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static Rule? Parse(string line, string folder)
    {
        line = TrailingSpaces().Replace(line, "");
        bool isException = line.StartsWith('!');
        string pattern = isException ? line[1..] : line;
        bool forFolders = pattern.EndsWith('/');
        pattern = pattern.TrimEnd('/');
        if (pattern.Length == 0 || line.StartsWith('#'))
        {
            return null;
        }

        bool isAnchored = pattern.Contains('/');
        string start = folder.Length == 0 ? "" : Regex.Escape(folder) + "/";
        string expression = $"^{start}{(isAnchored ? "" : "(?:.*/)?")}{Expression(pattern.TrimStart('/'))}$";
        try
        {
            return new Rule(new Regex(expression,
                RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline), isException, forFolders);
        }
        catch (ArgumentException)
        {
            // A set of characters that is none matches nothing, as with git.
            return null;
        }
    }

    private static string Expression(string pattern)
    {
        var text = new StringBuilder();
        for (int i = 0; i < pattern.Length; i++)
        {
            string rest = pattern[i..];
            if (rest.StartsWith("**/", StringComparison.Ordinal) && (i == 0 || pattern[i - 1] == '/'))
            {
                text.Append("(?:.*/)?");
                i += 2;
            }
            else if (rest == "**" && i > 0 && pattern[i - 1] == '/')
            {
                text.Append(".+");
                i++;
            }
            else if (pattern[i] == '[' && pattern.IndexOf(']', Math.Min(i + 2, pattern.Length)) is var end and > 0)
            {
                string set = pattern[(i + 1)..end].Replace("\\", "\\\\", StringComparison.Ordinal)
                    .Replace("[", "\\[", StringComparison.Ordinal);
                text.Append('[').Append(set.StartsWith('!') ? "^" + set[1..] : set).Append(']');
                i = end;
            }
            else if (pattern[i] == '\\' && i + 1 < pattern.Length)
            {
                text.Append(Regex.Escape(pattern[++i].ToString()));
            }
            else
            {
                // A set that is not closed matches nothing, as with git.
                text.Append(pattern[i] switch
                {
                    '*' => "[^/]*",
                    '?' => "[^/]",
                    '[' => @"[^\s\S]",
                    var other => Regex.Escape(other.ToString())
                });
            }
        }

        return text.ToString();
    }

    [GeneratedRegex(@"(?<!\\)[ \t]+$")]
    private static partial Regex TrailingSpaces();

    private sealed record Rule(Regex Pattern, bool IsException, bool ForFolders);
}
