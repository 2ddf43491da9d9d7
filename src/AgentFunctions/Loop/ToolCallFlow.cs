using AgentFunctions.Durability;
using AgentFunctions.Runs;

namespace AgentFunctions.Loop;

/// <summary>
/// The tool calls of one turn. A call that may not be made yet says what it waits for; it is taken up again when that comes,
/// or when it wants to look by itself. Waiting holds no compute.
/// </summary>
/// <param name="context">What the loop may see of the world.</param>
/// <param name="show">Told what the run waits for now; none for nothing.</param>
/// <param name="holdClock">Told whether every call that is open waits for an answer to a question.</param>
internal sealed class ToolCallFlow(IOrchestrationContext context, Action<IReadOnlyList<RunWait>> show,
    Action<bool> holdClock) : IDisposable
{
    private readonly CancellationTokenSource _ended = new();

    /// <summary>By the number of the call, so that people see them in one order whichever was last looked at.</summary>
    private readonly SortedList<int, RunWait> _waits = [];

    private int _open;
    private int _asking;
    private bool _isOver;

    /// <summary>Makes one call, however long it takes.</summary>
    public async Task<CallToolResult> CallAsync(CallToolInput input)
    {
        Count(1, 0);
        int asks = 0;
        while (true)
        {
            CallToolResult result = await context.CallActivityAsync<CallToolResult>(StepNames.CallTool, input, StepOptions.Tool);
            if (result.Wait is not { } wait)
            {
                Count(-1, -asks);
                return result;
            }

            // A look at a question that nobody has answered belongs to the wait, so it does not end it.
            int asked = wait.Kind == RunWait.Question ? 1 : 0;
            Count(0, asked - asks);
            asks = asked;
            if (await WaitAsync(input.Call, wait))
            {
                Count(0, -asks);
                asks = 0;
            }
        }
    }

    /// <summary>Stops waiting, so that nothing of this turn stays open.</summary>
    public void Dispose()
    {
        _isOver = true;
        holdClock(false);
        _ended.Cancel();
        _ended.Dispose();
        if (_waits.Count > 0)
        {
            show([]);
        }
    }

    /// <returns>Whether what it waits for has come; otherwise it is time to look.</returns>
    private async Task<bool> WaitAsync(int call, ToolCallWait wait)
    {
        _waits[call] = new RunWait(wait.Kind, wait.Until, wait.Id) { Deadline = wait.Deadline };
        show([.. _waits.Values]);
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
        _waits.Remove(call);
        show([.. _waits.Values]);
        return answered.IsCompletedSuccessfully;
    }

    /// <summary>
    /// Counts the calls that are open, and those of them that ask people: any other counts against the run's time.
    /// </summary>
    private void Count(int open, int asking)
    {
        _open += open;
        _asking += asking;
        holdClock(!_isOver && _open > 0 && _asking == _open);
    }
}
