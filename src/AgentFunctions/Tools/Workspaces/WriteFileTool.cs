using System.ComponentModel;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tools.Workspaces;

internal static class WriteFileTool
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    public static AgentTool ToTool() =>
        new(
            AgentTool.CreateFunction(
                "write_file",
                "Writes a text file of the workspace: makes it, with its folders, or replaces it whole. To change a part of a file use edit_file.",
                WriteAsync),
            ToolEffect.Idempotent)
        { Timeout = TimeSpan.FromSeconds(60), Reconcile = ReconcileAsync, Paths = [new PathArgument("path")], Reach = ToolReach.Workspace };

    private static async Task<string> WriteAsync(
        ToolContext context,
        [Description("The file, relative to the workspace.")] string path,
        [Description("The whole content.")] string content,
        CancellationToken cancellationToken)
    {
        Workspace workspace = WorkspaceTools.Require(context);
        byte[] bytes = Utf8.GetBytes(content);
        string full = WorkspaceFile.CheckTarget(workspace, path);
        await PathLeases.TakeAsync(context, workspace, full, cancellationToken).ConfigureAwait(false);
        using (await FileLocks.EnterAsync(full, cancellationToken).ConfigureAwait(false))
        {
            WorkspaceFile.Replace(context, workspace, path, bytes);
        }

        return Result(workspace, full, bytes);
    }

    private static Task<Reconciliation> ReconcileAsync(ToolContext context, AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        Workspace workspace = WorkspaceTools.Require(context);
        string path = CallArguments.Text(arguments, "path");
        byte[] bytes = Utf8.GetBytes(CallArguments.Text(arguments, "content"));
        string full = WorkspaceFile.CheckTarget(workspace, path);
        (EntryKind kind, long size) = FileKind.Of(full);
        bool same = kind == EntryKind.File && size == bytes.Length && bytes.AsSpan().SequenceEqual(File.ReadAllBytes(full));
        return Task.FromResult(same ? Reconciliation.Happened(Result(workspace, full, bytes)) : Reconciliation.DidNotHappen);
    }

    private static string Result(Workspace workspace, string full, byte[] bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"Wrote {workspace.Relative(full)}, {bytes.Length} bytes.");
}
