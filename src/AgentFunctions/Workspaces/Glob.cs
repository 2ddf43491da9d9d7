using System.Text;
using System.Text.RegularExpressions;

namespace AgentFunctions.Workspaces;

/// <summary>
/// Patterns for paths as people know them: <c>*</c>, <c>**</c>, <c>?</c>, <c>{a,b}</c>, <c>[a-z]</c>, <c>[!a]</c>.
/// </summary>
internal sealed class Glob
{
    private readonly Regex _regex;

    /// <summary>
    /// Reads a pattern. Without a <c>/</c> it holds for names in any folder; one at the beginning means the top folder.
    /// </summary>
    /// <param name="pattern">The pattern.</param>
    public Glob(string pattern)
    {
        string written = pattern.Replace('\\', '/');
        bool isOfTop = written.StartsWith("./", StringComparison.Ordinal) || written.StartsWith('/');
        string normal = written.StartsWith("./", StringComparison.Ordinal) ? written[2..] : written.TrimStart('/');
        normal = normal.EndsWith('/') ? normal + "**" : normal;
        normal = isOfTop || normal.Contains('/') ? normal : "**/" + normal;
        try
        {
            _regex = new Regex(ToRegex(normal),
                RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid,
                $"'{pattern}' is no pattern for files; write one such as '**/*.cs'.", error);
        }
    }

    /// <summary>Whether the pattern holds for a path.</summary>
    /// <param name="path">The path, with <c>/</c> between its parts.</param>
    public bool IsMatch(string path) => _regex.IsMatch(path);

    private static string ToRegex(string glob)
    {
        var regex = new StringBuilder(@"\A");
        int braces = 0;
        for (int i = 0; i < glob.Length; i++)
        {
            switch (glob[i])
            {
                case '*' when i + 1 < glob.Length && glob[i + 1] == '*':
                    bool wholeFolders = i + 2 < glob.Length && glob[i + 2] == '/' && (i == 0 || glob[i - 1] is '/' or '{' or ',');
                    regex.Append(wholeFolders ? "(?:[^/]+/)*" : ".*");
                    i += wholeFolders ? 2 : 1;
                    break;
                case '*':
                    regex.Append("[^/]*");
                    break;
                case '?':
                    regex.Append("[^/]");
                    break;
                case '{' when glob.IndexOf('}', i) > 0:
                    regex.Append("(?:");
                    braces++;
                    break;
                case '}' when braces > 0:
                    regex.Append(')');
                    braces--;
                    break;
                case ',' when braces > 0:
                    regex.Append('|');
                    break;
                case '[' when glob.IndexOf(']', i + 1) > i + 1:
                    int close = glob.IndexOf(']', i + 1);
                    string members = glob[(i + 1)..close];
                    bool not = members[0] is '!' or '^';
                    regex.Append(not ? "[^/" : "[")
                        .Append((not ? members[1..] : members).Replace("[", @"\[", StringComparison.Ordinal)).Append(']');
                    i = close;
                    break;
                default:
                    regex.Append(Regex.Escape(glob[i].ToString()));
                    break;
            }
        }

        return regex.Append(@"\z").ToString();
    }
}
