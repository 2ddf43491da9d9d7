using System.ComponentModel;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AgentFunctions.Snapshots;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>Writes of whole files, which after a crash are repeated only over what stood there before.</summary>
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
            if (context.Features.Get<CallCapture>() is null)
            {
                // Where snapshots are kept, they say what stood there.
                await CallMemo.SaveAsync(context, StateOf(workspace, path, full), cancellationToken).ConfigureAwait(false);
            }

            await WorkspaceFile.ReplaceAsync(context, workspace, path, bytes, cancellationToken).ConfigureAwait(false);
        }

        return Result(workspace, full, bytes);
    }

    private static async Task<Reconciliation> ReconcileAsync(ToolContext context, AIFunctionArguments arguments,
        CancellationToken cancellationToken)
    {
        Workspace workspace = WorkspaceTools.Require(context);
        string path = CallArguments.Text(arguments, "path");
        string full = WorkspaceFile.CheckTarget(workspace, path);
        byte[] bytes = Utf8.GetBytes(WithLineEndsOfFile(workspace, path, full, CallArguments.Text(arguments, "content")));
        (EntryKind kind, long size) = FileKind.Of(full);
        bool same = kind == EntryKind.File && size == bytes.Length && bytes.AsSpan().SequenceEqual(File.ReadAllBytes(full));
        if (same)
        {
            return Reconciliation.TookEffect(Result(workspace, full, bytes));
        }

        bool isChanged = context.Features.Get<CallCapture>() is { } capture
            ? capture.IsChanged(full)
            : await CallMemo.ReadAsync(context, cancellationToken).ConfigureAwait(false) is { } memo
                && !memo.Span.SequenceEqual(StateOf(workspace, path, full));
        return isChanged
            ? Reconciliation.TookEffect(ToolOutcome.Failed(
                ErrorCode.ToolFailed,
                $"path: '{PathSyntax.Show(path)}' was changed by somebody else since this call was begun, and is left as it is. "
                + "Read it again before you write it."))
            : Reconciliation.DidNotTakeEffect;
    }

    /// <summary>What stands at a path, as a memo: the hash of a file, and when it was written last.</summary>
    private static byte[] StateOf(Workspace workspace, string path, string full)
    {
        if (FileKind.Of(full).Kind != EntryKind.File)
        {
            return "none"u8.ToArray();
        }

        using FileStream stream = WorkspaceFile.OpenRead(workspace, path);
        return [.. SHA256.HashData(stream), .. BitConverter.GetBytes(File.GetLastWriteTimeUtc(stream.SafeFileHandle).Ticks)];
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
