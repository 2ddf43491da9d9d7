using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway;

/// <summary>Drafts the run that goes on from a turn of another.</summary>
internal sealed class ForkDrafts(
    IOrchestrationClient orchestrations, ForkRights rights, ForkBudget budgets, RunLimits limits, RunRecords records,
    ForkPreparation preparation)
{
    /// <summary>Ensures that a caller may have a fork.</summary>
    public Task EnsureAsync(RunRecord source, ForkRequest request, Caller caller, CancellationToken cancellationToken) =>
        rights.EnsureAsync(source, request, caller, cancellationToken);

    /// <summary>
    /// Drafts a fork. Whatever it needs is looked up again after a crash: it is judged by the rights of that time.
    /// </summary>
    /// <param name="source">The run to start from.</param>
    /// <param name="request">The request.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="id">The new run's id.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<RunDraft> DraftAsync(RunRecord source, ForkRequest request, Caller caller, string id,
        CancellationToken cancellationToken)
    {
        OrchestrationState? orchestration = await orchestrations.GetAsync(source.Id, true, cancellationToken)
            .ConfigureAwait(false);
        RunState state = (orchestration is null ? null : RunCommands.StateOf(orchestration))
            ?? throw new AgentException(ErrorCode.RunStateForbids,
                $"Run '{source.Id}' has not begun; there is no turn to start from yet.");
        int turn = request.Turn ?? state.Turns;
        if (turn > state.Turns)
        {
            throw new AgentException(ErrorCode.InvalidInput,
                $"turn: run '{source.Id}' has {state.Turns} turns that are over; use 0 to {state.Turns}.");
        }

        bool isOwn = records.HasOwnFolder(source, request);
        ForkGrant grant = await rights.EnsureAsync(source, request, caller, cancellationToken).ConfigureAwait(false);
        BudgetShare? left = request.Budget is null
            ? await budgets.LeftAsync(source.Id, state, orchestration!.IsEnded, id, cancellationToken).ConfigureAwait(false)
            : null;
        LoopLimits held = limits.Of(grant.Agent, grant.Model, source.Acceptance, request.Budget ?? left?.Part);
        held = left is null ? held : held with { Budget = left.Part };
        held = source.Parent is null ? held : held with { Swarm = state.Limits.Swarm };
        RunRecord run = source with
        {
            Id = id,
            Model = grant.Model.Name,
            ForkedFrom = new ForkOrigin(source.Id, turn) { IsRewind = request.IsRewind },
            Requester = caller.Id,
            RequesterRoles = caller.Roles,
            Scopes = grant.Scopes,
            Parent = null,
            Origin = null,
            AwaitedTools = null,
            ToolSearch = null,
            Workspace = isOwn ? null : source.Workspace,
            Notes = isOwn || source.Workspace is null ? null : [$"It works in the folder of run '{source.Id}', as that is now."],
        };
        RunDraft draft = await records.DraftAsync(run, grant.Agent, grant.Tools, held, null, cancellationToken)
            .ConfigureAwait(false);
        return draft with
        {
            Prepare = async token =>
            {
                RunState prepared = await preparation.PrepareAsync(draft, source, request, left, token).ConfigureAwait(false);
                // What was copied is whole only if nobody has begun to delete it. The budget is taken: though the caller leaves.
                await rights.EnsureKeptAsync(source, CancellationToken.None).ConfigureAwait(false);
                return prepared;
            },
            GiveBack = () => preparation.GiveBackAsync(draft.Run, source),
        };
    }
}
