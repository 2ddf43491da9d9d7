using AgentFunctions.Budgets;
using AgentFunctions.Durability;

namespace AgentFunctions.Loop;

/// <summary>The tool calls of a turn, and those that wait for sub-agents.</summary>
internal static class ToolTurn
{
    /// <summary>Makes the tool calls that the model asked for.</summary>
    /// <param name="run">The run.</param>
    /// <param name="reply">The model's answer.</param>
    /// <param name="allowed">How many of the calls the budget allows.</param>
    /// <returns>Whether one of the calls ended the turn, so that the model is not asked again.</returns>
    public static async Task<bool> CallToolsAsync(LoopRun run, CallModelResult reply, int allowed)
    {
        IReadOnlyList<string> asked = reply.Calls;
        int turn = run.State.Turns;
        run.State = run.Swarm.Apply(run.State);
        int made = Math.Min(asked.Count, allowed);
        int frames = asked.Count * LoopRun.MessageBytes;
        int resultBytes = ContextPolicy.ResultBytes(run.State, Math.Max(1, made),
            run.Guard().ResultBytes(run.State.Usage, run.InputBound() + frames));
        using var flow = new ToolCallFlow(run.Context, run.Show, run.HoldClock);
        Task<CallToolResult> CallAsync(int call) => flow.CallAsync(
            new CallToolInput(run.Context.InstanceId, turn, call, run.State.Context)
            {
                ResultBytes = resultBytes,
                BudgetLeft = run.BudgetLeft(),
                Swarm = run.Swarm.Allow(asked, call),
            });
        Task<CallToolResult[]> calls = run.State.Limits.CallsInOrder == true
            ? InOrderAsync(made, CallAsync)
            : Task.WhenAll([.. Enumerable.Range(0, made).Select(CallAsync)]);
        if (await run.Control.FinishedAsync(calls))
        {
            CallToolResult[] results = await calls;
            run.Count(
                results.Length, results.Length == 0 ? 0 : 1,
                results.Aggregate(new TokenUsage(), static (sum, result) => result.Usage is null ? sum : sum.Plus(result.Usage)));
            run.State = run.State with
            {
                PendingBytes = run.State.PendingBytes + results.Sum(result => (long)result.Bytes) + frames,
                Repairs = 0,
                CutTurns = reply.FinishReason == "length" && results.All(static result => result.IsError)
                    ? (run.State.CutTurns ?? 0) + 1
                    : null,
                RefusedSpawns = RefusedSpawns(run.State, asked, results),
            };
            run.State = run.Swarm.Admit(run.State, turn, results.Select(static (result, call) => (call, result.Swarm)));
            return results.Any(static result => result.EndsTurn == true);
        }

        // The run ends, but it may be taken up again: then these results are in its next request.
        run.State = run.State with { PendingBytes = run.State.PendingBytes + frames + ((long)made * resultBytes) };
        return false;
    }

    /// <summary>Makes calls one after the other, up to the one that ends the turn.</summary>
    private static async Task<CallToolResult[]> InOrderAsync(int count, Func<int, Task<CallToolResult>> call)
    {
        var results = new List<CallToolResult>();
        while (results.Count < count && (results.Count == 0 || results[^1].EndsTurn != true))
        {
            results.Add(await call(results.Count));
        }

        return [.. results];
    }

    private static int? RefusedSpawns(RunState state, IReadOnlyList<string> asked, CallToolResult[] results)
    {
        // A run that an earlier version began is replayed as that version decided: it neither told the budget nor counted these.
        if (state.Swarm is null || state.Limits.TellsBudget != true)
        {
            return state.RefusedSpawns;
        }

        int refused = (state.RefusedSpawns ?? 0)
            + results.Where((result, call) => result is { IsError: true, Swarm: null } && SwarmToolNames.Starts(asked[call]))
                .Count();
        return refused == 0 ? null : refused;
    }

    /// <summary>Waits until a sub-agent has ended, or takes up a call that has waited long enough.</summary>
    public static async Task WaitForSubAgentsAsync(LoopRun run)
    {
        if (run.Swarm.TakeDue(run.HasNews()) is { } due)
        {
            using var flow = new ToolCallFlow(run.Context, run.Show, run.HoldClock);
            Task<CallToolResult> call =
                flow.CallAsync(new CallToolInput(run.Context.InstanceId, due.Turn, due.Call, run.State.Context)
                {
                    ResultBytes = ContextPolicy.ResultBytes(run.State, 1, run.Guard().ResultBytes(run.State.Usage, run.InputBound())),
                    BudgetLeft = run.BudgetLeft(),
                    Swarm = run.Swarm.Resume(due),
                });
            if (await run.Control.FinishedAsync(call))
            {
                CallToolResult result = await call;
                run.Count(1, 1, new TokenUsage());
                run.State = run.State with { PendingBytes = run.State.PendingBytes + result.Bytes };
                run.State = run.Swarm.Admit(run.State, due.Turn, [(due.Call, result.Swarm)]);
            }

            return;
        }

        run.State = run.State with { WaitingFor = new RunWait(RunWait.SubAgents) };
        run.Context.SetCustomStatus(run.State.Published);
        await run.Control.FinishedAsync(run.Swarm.ChangedAsync());
        run.Swarm.GiveUpOverdue();
        run.State = run.State with { WaitingFor = null };
    }
}
