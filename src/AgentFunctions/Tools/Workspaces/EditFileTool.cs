using System.ComponentModel;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>Exact replacement within a file, which after a crash is never applied twice.</summary>
/// <remarks>
/// Before the file changes, a memo says durably what it was (hash and time of last write) and what it will be. The change
/// itself is one rename. So after a crash: no memo, nothing happened; the file is as it will be, it happened; it is as it was,
/// untouched, it did not; anything else (somebody changed it since) nobody can say, and the edit is not repeated.
/// </remarks>
internal sealed class EditFileTool(int maxBytes)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public AgentTool ToTool() =>
        new(
            AgentTool.CreateFunction(
                "edit_file",
                "Replaces text in a file of the workspace. old_text must be in the file exactly once, white space and all "
                + "(without the line numbers of read_file), or replace_all must be true.",
                EditAsync),
            ToolEffect.NotIdempotent)
        {
            Timeout = TimeSpan.FromSeconds(60),
            Reconcile = ReconcileAsync,
            Paths = [new PathArgument("path")],
            Reach = ToolReach.Workspace
        };

    private async Task<string> EditAsync(
        ToolContext context,
        [Description("The file, relative to the workspace.")] string path,
        [Description("The text to replace, exactly as it stands in the file.")] string old_text,
        [Description("The text to put in its place; empty to remove it.")] string new_text,
        [Description("Whether to replace every occurrence.")] bool replace_all = false,
        CancellationToken cancellationToken = default)
    {
        Workspace workspace = WorkspaceTools.Require(context);
        string full = WorkspaceFile.CheckTarget(workspace, path);
        await FileLease.TakeAsync(context, workspace, full, cancellationToken).ConfigureAwait(false);
        using (await FileLocks.EnterAsync(full, cancellationToken).ConfigureAwait(false))
        {
            (byte[] before, DateTime changed) = Read(workspace, path);
            TextReplacement edit = TextReplacement.Apply(Decode(before, path), old_text, new_text, replace_all);
            byte[] after = Strict.GetBytes(edit.Text);
            string result = string.Create(
                CultureInfo.InvariantCulture,
                $"Edited {workspace.Relative(full)}: {edit.Count} replacement{(edit.Count == 1 ? "" : "s")}, the first in line {edit.FirstLine}.");
            var memo = new EditMemo(Hash(before), changed.Ticks, Hash(after), result);
            await CallMemo.SaveAsync(context, JsonSerializer.SerializeToUtf8Bytes(memo, WorkspaceJsonContext.Default.EditMemo),
                cancellationToken)
                .ConfigureAwait(false);
            await WorkspaceFile.ReplaceAsync(context, workspace, path, after, cancellationToken).ConfigureAwait(false);
            return result;
        }
    }

    private async Task<Reconciliation> ReconcileAsync(ToolContext context, AIFunctionArguments arguments,
        CancellationToken cancellationToken)
    {
        if (!CallMemo.IsAvailable(context))
        {
            return Reconciliation.Unknown;
        }

        ReadOnlyMemory<byte>? saved = await CallMemo.ReadAsync(context, cancellationToken).ConfigureAwait(false);
        if (saved is null)
        {
            return Reconciliation.DidNotTakeEffect;
        }

        EditMemo memo = JsonSerializer.Deserialize(saved.Value.Span, WorkspaceJsonContext.Default.EditMemo)!;
        Workspace workspace = WorkspaceTools.Require(context);
        (byte[] now, DateTime changed) = Read(workspace, CallArguments.Text(arguments, "path"));
        string hash = Hash(now);
        if (hash == memo.After)
        {
            return Reconciliation.TookEffect(memo.Result);
        }

        // The time tells an untouched file from one that was edited and then changed back.
        return hash == memo.Before && changed.Ticks == memo.ChangedTicks
            ? Reconciliation.DidNotTakeEffect
            : Reconciliation.Unknown;
    }

    private (byte[] Content, DateTime Changed) Read(Workspace workspace, string path)
    {
        using FileStream stream = WorkspaceFile.OpenRead(workspace, path);
        if (stream.Length > maxBytes)
        {
            throw new AgentException(
                ErrorCode.ToolFailed,
                $"path: '{PathSyntax.Show(path)}' has {stream.Length} bytes; edit_file edits files of at most {maxBytes}.");
        }

        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return (content, File.GetLastWriteTimeUtc(stream.SafeFileHandle));
    }

    private static string Decode(byte[] content, string path)
    {
        try
        {
            return Strict.GetString(content);
        }
        catch (DecoderFallbackException error)
        {
            using var bytes = new MemoryStream(content);
            throw new AgentException(
                ErrorCode.ToolFailed,
                $"path: '{PathSyntax.Show(path)}' is not UTF-8 ({ForeignBytes.Find(bytes)?.Describe() ?? "it is in another encoding"}), and an edit would "
                + "lose these bytes. To write it anew would lose them, too. Change it with a program that knows its encoding, or leave it.",
                error);
        }
    }

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}

/// <summary>What an edit was about to do.</summary>
/// <param name="Before">The hash of the file before.</param>
/// <param name="ChangedTicks">When the file had been written last (UTC ticks).</param>
/// <param name="After">The hash of the file after.</param>
/// <param name="Result">What the model is told when it is done.</param>
internal sealed record EditMemo(string Before, long ChangedTicks, string After, string Result);
