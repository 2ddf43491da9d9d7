using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.DurableTask.Activities;
using AgentFunctions.DurableTask.Orchestrations;
using AgentFunctions.DurableTask.Payloads;
using Microsoft.DurableTask;
using Microsoft.Extensions.Options;

namespace AgentFunctions.DurableTask;

/// <summary>Runs the orchestrators and activities of the registry for a Durable Task worker, whatever calls it.</summary>
/// <param name="registry">The orchestrators and activities.</param>
/// <param name="options">The settings.</param>
/// <param name="time">The clock.</param>
public sealed class DurableTaskRunner(DurableRegistry registry, IOptions<DurableTaskEngineOptions> options, TimeProvider time)
{
    private readonly StepLimit _limit = new(options.Value.StepTimeout, time);

    /// <summary>Runs the orchestrator that the context names.</summary>
    /// <param name="context">The orchestration.</param>
    /// <returns>Its output as JSON.</returns>
    public async Task<JsonElement?> OrchestrateAsync(TaskOrchestrationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            string name = context.Name.Name;
            OrchestratorDelegate run = registry.Orchestrators.GetValueOrDefault(name)
                ?? throw NotRegistered("orchestrator", name);
            string? input = DurablePayload.Text(context.GetInput<JsonElement?>());
            return DurablePayload.Parse(await run(new DurableTaskContext(context), input), name);
        }
        catch (Exception e)
        {
            throw DurableFailure.Of(e);
        }
    }

    /// <summary>
    /// Runs an activity. Durable Task does not tell an activity the number of its step; the ledger knows a step by its run, turn
    /// and call.
    /// </summary>
    /// <param name="instanceId">The orchestration that asks for it.</param>
    /// <param name="name">The name of the activity.</param>
    /// <param name="input">The input as JSON.</param>
    /// <param name="cancellationToken">The token to cancel the step when the worker stops.</param>
    /// <returns>Its result as JSON.</returns>
    public async Task<JsonElement?> RunActivityAsync(string instanceId, string name, JsonElement? input,
        CancellationToken cancellationToken)
    {
        try
        {
            ActivityDelegate run = registry.Activities.GetValueOrDefault(name) ?? throw NotRegistered("activity", name);
            string? output = await _limit.RunAsync(
                name,
                (token, late) => run(
                    new ActivityContext(instanceId, name, -1, token) { Overdue = late }, DurablePayload.Text(input)),
                cancellationToken)
                .ConfigureAwait(false);
            return DurablePayload.Parse(output, name);
        }
        catch (Exception e)
        {
            throw DurableFailure.Of(e);
        }
    }

    private static AgentException NotRegistered(string kind, string name) => new(
        ErrorCode.NotRegistered, $"No {kind} '{name}' is registered; this app lacks the code that scheduled it.");
}
