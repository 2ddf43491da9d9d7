using System.ComponentModel;
using System.Globalization;
using System.Text;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Tools.Workspaces;

internal static class ReadFileTool
{
    private const int DefaultLimit = 2_000;
    private const int MaxLineLength = 2_000;

    // A page ends before the tool's result limit, so that reading never turns into an artifact.
    private const int PageLength = 38_000;
    private const int ResultLimit = 42_000;

    public static AgentTool ToTool() =>
        new(
            AgentTool.CreateFunction(
                "read_file",
                "Reads a text file of the workspace, page by page: numbered lines, the number and a tab before "
                + "each. Long lines are cut. Says how to go on when there is more.",
                Read),
            ToolEffect.None)
        {
            Timeout = TimeSpan.FromSeconds(60),
            ResultLimit = ResultLimit,
            Paths = [new PathArgument("path")],
            Reach = ToolReach.Workspace
        };

    private static string Read(
        ToolContext context,
        [Description("The file, relative to the workspace.")] string path,
        [Description("The first line to read, from 1.")] int offset = 1,
        [Description("The most lines to read.")] int limit = DefaultLimit,
        CancellationToken cancellationToken = default)
    {
        offset = Math.Max(offset, 1);
        limit = Math.Max(limit, 1);
        using FileStream stream = WorkspaceFile.OpenRead(WorkspaceTools.Require(context), path);
        if (BinaryFile.Is(stream))
        {
            throw new AgentException(
                ErrorCode.ToolFailed,
                $"path: '{PathSyntax.Show(path)}' is a binary file of {stream.Length} bytes; read_file reads text only.");
        }

        using var lines = new LineReader(stream, MaxLineLength, cancellationToken);
        var page = new StringBuilder();
        int number = 0;
        while (lines.Next() is { } line)
        {
            if (++number < offset)
            {
                continue;
            }

            if (number - offset >= limit || page.Length + line.Length > PageLength)
            {
                return Noted(stream, page.Append(CultureInfo.InvariantCulture,
                    $"… more lines follow; go on with offset={number}.").ToString());
            }

            page.Append(CultureInfo.InvariantCulture, $"{number}\t{line}");
            page.Append(lines.LeftOut > 0 ? $"… [{lines.LeftOut} more characters in this line]\n" : "\n");
        }

        if (number == 0)
        {
            return "(the file is empty)";
        }

        return offset > number
            ? throw new AgentException(ErrorCode.ToolArgumentsInvalid, $"offset: is {offset}, but the file has {number} lines.")
            : Noted(stream, page.ToString().TrimEnd('\n'));
    }

    /// <summary>A page with a note where it is not what the file holds.</summary>
    private static string Noted(Stream stream, string page) => page.Contains('\uFFFD') && ForeignBytes.Find(stream) is { } foreign
        ? $"[This file is not UTF-8: {foreign.Describe()}. They are shown as \uFFFD. edit_file cannot change the file, and write_file would lose them.]\n{page}"
        : page;
}
