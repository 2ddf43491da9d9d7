using System.Globalization;
using System.Text;
using AgentFunctions.Core.Text;

namespace AgentFunctions.Workspaces;

/// <summary>What can be said of a path from its text alone.</summary>
internal static class PathSyntax
{
    private const int MaxShown = 200;

    private static readonly HashSet<string> WindowsDevices = new(StringComparer.OrdinalIgnoreCase)
    {
        "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$",
        "COM0", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9", "COM¹", "COM²", "COM³",
        "LPT0", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9", "LPT¹", "LPT²", "LPT³",
    };

    /// <summary>
    /// The path relative to a root, without <c>.</c> and <c>..</c>, parts joined by <c>/</c>; <see langword="null"/> when it
    /// leads out.
    /// </summary>
    /// <param name="path">The path.</param>
    /// <param name="windows">Whether the rules of Windows hold.</param>
    /// <param name="root">The root's full path, links resolved.</param>
    /// <param name="given">The root's full path as the host wrote it.</param>
    /// <param name="comparison">How paths compare.</param>
    public static string? Relative(string path, bool windows, string root, string given, StringComparison comparison)
    {
        if (path.Contains('\0'))
        {
            return null;
        }

        string unified = path.Replace('\\', '/');
        if (unified == "/")
        {
            // For an agent the workspace is all there is.
            unified = "";
        }
        else if (IsAbsolute(unified))
        {
            string? below = Below(unified, root.Replace('\\', '/'), comparison)
                ?? Below(unified, given.Replace('\\', '/'), comparison);
            if (below is null)
            {
                return null;
            }

            unified = below;
        }
        else if (IsHome(unified))
        {
            return null;
        }

        var parts = new List<string>();
        foreach (string part in unified.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".")
            {
                continue;
            }

            if (part != "..")
            {
                if (windows && !IsWindowsName(part))
                {
                    return null;
                }

                parts.Add(part);
            }
            else if (parts.Count == 0)
            {
                return null;
            }
            else
            {
                parts.RemoveAt(parts.Count - 1);
            }
        }

        return string.Join('/', parts);
    }

    /// <summary>What follows a root in a full path; <see langword="null"/> when the path is not below the root.</summary>
    /// <param name="path">The path.</param>
    /// <param name="root">The root.</param>
    /// <param name="comparison">How paths compare.</param>
    public static string? Below(string path, string root, StringComparison comparison)
    {
        if (!path.StartsWith(root, comparison))
        {
            return null;
        }

        return root[^1] is '/' or '\\' || path.Length == root.Length || path[root.Length] is '/' or '\\'
            ? path[root.Length..]
            : null;
    }

    /// <summary>A path for an error message: short, and without characters that a terminal would obey.</summary>
    /// <param name="path">The path.</param>
    public static string Show(string path)
    {
        var shown = new StringBuilder();
        foreach (char c in TextCut.Head(path, MaxShown))
        {
            shown.Append(char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString());
        }

        return path.Length <= MaxShown ? shown.ToString() : shown.Append('…').ToString();
    }

    /// <summary>
    /// A path as a list of the workspace shows it: as it is, and where it holds characters that would break the line or turn its
    /// direction, between quotes and with escapes, as JSON writes it.
    /// </summary>
    /// <param name="path">The path.</param>
    public static string InList(string path)
    {
        if (!path.Any(BreaksLine) && !path.StartsWith('"'))
        {
            return path;
        }

        var shown = new StringBuilder("\"");
        foreach (char c in path)
        {
            shown.Append(c is '"' or '\\' ? $"\\{c}" : c == '\n' ? "\\n" : BreaksLine(c) ? $"\\u{(int)c:x4}" : c.ToString());
        }

        return shown.Append('"').ToString();
    }

    private static bool BreaksLine(char c) => CharUnicodeInfo.GetUnicodeCategory(c)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator;

    private static bool IsAbsolute(string path) =>
        path.StartsWith('/')
        || (path.Length >= 2 && path[1] == ':' && char.IsAsciiLetter(path[0]) && (path.Length == 2 || path[2] == '/'));

    // Nothing expands '~' here; refusing it keeps an agent from writing into a folder of that name by mistake.
    private static bool IsHome(string path) => path == "~" || (path.StartsWith('~') && path.Contains('/'));

    // Windows reads a colon as a drive or a stream, ignores dots and blanks at the end, and knows devices in every folder.
    private static bool IsWindowsName(string name) =>
        name.IndexOfAny([':', '*', '?', '"', '<', '>', '|']) < 0
        && name[^1] is not ('.' or ' ')
        && !WindowsDevices.Contains(name.Split('.')[0].TrimEnd());
}
