using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Mcp.Tasks;

/// <summary>Cancels the tasks that an ended run no longer waits for: once, as the server may be away.</summary>
internal sealed class TaskEnds(
    McpTasks tasks, McpServers servers, RunStore runs, IServiceProvider services, TimeProvider time, ILogger<McpServers> logger)
    : IRunEndObserver
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async Task RunEndedAsync(RunRecord run, CancellationToken cancellationToken)
    {
        IReadOnlyList<McpTask> open = await tasks.OpenOfAsync(run.Id, cancellationToken).ConfigureAwait(false);
        if (open.Count == 0)
        {
            return;
        }

        IReadOnlyList<McpServer> known = servers.KnownOf(await runs.GetDefinitionAsync(run, cancellationToken)
            .ConfigureAwait(false)).Servers;
        await Task.WhenAll(open.Select(task => CancelAsync(run, task, known, cancellationToken))).ConfigureAwait(false);
    }

    private async Task CancelAsync(RunRecord run, McpTask task, IReadOnlyList<McpServer> known,
        CancellationToken cancellationToken)
    {
        var call = new ToolContext
        {
            RunId = run.Id,
            Agent = run.Agent,
            Turn = task.Turn,
            Call = task.Call,
            Artifacts = services.GetRequiredService<ArtifactStore>(),
            Services = services,
        };
        try
        {
            if (known.FirstOrDefault(server => server.Definition.Name == task.Server) is { } server)
            {
                using var patience = new CancellationTokenSource(Patience, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
                await server.AskAsync(() => TaskWire.Cancel(task.TaskId), call, isToEnd: true, either.Token)
                    .ConfigureAwait(false);
            }
        }
        catch (McpRefusalException)
        {
            // It has ended already.
        }
        catch (Exception e) when (e is AgentException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            McpLog.TaskNotCancelled(logger, task.Server, run.Id, e.Message);
        }

        await tasks.PutAsync(call, task with { IsOver = true }, cancellationToken).ConfigureAwait(false);
    }
}
