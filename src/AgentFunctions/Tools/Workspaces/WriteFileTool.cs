using System.ComponentModel;
using System.Globalization;
using System.Text;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tools.Workspaces;

internal static class WriteFileTool
{
    /// <summary>The largest file whose line ends are looked at, in bytes.</summary>
    private const long MaxLooked = 16L * 1024 * 1024;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    public static AgentTool ToTool() =>
        new(
            AgentTool.CreateFunction(
                "write_file",
                "Writes a text file of the workspace: makes it, with its folders, or replaces it whole. To change a part of a file use edit_file.",
                WriteAsync),
            ToolEffect.Idempotent)
        {
            Timeout = TimeSpan.FromSeconds(60),
            Reconcile = ReconcileAsync,
            Paths = [new PathArgument("path")],
            Reach = ToolReach.Workspace
        };

    private static async Task<string> WriteAsync(
        ToolContext context,
        [Description("The file, relative to the workspace.")] string path,
        [Description("The whole content.")] string content,
        CancellationToken cancellationToken)
    {
        Workspace workspace = WorkspaceTools.Require(context);
        byte[] bytes;
        string full = WorkspaceFile.CheckTarget(workspace, path);
        await FileLease.TakeAsync(context, workspace, full, cancellationToken).ConfigureAwait(false);
        using (await FileLocks.EnterAsync(full, cancellationToken).ConfigureAwait(false))
        {
            bytes = Utf8.GetBytes(WithLineEndsOfFile(workspace, path, full, content));
            await WorkspaceFile.ReplaceAsync(context, workspace, path, bytes, cancellationToken).ConfigureAwait(false);
        }

        return Result(workspace, full, bytes);
    }

    private static Task<Reconciliation> ReconcileAsync(ToolContext context, AIFunctionArguments arguments,
        CancellationToken cancellationToken)
    {
        Workspace workspace = WorkspaceTools.Require(context);
        string path = CallArguments.Text(arguments, "path");
        string full = WorkspaceFile.CheckTarget(workspace, path);
        byte[] bytes = Utf8.GetBytes(WithLineEndsOfFile(workspace, path, full, CallArguments.Text(arguments, "content")));
        (EntryKind kind, long size) = FileKind.Of(full);
        bool same = kind == EntryKind.File && size == bytes.Length && bytes.AsSpan().SequenceEqual(File.ReadAllBytes(full));
        return Task.FromResult(same
            ? Reconciliation.TookEffect(Result(workspace, full, bytes))
            : Reconciliation.DidNotTakeEffect);
    }

    /// <summary>
    /// The content with the line ends of Windows where the file has those and no others: read_file shows none, so a model writes
    /// the others.
    /// </summary>
    private static string WithLineEndsOfFile(Workspace workspace, string path, string full, string content)
    {
        (EntryKind kind, long size) = FileKind.Of(full);
        if (kind != EntryKind.File || size is 0 or > MaxLooked || !content.Contains('\n')
            || content.Contains("\r\n", StringComparison.Ordinal))
        {
            return content;
        }

        using FileStream stream = WorkspaceFile.OpenRead(workspace, path);
        byte[] before = new byte[stream.Length];
        int length = stream.ReadAtLeast(before, before.Length, throwOnEndOfStream: false);
        return LineEnds.AreOfWindows(Encoding.Latin1.GetString(before, 0, length)) ? LineEnds.OfWindows(content) : content;
    }

    private static string Result(Workspace workspace, string full, byte[] bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"Wrote {workspace.Relative(full)}, {bytes.Length} bytes.");
}
