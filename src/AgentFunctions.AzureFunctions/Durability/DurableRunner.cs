using System.Text.Json;
using AgentFunctions.Durability;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AgentFunctions.AzureFunctions.Durability;

/// <summary>Runs what the registry knows under Durable Task.</summary>
internal sealed class DurableRunner(DurableRegistry registry, DurableClientAccessor clients, StepLimit limit)
{
    public async Task<JsonElement?> OrchestrateAsync(TaskOrchestrationContext context)
    {
        try
        {
            string name = context.Name.Name;
            OrchestratorDelegate run = registry.Orchestrators.GetValueOrDefault(name) ?? throw NotRegistered("orchestrator", name);
            string? input = DurablePayload.Text(context.GetInput<JsonElement?>());
            return DurablePayload.Parse(await run(new DurableTaskContext(context), input), name);
        }
        catch (Exception e)
        {
            throw DurableFailure.Of(e);
        }
    }

    public async Task<JsonElement?> RunAsync(ActivityContext context, JsonElement? input)
    {
        try
        {
            ActivityDelegate run = registry.Activities.GetValueOrDefault(context.Name) ?? throw NotRegistered("activity", context.Name);
            string? output = await limit.RunAsync(
                context.Name, token => run(context with { CancellationToken = token }, DurablePayload.Text(input)), context.CancellationToken);
            return DurablePayload.Parse(output, context.Name);
        }
        catch (Exception e)
        {
            throw DurableFailure.Of(e);
        }
    }

    /// <summary>
    /// Runs a step that a trigger was called for. Functions does not tell the number of the step; the ledger knows a step by
    /// its run, turn and call.
    /// </summary>
    public Task<JsonElement?> StepAsync(
        string name, JsonElement input, string instanceId, DurableTaskClient client, CancellationToken cancellationToken)
    {
        clients.Client = client;
        return RunAsync(new ActivityContext(instanceId, name, -1, cancellationToken), input);
    }

    private static AgentException NotRegistered(string kind, string name) => new(
        ErrorCode.NotRegistered, $"No {kind} '{name}' is registered; this app lacks the code that scheduled it.");
}
