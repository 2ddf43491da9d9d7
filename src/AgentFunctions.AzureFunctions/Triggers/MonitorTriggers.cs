using System.Text.Json;
using AgentFunctions.AzureFunctions.Hosting;
using AgentFunctions.Monitors.Orchestration;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Triggers;

/// <summary>
/// Provides an orchestration trigger for each orchestrator and an activity trigger for each activity of monitors.
/// </summary>
/// <param name="services">The app's services.</param>
public sealed class MonitorTriggers(IServiceProvider services)
{
    private readonly FunctionRunner _runner = services.GetRequiredService<FunctionRunner>();

    /// <summary>Runs the loop of a monitor.</summary>
    /// <param name="context">The context of the orchestration.</param>
    [Function(MonitorOrchestratorNames.Monitor)]
    public Task<JsonElement?> RunMonitorAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
    _runner.OrchestrateAsync(context);

    /// <summary>Runs the loop of an incident.</summary>
    /// <param name="context">The context of the orchestration.</param>
    [Function(MonitorOrchestratorNames.WatchIncident)]
    public Task<JsonElement?> RunIncidentAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
    _runner.OrchestrateAsync(context);

    /// <summary>Runs the loop of a response to an incident.</summary>
    /// <param name="context">The context of the orchestration.</param>
    [Function(MonitorOrchestratorNames.RespondToIncident)]
    public Task<JsonElement?> RunResponseAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
    _runner.OrchestrateAsync(context);

    /// <summary>Decides which ticks of a monitor are due.</summary>
    /// <param name="input">The input of the activity.</param>
    /// <param name="instanceId">The id of the orchestration.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function(MonitorStepNames.PlanTicks)]
    public Task<JsonElement?> PlanTicksAsync(
        [ActivityTrigger] JsonElement input, string instanceId, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        _runner.StepAsync(MonitorStepNames.PlanTicks, input, instanceId, client, cancellationToken);

    /// <summary>Makes one tick of a monitor.</summary>
    /// <param name="input">The input of the activity.</param>
    /// <param name="instanceId">The id of the orchestration.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function(MonitorStepNames.RunTick)]
    public Task<JsonElement?> RunTickAsync(
        [ActivityTrigger] JsonElement input, string instanceId, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        _runner.StepAsync(MonitorStepNames.RunTick, input, instanceId, client, cancellationToken);

    /// <summary>Notifies people of an incident.</summary>
    /// <param name="input">The input of the activity.</param>
    /// <param name="instanceId">The id of the orchestration.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function(MonitorStepNames.NotifyIncident)]
    public Task<JsonElement?> NotifyIncidentAsync(
        [ActivityTrigger] JsonElement input, string instanceId, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        _runner.StepAsync(MonitorStepNames.NotifyIncident, input, instanceId, client, cancellationToken);

    /// <summary>Keeps a notification that could not be delivered.</summary>
    /// <param name="input">The input of the activity.</param>
    /// <param name="instanceId">The id of the orchestration.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function(MonitorStepNames.DeadLetter)]
    public Task<JsonElement?> DeadLetterAsync(
        [ActivityTrigger] JsonElement input, string instanceId, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        _runner.StepAsync(MonitorStepNames.DeadLetter, input, instanceId, client, cancellationToken);

    /// <summary>Starts an agent on an incident.</summary>
    /// <param name="input">The input of the activity.</param>
    /// <param name="instanceId">The id of the orchestration.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function(MonitorStepNames.StartResponse)]
    public Task<JsonElement?> StartResponseAsync(
        [ActivityTrigger] JsonElement input, string instanceId, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        _runner.StepAsync(MonitorStepNames.StartResponse, input, instanceId, client, cancellationToken);

    /// <summary>Records what came of it.</summary>
    /// <param name="input">The input of the activity.</param>
    /// <param name="instanceId">The id of the orchestration.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function(MonitorStepNames.RecordResponse)]
    public Task<JsonElement?> RecordResponseAsync(
        [ActivityTrigger] JsonElement input, string instanceId, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        _runner.StepAsync(MonitorStepNames.RecordResponse, input, instanceId, client, cancellationToken);
}
