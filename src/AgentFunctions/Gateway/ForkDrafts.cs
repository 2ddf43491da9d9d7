using System.Text;
using AgentFunctions.Budgets;
using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway;

/// <summary>Drafts the run that goes on from a turn of another.</summary>
internal sealed class ForkDrafts(
    IOrchestrationClient orchestrations, ForkRights rights, ForkBudget budgets, RunLimits limits, RunRecords records, RunCopy copy, Inbox inbox)
{
    /// <summary>Drafts a fork. Whatever it needs is looked up again after a crash: it is judged by the rights of that time.</summary>
    /// <param name="source">The run to start from.</param>
    /// <param name="request">From where and how.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="id">The new run's id.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<RunDraft> DraftAsync(RunRecord source, ForkRequest request, Caller caller, string id, CancellationToken cancellationToken)
    {
        OrchestrationState? orchestration = await orchestrations.GetAsync(source.Id, true, cancellationToken).ConfigureAwait(false);
        RunState state = (orchestration is null ? null : RunCommands.StateOf(orchestration))
            ?? throw new AgentException(ErrorCode.RunStateForbids, $"Run '{source.Id}' has not begun; there is no turn to start from yet.");
        int turn = request.Turn ?? state.Turns;
        if (turn > state.Turns)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"turn: run '{source.Id}' has {state.Turns} turns that are over; use 0 to {state.Turns}.");
        }

        ForkGrant grant = await rights.DemandAsync(source, request, caller, cancellationToken).ConfigureAwait(false);
        Budget? left = request.Budget is null
            ? await budgets.LeftAsync(source.Id, state, orchestration!.IsEnded, id, cancellationToken).ConfigureAwait(false)
            : null;
        LoopLimits held = limits.Of(grant.Agent, grant.Model, source.Acceptance, request.Budget ?? left);
        held = left is null ? held : held with { Budget = left };
        held = source.Parent is null ? held : held with { Swarm = state.Limits.Swarm };
        RunRecord run = source with
        {
            Id = id,
            Model = grant.Model.Name,
            ForkedFrom = new ForkOrigin(source.Id, turn),
            Requester = caller.Id,
            RequesterRoles = caller.Roles,
            Scopes = grant.Scopes,
            Parent = null,
            Origin = null,
            AwaitedTools = null,
            Notes = null,
        };
        RunDraft draft = await records.DraftAsync(run, grant.Agent, grant.Tools, held, null, cancellationToken).ConfigureAwait(false);
        return draft with { Prepare = token => PrepareAsync(draft, source.Id, request, left, token) };
    }

    private async Task<RunState> PrepareAsync(RunDraft draft, string source, ForkRequest request, Budget? left, CancellationToken cancellationToken)
    {
        CopiedRun copied = await copy.CopyAsync(source, draft.Run.Id, draft.Run.ForkedFrom!.Turn, cancellationToken).ConfigureAwait(false);
        if (left is not null)
        {
            await budgets.TakeAsync(source, draft.Run.Id, left, cancellationToken).ConfigureAwait(false);
        }

        return draft.State with
        {
            Turns = draft.Run.ForkedFrom.Turn,
            Context = copied.Context,
            PendingBytes = draft.State.PendingBytes + copied.Bytes + await SayAsync(draft.Run, request.Message, copied.Said, cancellationToken).ConfigureAwait(false),
            InboxShown = copied.Said,
            Inbox = copied.Said + (request.Message is null ? 0 : 1),
        };
    }

    /// <summary>Puts the first message into the new run's inbox; returns its size in bytes.</summary>
    private async Task<long> SayAsync(RunRecord run, string? message, long position, CancellationToken cancellationToken)
    {
        if (message is null)
        {
            return 0;
        }

        await inbox.AddIfMissingAsync(run.Id, position, new InboxMessage(message, run.Requester, run.CreatedAt), cancellationToken).ConfigureAwait(false);
        return RunSteering.MessageFrame + Encoding.UTF8.GetByteCount(message);
    }
}
