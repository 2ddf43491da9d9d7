using AgentFrameworkRefund;
using Microsoft.Agents.AI.Workflows;
using Microsoft.Agents.AI.Workflows.Checkpointing;
using Microsoft.Extensions.AI;

namespace AgentFunctions.CrashLab.Orchestrations;

/// <summary>Runs a workflow with checkpoints in files, or goes on from the last one.</summary>
internal static class Checkpoints
{
    /// <summary>Runs it.</summary>
    public static async Task RunAsync(Workflow workflow, string session, string folder)
    {
        using var store = new FileSystemJsonCheckpointStore(Directory.CreateDirectory(Path.Combine(folder, "checkpoints")));
        CheckpointManager checkpoints = CheckpointManager.CreateJson(store);
        CheckpointInfo? last = await checkpoints.GetLatestCheckpointAsync(session);
        await using StreamingRun run = last is null
            ? await InProcessExecution.RunStreamingAsync(
                workflow, new List<ChatMessage> { new(ChatRole.User, Team.Goal) }, checkpoints, session)
            : await InProcessExecution.ResumeStreamingAsync(workflow, last, checkpoints);
        if (last is null || !await HasOutputAsync(run))
        {
            // The first checkpoint may or may not hold the token of the turn; a second one is a turn too many.
            await run.TrySendMessageAsync(new TurnToken(emitEvents: true));
            if (!await HasOutputAsync(run))
            {
                throw new InvalidOperationException("The workflow ended without output.");
            }
        }
    }

    private static async Task<bool> HasOutputAsync(StreamingRun run)
    {
        bool hasOutput = false;
        await foreach (WorkflowEvent happened in run.WatchStreamAsync())
        {
            if (happened is WorkflowErrorEvent or ExecutorFailedEvent)
            {
                throw new InvalidOperationException(happened.ToString());
            }

            hasOutput |= happened is WorkflowOutputEvent { Data: IEnumerable<ChatMessage> };
        }

        return hasOutput;
    }
}
