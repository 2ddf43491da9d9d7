using System.Text;
using System.Text.Json;
using AgentFunctions.Activities;
using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Durability;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Loop;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Swarm;
using AgentFunctions.Tools;

namespace AgentFunctions.Gateway;

/// <summary>Starts new runs from a turn of another: with other instructions, another model or other tools.</summary>
/// <remarks>What the tools of the first run did to the world stays done, and both work in the same folder.</remarks>
public sealed class RunForking(
    AgentGateway gateway, Admission admission, RunStore runs, RunReader reader, RunCopy copy, Journal journal, Inbox inbox, IModelCatalog models, RunTools tools,
    IRecordStore records, IOrchestrationClient orchestrations, TimeProvider time)
{
    /// <summary>Starts a new run from a turn of another, which stays as it is.</summary>
    /// <param name="id">The run to start from.</param>
    /// <param name="request">From where and how.</param>
    /// <param name="caller">Who asks; <see langword="null"/> for the program itself.</param>
    /// <param name="idempotencyKey">Makes the submission safe to repeat; <see langword="null"/> for none. At most 200 characters.</param>
    /// <param name="cancellationToken">Stops waiting; the run may have been started.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunNotFound"/>, <see cref="ErrorCode.ModelNotFound"/>, <see cref="ErrorCode.ToolNotFound"/>, <see cref="ErrorCode.ToolUnavailable"/>.
    /// <see cref="ErrorCode.InvalidInput"/>: a field is wrong, or the run has no such turn.
    /// <see cref="ErrorCode.RunStateForbids"/>: it has not begun; or it is live and its budget cannot be in two places, so that the
    /// request must name one; or nothing is left of its budget.
    /// <see cref="ErrorCode.IdempotencyKeyReused"/>: the key was used for another request.
    /// <see cref="ErrorCode.Stopped"/>, <see cref="ErrorCode.NotAllowed"/>, <see cref="ErrorCode.QuotaExceeded"/>: the message names the rule.
    /// </exception>
    public async Task<Run> ForkAsync(
        string id, ForkRequest request, Caller? caller = null, string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Validate();
        caller ??= Caller.Local;
        RunRecord source = await runs.GetAsync(id, cancellationToken).ConfigureAwait(false);
        OrchestrationState? orchestration = await orchestrations.GetAsync(id, true, cancellationToken).ConfigureAwait(false);
        RunState state = (orchestration is null ? null : RunSteering.StateOf(orchestration))
            ?? throw new AgentException(ErrorCode.RunStateForbids, $"Run '{id}' has not begun; there is no turn to start from yet.");
        int turn = request.Turn ?? state.Turns;
        if (turn > state.Turns)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"turn: run '{id}' has {state.Turns} turns that are over; use 0 to {state.Turns}.");
        }

        AgentDefinition before = await runs.GetDefinitionAsync(source, cancellationToken).ConfigureAwait(false);
        AgentDefinition agent = before with { Instructions = request.Instructions ?? before.Instructions, Tools = request.Tools ?? before.Tools };
        ModelBinding model = models.Resolve(request.Model ?? source.Model);
        AccessRuling access = await admission.DemandAccessAsync(caller, agent.Name, source.Goal, source.Labels, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<ToolDeclaration> granted =
            [.. (await tools.SelectAsync(agent, cancellationToken).ConfigureAwait(false)).Where(tool => access.Allows(tool.Name))];
        Budget budget = request.Budget ?? await LeftAsync(id, state, orchestration!.IsEnded, cancellationToken).ConfigureAwait(false);
        LoopLimits limits = gateway.LimitsOf(agent, model, source.Acceptance, budget) with { Budget = budget };
        if (source.Parent is not null)
        {
            // Its tree gave the sub-agent no more than this, and a fork of it gains nothing.
            granted = ChildAdmission.Narrowed(agent, granted, await tools.DeclaredAsync(source, before, cancellationToken).ConfigureAwait(false));
            limits = limits with { Swarm = state.Limits.Swarm };
        }

        DateTimeOffset now = time.GetUtcNow();
        string newId = idempotencyKey is null
            ? RunId.New(now)
            : await gateway.ClaimAsync(
                JsonSerializer.SerializeToUtf8Bytes(new ForkClaim(id, request), AgentJsonContext.Default.ForkClaim), caller.Id, idempotencyKey,
                RunId.New(now), cancellationToken).ConfigureAwait(false);
        if (await reader.FindAsync(newId, cancellationToken).ConfigureAwait(false) is { } repeated)
        {
            return repeated;
        }

        RunRecord run = source with
        {
            Id = newId,
            DefinitionHash = await runs.PutDefinitionAsync(agent, cancellationToken).ConfigureAwait(false),
            Model = model.Name,
            ForkedFrom = new ForkOrigin(id, turn),
            ToolsHash = await tools.PinAsync(granted, cancellationToken).ConfigureAwait(false),
            Requester = caller.Id,
            RequesterRoles = caller.Roles,
            Parent = null,
            Origin = null,
            CreatedAt = now,
        };
        long? ticket = await admission.AdmitAsync(run, caller, cancellationToken).ConfigureAwait(false);
        CopiedRun copied = await copy.CopyAsync(id, newId, turn, cancellationToken).ConfigureAwait(false);
        long bytes = Prompt.FirstRequestBytes(agent, run, granted);
        var begun = new RunState
        {
            Limits = limits,
            QueueTicket = ticket,
            Turns = turn,
            Context = copied.Context,
            BaseBytes = bytes,
            PendingBytes = bytes + copied.Bytes + await SayAsync(newId, request.Message, copied.Said, caller.Id, now, cancellationToken).ConfigureAwait(false),
            InboxShown = copied.Said,
            Inbox = copied.Said + (request.Message is null ? 0 : 1),
        };
        if (request.Budget is null && !budget.IsUnlimited)
        {
            await TakenBudget.TakeAsync(records, id, budget, cancellationToken).ConfigureAwait(false);
        }

        await runs.AddAsync(run, cancellationToken).ConfigureAwait(false);
        await journal.AppendIfMissingAsync(
            newId, new JournalEvent(JournalEventTypes.RunSubmitted, now) { Text = run.Goal, Model = run.Model }, cancellationToken).ConfigureAwait(false);
        await gateway.StartAsync(new AdmittedRun(run, begun), cancellationToken).ConfigureAwait(false);
        return await reader.GetAsync(newId, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What is left of the run's budget: the fork takes it along.</summary>
    private async Task<Budget> LeftAsync(string id, RunState state, bool hasEnded, CancellationToken cancellationToken)
    {
        Budget granted = state.Limits.Budget;
        if (granted.IsUnlimited)
        {
            return granted;
        }

        if (state.Lead is { } lead)
        {
            throw new AgentException(
                ErrorCode.RunStateForbids, $"budget: what run '{id}' left over went back to its lead, run '{lead.RunId}'; name what the new run may spend.");
        }

        if (!hasEnded)
        {
            throw new AgentException(
                ErrorCode.RunStateForbids, $"budget: run '{id}' is still spending its own; name what the new run may spend, or end the run first.");
        }

        Run run = await reader.GetAsync(id, cancellationToken).ConfigureAwait(false);
        Budget taken = await TakenBudget.ReadAsync(records, id, cancellationToken).ConfigureAwait(false) ?? new Budget();
        Budget left = granted.Minus(run.Budget!.Spent).Minus(taken);
        return left is { Steps: 0 } or { Tokens: 0 } or { Usd: 0 } || left.WallClock == TimeSpan.Zero
            ? throw new AgentException(ErrorCode.RunStateForbids, $"budget: nothing is left of the budget of run '{id}'; name what the new run may spend.")
            : left;
    }

    /// <summary>Puts the first message into the new run's inbox; returns its size in bytes.</summary>
    private async Task<long> SayAsync(
        string id, string? message, long position, string requester, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (message is null)
        {
            return 0;
        }

        await inbox.AddIfMissingAsync(id, position, new InboxMessage(message, requester, now), cancellationToken).ConfigureAwait(false);
        return RunSteering.MessageFrame + Encoding.UTF8.GetByteCount(message);
    }
}

/// <summary>What an idempotency key of a fork stands for.</summary>
/// <param name="Id">The run to start from.</param>
/// <param name="Request">From where and how.</param>
internal sealed record ForkClaim(string Id, ForkRequest Request);
