using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentFunctions.Activities;
using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Durability;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Gateway.Routing;
using AgentFunctions.Governance.Identity;
using AgentFunctions.Loop;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Swarm;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Workspaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Gateway;

/// <summary>The way in: admits goals and routes them to an agent.</summary>
public sealed class AgentGateway(
    AgentCatalog agents, IModelCatalog models, RunTools tools, RunStore runs, RunReader reader, Journal journal,
    IRecordStore records, IOrchestrationClient orchestrations, IServiceProvider services, IOptions<RunOptions> options, Admission admission,
    IOptions<GatewayOptions> gateway, IOptions<SwarmOptions> swarm, TimeProvider time)
{
    private readonly GoalRouter _router = new(gateway);

    /// <summary>Admits a goal. The run is recorded durably when this returns.</summary>
    /// <param name="request">The goal.</param>
    /// <param name="caller">Who asks; <see langword="null"/> for the program itself.</param>
    /// <param name="idempotencyKey">Makes the submission safe to repeat; <see langword="null"/> for none. At most 200 characters.</param>
    /// <param name="cancellationToken">Stops waiting; the run may have been admitted.</param>
    /// <returns>The run: the first one where the key and the request were submitted before.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>, <see cref="ErrorCode.AgentNotFound"/>, <see cref="ErrorCode.ModelNotFound"/>,
    /// <see cref="ErrorCode.ToolNotFound"/>, <see cref="ErrorCode.ToolUnavailable"/>: nothing was admitted.
    /// <see cref="ErrorCode.IdempotencyKeyReused"/>: the key was used for another request.
    /// <see cref="ErrorCode.Stopped"/>, <see cref="ErrorCode.NotAllowed"/>, <see cref="ErrorCode.QuotaExceeded"/>: the message names the rule.
    /// </exception>
    public async Task<Run> SubmitAsync(
        RunRequest request, Caller? caller = null, string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        AdmittedRun admitted = await AdmitAsync(request, caller ?? Caller.Local, idempotencyKey, null, cancellationToken).ConfigureAwait(false);
        await StartAsync(admitted, cancellationToken).ConfigureAwait(false);
        return await reader.GetAsync(admitted.Record.Id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Admits a goal for an orchestrator that starts the run itself, as its sub-orchestration.</summary>
    /// <param name="request">The goal.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="idempotencyKey">Makes it safe to repeat; <see langword="null"/> for none.</param>
    /// <param name="narrow">Changes the definition for this run alone; <see langword="null"/> to leave it.</param>
    /// <param name="cancellationToken">Stops waiting; the run may have been admitted.</param>
    /// <param name="id">The id that the run shall have, where the orchestrator made it; <see langword="null"/> for a new one.</param>
    /// <exception cref="AgentException">As for <see cref="SubmitAsync"/>.</exception>
    internal async Task<AdmittedRun> AdmitAsync(
        RunRequest request, Caller caller, string? idempotencyKey, Func<AgentDefinition, Task<AgentDefinition>>? narrow,
        CancellationToken cancellationToken, string? id = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Validate();
        Route route = Find(request, caller);
        AgentDefinition agent = route.Agent;
        AccessRuling access = await admission.DemandAccessAsync(caller, agent.Name, request.Goal!, request.Labels, cancellationToken).ConfigureAwait(false);
        agent = narrow is null ? agent : await narrow(agent).ConfigureAwait(false);
        ModelBinding model = models.Resolve(agent.Model);
        agent = SwarmTools.Resolve(agent, model.Profile);
        IReadOnlyList<ToolDeclaration> granted =
            [.. (await tools.SelectAsync(agent, cancellationToken).ConfigureAwait(false)).Where(tool => access.Allows(tool.Name))];
        if (request.Acceptance is { } acceptance)
        {
            bool hasWorkspace = options.Value is not { Workspace: null, WorkspaceRoot: null };
            AcceptanceRules.Demand(acceptance, models, services.GetService<WorkspaceCommands>(), hasWorkspace);
            if (acceptance.Command is not null && !access.Allows(RunCommandTool.Name))
            {
                throw new AgentException(
                    ErrorCode.NotAllowed, $"Rule '{AccessRules.NoRule}': acceptance.command: no rule lets {caller.Id} have commands run ('{RunCommandTool.Name}').");
            }
        }

        LoopLimits limits = LimitsOf(agent, model, request.Acceptance, request.Budget);

        DateTimeOffset now = time.GetUtcNow();
        id ??= idempotencyKey is null
            ? RunId.New(now)
            : await ClaimAsync(
                JsonSerializer.SerializeToUtf8Bytes(request, AgentJsonContext.Default.RunRequest), caller.Id, idempotencyKey, RunId.New(now),
                cancellationToken).ConfigureAwait(false);
        var run = new RunRecord
        {
            Id = id,
            Agent = agent.Name,
            DefinitionHash = await runs.PutDefinitionAsync(agent, cancellationToken).ConfigureAwait(false),
            ToolsHash = await tools.PinAsync(granted, cancellationToken).ConfigureAwait(false),
            Model = model.Name,
            Goal = request.Goal!,
            Acceptance = request.Acceptance,
            Input = request.Input,
            Labels = request.Labels ?? new Dictionary<string, string>(),
            Priority = request.Priority,
            CallbackUrl = request.CallbackUrl,
            Workspace = WorkspaceFor(id),
            Requester = caller.Id,
            RequesterRoles = caller.Roles,
            Scopes = ScopeSet.Narrow(request.Scopes, agent.Scopes),
            CreatedAt = now,
        };
        long bytes = Prompt.FirstRequestBytes(agent, run, granted);
        var state = new RunState { Limits = limits, BaseBytes = bytes, PendingBytes = bytes };
        if (idempotencyKey is not null && await orchestrations.GetAsync(id, false, cancellationToken).ConfigureAwait(false) is not null)
        {
            // A repeated submission: the first one was admitted, and may be over by now.
            return new AdmittedRun(run, state) { IsRepeated = true };
        }

        state = state with { QueueTicket = await admission.AdmitAsync(run, caller, cancellationToken, route.Rule).ConfigureAwait(false) };
        await runs.AddAsync(run, cancellationToken).ConfigureAwait(false);
        var submitted = new JournalEvent(JournalEventTypes.RunSubmitted, run.CreatedAt) { Text = run.Goal, Model = run.Model };
        await journal.AppendIfMissingAsync(run.Id, submitted, cancellationToken).ConfigureAwait(false);
        return new AdmittedRun(run, state);
    }

    /// <summary>
    /// Takes up the run of a key that has not ended, and admits a new one where there is none: for programs that a person
    /// interrupts and starts again.
    /// </summary>
    /// <param name="request">The goal, should a new run be needed.</param>
    /// <param name="key">What makes it the same work. At most 200 characters.</param>
    /// <param name="caller">Who asks; <see langword="null"/> for the program itself.</param>
    /// <param name="cancellationToken">Stops waiting; the run may have been admitted.</param>
    /// <returns>The run, and whether it was there already.</returns>
    /// <exception cref="AgentException">As for <see cref="SubmitAsync"/>.</exception>
    public async Task<(Run Run, bool Resumed)> SubmitOrResumeAsync(
        RunRequest request, string key, Caller? caller = null, CancellationToken cancellationToken = default)
    {
        caller ??= Caller.Local;
        string recordKey = ClaimKey(caller.Id, key);
        if (await records.GetAsync(recordKey, cancellationToken).ConfigureAwait(false) is { } record)
        {
            IdempotencyClaim claim = JsonSerializer.Deserialize(record.Value.Span, AgentJsonContext.Default.IdempotencyClaim)!;
            switch (await reader.FindAsync(claim.RunId, cancellationToken).ConfigureAwait(false))
            {
                case { IsEnded: false } unfinished:
                    return (unfinished, true);
                case { IsEnded: true }:
                    await records.DeleteAsync(recordKey, RecordCondition.IfMatch(record.Etag), cancellationToken).ConfigureAwait(false);
                    break;
            }
        }

        return (await SubmitAsync(request, caller, key, cancellationToken).ConfigureAwait(false), false);
    }

    private Route Find(RunRequest request, Caller caller)
    {
        if (request.Agent is { } name)
        {
            return new Route(agents.Resolve(name), null);
        }

        AgentDefinition[] open = [.. agents.Agents.Where(agent => admission.MayAsk(caller, agent.Name, request.Goal!, request.Labels))];
        return open.Length == 0 && agents.Agents.Count > 0
            ? throw new AgentException(ErrorCode.NotAllowed, $"Rule '{AccessRules.NoRule}': no rule lets {caller.Id} submit this to any agent.")
            : _router.Find(request.Goal!, open);
    }

    /// <summary>Starts a run that was admitted.</summary>
    internal async Task StartAsync(AdmittedRun admitted, CancellationToken cancellationToken)
    {
        if (admitted.IsRepeated)
        {
            return;
        }

        try
        {
            await orchestrations.ScheduleAsync(
                AgentLoop.Name, admitted.State, new StartOptions { InstanceId = admitted.Record.Id }, cancellationToken).ConfigureAwait(false);
            if (admitted.State.QueueTicket is not null)
            {
                await admission.ScheduledAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceExists)
        {
            // A repeated submission under the same idempotency key: the first one started it.
        }
    }

    /// <summary>Binds the key to this request; returns the id of the run that the key stands for.</summary>
    internal async Task<string> ClaimAsync(
        byte[] request, string requester, string key, string newId, CancellationToken cancellationToken)
    {
        if (key.Length is 0 or > 200)
        {
            throw new AgentException(ErrorCode.InvalidInput, "Idempotency-Key: use 1 to 200 characters.");
        }

        string recordKey = ClaimKey(requester, key);
        string body = Hash(request);
        byte[] claim = JsonSerializer.SerializeToUtf8Bytes(new IdempotencyClaim(newId, body), AgentJsonContext.Default.IdempotencyClaim);
        try
        {
            await records.PutAsync(recordKey, claim, RecordCondition.IfNew, cancellationToken).ConfigureAwait(false);
            return newId;
        }
        catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
        {
            StoredRecord record = (await records.GetAsync(recordKey, cancellationToken).ConfigureAwait(false))!;
            IdempotencyClaim first = JsonSerializer.Deserialize(record.Value.Span, AgentJsonContext.Default.IdempotencyClaim)!;
            return first.BodyHash == body
                ? first.RunId
                : throw new AgentException(
                    ErrorCode.IdempotencyKeyReused, "Idempotency-Key: this key was used for another request; use a new key.");
        }
    }

    /// <summary>The narrower of what the definition and the request allow.</summary>
    internal LoopLimits LimitsOf(AgentDefinition agent, ModelBinding model, RunAcceptance? acceptance, Budget? requested)
    {
        var own = new Budget { Tokens = agent.Limits.MaxTokens, WallClock = agent.Limits.MaxDuration };
        Budget budget = requested is null ? own : own.Narrow(requested);
        budget = agent.Delegation == Delegation.None ? budget : budget.Narrow(new Budget { SubAgents = swarm.Value.MaxSubAgents });
        ModelBinding? judge = acceptance?.Judge is { } asked ? models.Resolve(asked.Model ?? model.Name) : null;
        foreach (ModelBinding priced in new[] { model, judge ?? model })
        {
            if (budget.Usd is not null && priced.Profile.Price is null)
            {
                throw new AgentException(
                    ErrorCode.InvalidInput,
                    $"budget.usd: no price is configured for model '{priced.Name}'; set Models:{priced.Name}:Price:Input and Price:Output, or leave it out.");
            }
        }

        ModelProfile profile = model.Profile;
        return new LoopLimits(agent.Limits.MaxTurns, budget, profile.ContextWindow, profile.MaxOutputTokens, profile.Price)
        {
            MaxRejections = acceptance is { IsChecked: true } ? acceptance.MaxAttempts : 0,
            BytesPerToken = profile.BytesPerToken,
            Judge = judge is null ? null : JudgeLimitsOf(judge.Profile),
            Swarm = swarm.Value.LimitsOf(agent),
        };
    }

    private static JudgeLimits JudgeLimitsOf(ModelProfile judge) => new(
        Math.Min(judge.MaxOutputTokens, 8_192),
        (long)Math.Max(1, (judge.ContextWindow - judge.MaxOutputTokens) * judge.BytesPerToken),
        judge.Price);

    private string? WorkspaceFor(string runId)
    {
        if (options.Value.Workspace is { } shared)
        {
            return new Workspace(shared).Root;
        }

        return options.Value.WorkspaceRoot is { } root ? Directory.CreateDirectory(Path.Combine(root, runId)).FullName : null;
    }

    private static string ClaimKey(string requester, string key) =>
        $"idempotency/{Hash(Encoding.UTF8.GetBytes($"{requester}\n{key}"))}";

    private static string Hash(byte[] data) => Convert.ToHexStringLower(SHA256.HashData(data));
}

/// <summary>A run that was admitted and is not started yet.</summary>
/// <param name="Record">What it was admitted with.</param>
/// <param name="State">How its loop begins.</param>
internal sealed record AdmittedRun(RunRecord Record, RunState State)
{
    /// <summary>Whether it was started before, under the same idempotency key.</summary>
    public bool IsRepeated { get; init; }
}

/// <summary>What an idempotency key was used for.</summary>
/// <param name="RunId">The run that came of it.</param>
/// <param name="BodyHash">The hash of the request.</param>
internal sealed record IdempotencyClaim(string RunId, string BodyHash);
