using System.Text.Json;
using AgentFunctions.DurableTask;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AgentFunctions.AzureFunctions.Hosting;

/// <summary>Runs what a trigger was called for.</summary>
internal sealed class FunctionRunner(DurableTaskRunner runner, StartedServices started)
{
    public Task<JsonElement?> OrchestrateAsync(TaskOrchestrationContext context) => runner.OrchestrateAsync(context);

    public Task<JsonElement?> StepAsync(
        string name, JsonElement input, string instanceId, DurableTaskClient client, CancellationToken cancellationToken)
    {
        started.Begin(client);
        return runner.RunActivityAsync(instanceId, name, input, cancellationToken);
    }
}
