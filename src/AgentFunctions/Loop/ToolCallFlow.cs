using AgentFunctions.Durability;
using AgentFunctions.Runs;

namespace AgentFunctions.Loop;

/// <summary>
/// The tool calls of one turn. A call that may not be made yet says what it waits for; it is taken up again when that comes,
/// or when it wants to look by itself. Waiting holds no compute.
/// </summary>
/// <param name="context">What the loop may see of the world.</param>
/// <param name="show">Told what the run waits for now; none for nothing.</param>
internal sealed class ToolCallFlow(IOrchestrationContext context, Action<IReadOnlyList<RunWait>> show) : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly List<RunWait> _waits = [];
    private bool _isOver;

    /// <summary>Makes one call, however long it takes.</summary>
    public async Task<CallToolResult> CallAsync(CallToolInput input)
    {
        while (true)
        {
            CallToolResult result = await context.CallActivityAsync<CallToolResult>(StepNames.CallTool, input, StepOptions.Tool);
            if (result.Wait is not { } wait)
            {
                return result;
            }

            await WaitAsync(wait);
        }
    }

    /// <summary>Stops waiting, so that nothing of this turn stays open.</summary>
    public void Dispose()
    {
        _isOver = true;
        _ended.Cancel();
        _ended.Dispose();
        if (_waits.Count > 0)
        {
            show([]);
        }
    }

    private async Task WaitAsync(ToolCallWait wait)
    {
        var shown = new RunWait(wait.Kind, wait.Until, wait.Id) { Deadline = wait.Deadline };
        _waits.Add(shown);
        show(_waits);
        using var woken = CancellationTokenSource.CreateLinkedTokenSource(_ended.Token);
        Task answered = context.WaitForExternalEventAsync<string>(wait.EventName, woken.Token);
        Task due = context.CreateTimerAsync(wait.Until, woken.Token);
        await Task.WhenAny(answered, due);
        if (_isOver)
        {
            throw new OperationCanceledException("The turn is over.");
        }

        // Not CancelAsync: it would go on outside the orchestration's turn.
        woken.Cancel();
        _waits.Remove(shown);
        show(_waits);
    }
}
