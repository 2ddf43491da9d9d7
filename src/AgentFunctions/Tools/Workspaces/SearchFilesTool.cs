using System.ComponentModel;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using AgentFunctions.Core.Text;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Tools.Workspaces;

internal sealed class SearchFilesTool(IReadOnlySet<string> skip)
{
    private const int DefaultMax = 100;
    private const int HighestMax = 1_000;
    private const int SearchedOfLine = 20_000;
    private const int ShownOfLine = 300;

    public AgentTool ToTool() =>
        new(
            AgentTool.CreateFunction(
                "search_files",
                "Searches the text files of the workspace for a regular expression, line by line; prints 'path:line: text' for each line "
                + $"that matches. Binary files and folders named {string.Join(", ", skip.Order(StringComparer.Ordinal))} are left out.",
                Search),
            ToolEffect.None)
        {
            Timeout = TimeSpan.FromMinutes(2),
            Reach = ToolReach.Workspace,
            Paths = [new PathArgument("path") { IsWholeByDefault = true }],
            Uses = (workspace, arguments) =>
            [
                TreeUse.Of("search_files", workspace, arguments, "glob", skip),
                TreeUse.Of("read_file", workspace, arguments, "glob", skip),
            ],
        };

    private string Search(
        ToolContext context,
        [Description("The regular expression (.NET); '(?i)' at its start ignores case.")] string pattern,
        [Description("The folder or file to search, relative to the workspace; the whole workspace when left out.")] string? path = null,
        [Description("Only files that match, for example '*.cs' (in any folder) or 'src/**'; relative to path.")] string? glob =
            null,
        [Description("The most lines to print, at most 1000.")] int max = DefaultMax,
        CancellationToken cancellationToken = default)
    {
        max = Math.Clamp(max, 1, HighestMax);
        Regex regex = Compile(pattern);
        Glob? only = string.IsNullOrWhiteSpace(glob) ? null : new Glob(glob);
        Workspace workspace = WorkspaceTools.Require(context);
        var text = new StringBuilder();
        int found = 0;
        int files = 0;
        int unreadable = 0;
        foreach (WorkspaceEntry file in FileWalk.Files(workspace, path, skip, cancellationToken))
        {
            if (only?.IsMatch(file.BelowStart) == false || context.Files?.Allows(file.Path) == false)
            {
                continue;
            }

            if (TryOpen(workspace, file.Path) is not { } stream)
            {
                unreadable++;
                continue;
            }

            using (stream)
            {
                if (BinaryFile.Is(stream))
                {
                    continue;
                }

                files++;
                using var lines = new LineReader(stream, SearchedOfLine, cancellationToken);
                for (int number = 1; lines.Next() is { } line; number++)
                {
                    if (!IsMatch(regex, line))
                    {
                        continue;
                    }

                    if (++found > max)
                    {
                        return text.Append(CultureInfo.InvariantCulture,
                            $"… there are more than {max} matches; narrow it with path, glob or a closer pattern.").ToString();
                    }

                    text.Append(CultureInfo.InvariantCulture,
                        $"{PathSyntax.InList(file.Path)}:{number}: {Shorten(line.Trim())}\n");
                }
            }
        }

        string leftOut = context.Files is { LeftOut: > 0 } filter ? "\n" + filter.Note : "";
        string missed = unreadable == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; {unreadable} could not be read");
        return leftOut.Length > 0
            ? text.Append(CultureInfo.InvariantCulture,
                $"({(found == 0 ? "no matches in " : "")}{files} files searched{missed}){leftOut}").ToString()
            : found == 0
            ? string.Create(CultureInfo.InvariantCulture, $"(no matches in {files} files{missed})")
            : unreadable == 0
                ? text.ToString().TrimEnd('\n')
                : text.Append(CultureInfo.InvariantCulture, $"({files} files searched{missed})").ToString();
    }

    // Without backtracking a search takes time in proportion to the text; what that engine lacks gets a time-out instead.
    private static Regex Compile(string pattern)
    {
        if (pattern.Length == 0)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid, "pattern: is empty; write what to look for.");
        }

        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (NotSupportedException)
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        }
        catch (ArgumentException error)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid, $"pattern: is no regular expression: {error.Message}",
                error);
        }
    }

    private static bool IsMatch(Regex regex, string line)
    {
        try
        {
            return regex.IsMatch(line);
        }
        catch (RegexMatchTimeoutException error)
        {
            throw new AgentException(ErrorCode.ToolTimeout,
                "pattern: takes too long to match; write it without nested repetitions, lookarounds and back-references.", error);
        }
    }

    // A file that cannot be read, or went away meanwhile, is no reason to find nothing in the others.
    private static FileStream? TryOpen(Workspace workspace, string path)
    {
        try
        {
            return WorkspaceFile.OpenRead(workspace, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or AgentException)
        {
            return null;
        }
    }

    private static string Shorten(string line) => TextCut.Shorten(line, ShownOfLine);
}
