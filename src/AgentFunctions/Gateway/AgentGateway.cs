using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentFunctions.Activities;
using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Tools;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Gateway;

/// <summary>The way in: admits goals and routes them to an agent.</summary>
public sealed class AgentGateway(
    AgentCatalog agents, IModelCatalog models, RunTools tools, RunStore runs, RunReader reader, Journal journal,
    IRecordStore records, IOrchestrationClient orchestrations, IOptions<RunOptions> options, TimeProvider time)
{
    /// <summary>Admits a goal. The run is recorded durably when this returns.</summary>
    /// <param name="request">The goal.</param>
    /// <param name="requester">Who asks.</param>
    /// <param name="idempotencyKey">Makes the submission safe to repeat; <see langword="null"/> for none. At most 200 characters.</param>
    /// <param name="cancellationToken">Stops waiting; the run may have been admitted.</param>
    /// <returns>The run: the first one where the key and the request were submitted before.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>, <see cref="ErrorCode.AgentNotFound"/>, <see cref="ErrorCode.ModelNotFound"/>,
    /// <see cref="ErrorCode.ToolNotFound"/>, <see cref="ErrorCode.ToolUnavailable"/>: nothing was admitted.
    /// <see cref="ErrorCode.IdempotencyKeyReused"/>: the key was used for another request.
    /// </exception>
    public async Task<Run> SubmitAsync(
        RunRequest request, string requester = "local", string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        Admission admission = await AdmitAsync(request, cancellationToken).ConfigureAwait(false);
        DateTimeOffset now = time.GetUtcNow();
        string id = idempotencyKey is null
            ? RunId.New(now)
            : await ClaimAsync(request, requester, idempotencyKey, RunId.New(now), cancellationToken).ConfigureAwait(false);
        RunState state = await RecordAsync(id, request, admission, requester, cancellationToken).ConfigureAwait(false);
        await StartAsync(id, state, cancellationToken).ConfigureAwait(false);
        return await reader.GetAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Admits a goal for an orchestrator that starts the run as a child of its own. Safe to repeat.</summary>
    /// <param name="id">The id of the run, which the orchestrator made.</param>
    /// <param name="request">The goal.</param>
    /// <param name="requester">Who asks.</param>
    /// <param name="cancellationToken">Stops waiting; the run may have been admitted.</param>
    /// <returns>What to start the loop with.</returns>
    /// <exception cref="AgentException">As for <see cref="SubmitAsync"/>.</exception>
    internal async Task<RunState> AdmitAsync(string id, RunRequest request, string requester, CancellationToken cancellationToken)
    {
        Admission admission = await AdmitAsync(request, cancellationToken).ConfigureAwait(false);
        return await RecordAsync(id, request, admission, requester, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Takes up the run of a key that has not ended, and admits a new one where there is none: for programs that a person
    /// interrupts and starts again.
    /// </summary>
    /// <param name="request">The goal, should a new run be needed.</param>
    /// <param name="key">What makes it the same work. At most 200 characters.</param>
    /// <param name="requester">Who asks.</param>
    /// <param name="cancellationToken">Stops waiting; the run may have been admitted.</param>
    /// <returns>The run, and whether it was there already.</returns>
    /// <exception cref="AgentException">As for <see cref="SubmitAsync"/>.</exception>
    public async Task<(Run Run, bool Resumed)> SubmitOrResumeAsync(
        RunRequest request, string key, string requester = "local", CancellationToken cancellationToken = default)
    {
        string recordKey = ClaimKey(requester, key);
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

        return (await SubmitAsync(request, requester, key, cancellationToken).ConfigureAwait(false), false);
    }

    private AgentDefinition Route(string? name) => (name, agents.Agents) switch
    {
        (not null, _) => agents.Resolve(name),
        (null, [AgentDefinition only]) => only,
        _ => throw new AgentException(
            ErrorCode.InvalidInput, $"agent: name one of {string.Join(", ", agents.Agents.Select(agent => agent.Name))}."),
    };

    private async Task<Admission> AdmitAsync(RunRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Validate();
        AgentDefinition agent = Route(request.Agent);
        ModelBinding model = models.Resolve(agent.Model);
        IReadOnlyList<ToolDeclaration> granted = await tools.SelectAsync(agent, cancellationToken).ConfigureAwait(false);
        return new Admission(agent, model, granted, LimitsOf(agent, model, request.Budget));
    }

    private async Task<RunState> RecordAsync(
        string id, RunRequest request, Admission admission, string requester, CancellationToken cancellationToken)
    {
        var run = new RunRecord
        {
            Id = id,
            Agent = admission.Agent.Name,
            DefinitionHash = await runs.PutDefinitionAsync(admission.Agent, cancellationToken).ConfigureAwait(false),
            ToolsHash = await tools.PinAsync(admission.Tools, cancellationToken).ConfigureAwait(false),
            Model = admission.Model.Name,
            Goal = request.Goal!,
            Acceptance = request.Acceptance,
            Input = request.Input,
            Labels = request.Labels ?? new Dictionary<string, string>(),
            Priority = request.Priority,
            CallbackUrl = request.CallbackUrl,
            Workspace = WorkspaceFor(id),
            Requester = requester,
            CreatedAt = time.GetUtcNow(),
        };
        await runs.AddAsync(run, cancellationToken).ConfigureAwait(false);
        var submitted = new JournalEvent(JournalEventTypes.RunSubmitted, run.CreatedAt) { Text = run.Goal, Model = run.Model };
        await journal.AppendIfMissingAsync(run.Id, submitted, cancellationToken).ConfigureAwait(false);
        long bytes = Prompt.FirstRequestBytes(admission.Agent, run, admission.Tools);
        return new RunState { Limits = admission.Limits, BaseBytes = bytes, PendingBytes = bytes };
    }

    private async Task StartAsync(string id, RunState state, CancellationToken cancellationToken)
    {
        try
        {
            await orchestrations.ScheduleAsync(
                AgentLoop.Name, state, new StartOptions { InstanceId = id }, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceExists)
        {
            // A repeated submission under the same idempotency key: the first one started it.
        }
    }

    /// <summary>Binds the key to this request; returns the id of the run that the key stands for.</summary>
    private async Task<string> ClaimAsync(
        RunRequest request, string requester, string key, string newId, CancellationToken cancellationToken)
    {
        if (key.Length is 0 or > 200)
        {
            throw new AgentException(ErrorCode.InvalidInput, "Idempotency-Key: use 1 to 200 characters.");
        }

        string recordKey = ClaimKey(requester, key);
        string body = Hash(JsonSerializer.SerializeToUtf8Bytes(request, AgentJsonContext.Default.RunRequest));
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
    private static LoopLimits LimitsOf(AgentDefinition agent, ModelBinding model, Budget? requested)
    {
        var own = new Budget { Tokens = agent.Limits.MaxTokens, WallClock = agent.Limits.MaxDuration };
        Budget budget = requested is null ? own : own.Narrow(requested);
        if (budget.Usd is not null && model.Profile.Price is null)
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"budget.usd: no price is configured for model '{model.Name}'; set Models:{model.Name}:Price:Input and Price:Output, or leave it out.");
        }

        return new LoopLimits(agent.Limits.MaxTurns, budget, model.Profile.ContextWindow, model.Profile.MaxOutputTokens, model.Profile.Price)
        {
            BytesPerToken = model.Profile.BytesPerToken,
        };
    }

    private string? WorkspaceFor(string runId)
    {
        if (options.Value.Workspace is { } shared)
        {
            return new Workspace(shared).Root;
        }

        return options.Value.WorkspaceRoot is { } root ? Directory.CreateDirectory(Path.Combine(root, runId)).FullName : null;
    }

    /// <summary>What a goal comes to on this host.</summary>
    private sealed record Admission(AgentDefinition Agent, ModelBinding Model, IReadOnlyList<ToolDeclaration> Tools, LoopLimits Limits);

    private static string ClaimKey(string requester, string key) =>
        $"idempotency/{Hash(Encoding.UTF8.GetBytes($"{requester}\n{key}"))}";

    private static string Hash(byte[] data) => Convert.ToHexStringLower(SHA256.HashData(data));
}

/// <summary>What an idempotency key was used for.</summary>
/// <param name="RunId">The run that came of it.</param>
/// <param name="BodyHash">The hash of the request.</param>
internal sealed record IdempotencyClaim(string RunId, string BodyHash);
