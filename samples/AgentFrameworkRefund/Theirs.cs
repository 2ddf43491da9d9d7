using System.Text.Json;
using Microsoft.Agents.AI;
using Microsoft.Agents.AI.Workflows;
using Microsoft.Agents.AI.Workflows.Checkpointing;
using Microsoft.Extensions.AI;

namespace AgentFrameworkRefund;

/// <summary>The scenario on Agent Framework alone: a workflow with checkpoints, or an agent with a history, in files.</summary>
internal static class Theirs
{
    /// <summary>Runs a workflow of agents, or goes on from its last checkpoint.</summary>
    public static async Task RunWorkflowAsync(string folder, params AIAgent[] agents)
    {
        Workflow workflow = AgentWorkflowBuilder.BuildSequential("refund", agents);
        using var store = new FileSystemJsonCheckpointStore(Directory.CreateDirectory(Path.Combine(folder, "checkpoints")));
        CheckpointManager checkpoints = CheckpointManager.CreateJson(store);
        CheckpointInfo? last = await checkpoints.GetLatestCheckpointAsync("order-4711");
        await using StreamingRun run = last is null
            ? await InProcessExecution.RunStreamingAsync(
                workflow, new List<ChatMessage> { new(ChatRole.User, Team.Goal) }, checkpoints, "order-4711")
            : await InProcessExecution.ResumeStreamingAsync(workflow, last, checkpoints);
        // The first checkpoint may or may not hold the token of the turn.
        await run.TrySendMessageAsync(new TurnToken(emitEvents: true));
        await foreach (WorkflowEvent happened in run.WatchStreamAsync())
        {
            if (happened is WorkflowErrorEvent or ExecutorFailedEvent)
            {
                throw new InvalidOperationException(happened.ToString());
            }
        }
    }

    /// <summary>Runs an agent whose history is on disk, or goes on from what is there.</summary>
    public static async Task RunAgentAsync(Team team, string folder)
    {
        var history = new FileHistory(Path.Combine(folder, "history"));
        ChatClientAgent agent = team.RefundsWith(history);
        await (history.IsEmpty ? agent.RunAsync(Team.Goal) : agent.RunAsync([]));
    }

    private sealed class FileHistory(string file) : ChatHistoryProvider
    {
        public bool IsEmpty => !File.Exists(file);

        protected override ValueTask<IEnumerable<ChatMessage>> ProvideChatHistoryAsync(
            InvokingContext context, CancellationToken cancellationToken = default) => new(Read());

        protected override ValueTask StoreChatHistoryAsync(InvokedContext context, CancellationToken cancellationToken = default)
        {
            List<ChatMessage> history = [.. Read(), .. context.RequestMessages, .. context.ResponseMessages ?? []];
            Disk.Replace(file, JsonSerializer.Serialize(history, AIJsonUtilities.DefaultOptions));
            return default;
        }

        private List<ChatMessage> Read() =>
            IsEmpty ? [] : JsonSerializer.Deserialize<List<ChatMessage>>(File.ReadAllText(file), AIJsonUtilities.DefaultOptions)!;
    }
}
