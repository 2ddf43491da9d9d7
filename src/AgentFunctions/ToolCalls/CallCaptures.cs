using System.Text.Json;
using AgentFunctions.Snapshots;
using AgentFunctions.Tools;

namespace AgentFunctions.ToolCalls;

/// <summary>Says which calls change the folder of their run, and has kept what they change.</summary>
internal sealed class CallCaptures(FolderSnapshots snapshots)
{
    /// <summary>Begins writes that become one commit where the stores can do that.</summary>
    public IDisposable Group() => snapshots.Group();

    /// <summary>Gets whether they do: what is written in a group is on disk together, in its order, or not at all.</summary>
    public bool SharesCommits => snapshots.SharesCommits;

    /// <summary>Prepares the capture of a call, if it is one of those; <see langword="null"/> if not.</summary>
    public async Task<CallCapture?> PrepareAsync(ToolCallState state, CancellationToken cancellationToken)
    {
        if (!state.HasRun || Of(state.Call!) is not { } capture)
        {
            return null;
        }

        await capture.PrepareAsync(cancellationToken).ConfigureAwait(false);
        return capture;
    }

    /// <summary>Takes up the capture of a call that a crash cut off, if it is one of those.</summary>
    public Task ResumeAsync(ToolCallState state, CancellationToken cancellationToken) =>
        Of(state.Call!)?.ResumeAsync(cancellationToken) ?? Task.CompletedTask;

    private CallCapture? Of(ToolCall call)
    {
        ToolContext context = call.Context;
        bool isCommand = call.Tool.MayRunAny is not null;
        bool isWrite = call.Tool is { Reach: ToolReach.Workspace, Effect: not ToolEffect.None, Paths.Count: > 0 };
        if ((!isCommand && !isWrite) || context.Workspace is not { } workspace)
        {
            return null;
        }

        CallCapture? capture = snapshots.Of(
            workspace, new CallPlace(context.RunId, context.Turn, context.Call), isCommand
                ? null
                : [.. PathsOf(call).Select(PathIn).OfType<string>()]);
        if (capture is not null)
        {
            context.Features.Set(capture);
        }

        return capture;

        string? PathIn(string path)
        {
            try
            {
                return workspace.Relative(workspace.Resolve(path));
            }
            catch (AgentException)
            {
                // The tool itself refuses it.
                return null;
            }
        }
    }

    private static IEnumerable<string> PathsOf(ToolCall call) => call.Tool.Paths
        .Select(path => call.Arguments.TryGetValue(path.Name, out object? value)
            && value is JsonElement { ValueKind: JsonValueKind.String } text
            ? text.GetString()
            : null)
        .OfType<string>();
}
