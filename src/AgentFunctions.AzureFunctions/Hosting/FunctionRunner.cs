using System.Text.Json;
using AgentFunctions.DurableTask;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AgentFunctions.AzureFunctions.Hosting;

/// <summary>Runs what a trigger was called for.</summary>
internal sealed class FunctionRunner(DurableTaskRunner runner, DurableTaskClientAccessor clients)
{
    public Task<JsonElement?> OrchestrateAsync(TaskOrchestrationContext context) => runner.OrchestrateAsync(context);

    public Task<JsonElement?> StepAsync(
        string name, JsonElement input, string instanceId, DurableTaskClient client, CancellationToken cancellationToken)
    {
        clients.Client = client;
        return runner.RunActivityAsync(instanceId, name, input, cancellationToken);
    }
}
