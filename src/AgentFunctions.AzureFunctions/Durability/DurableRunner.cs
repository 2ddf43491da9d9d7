using System.Text.Json;
using AgentFunctions.Durability;
using Microsoft.DurableTask;

namespace AgentFunctions.AzureFunctions.Durability;

/// <summary>Runs what the registry knows under Durable Task.</summary>
internal sealed class DurableRunner(DurableRegistry registry)
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
            return DurablePayload.Parse(await run(context, DurablePayload.Text(input)), context.Name);
        }
        catch (Exception e)
        {
            throw DurableFailure.Of(e);
        }
    }

    private static AgentException NotRegistered(string kind, string name) => new(
        ErrorCode.NotRegistered, $"No {kind} '{name}' is registered; this app lacks the code that scheduled it.");
}
