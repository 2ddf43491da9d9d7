using System.Text.Json;
using AgentFunctions.AzureFunctions.Hosting;
using AgentFunctions.DurableTask;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Triggers;

/// <summary>Provides an orchestration trigger for each orchestrator and an activity trigger for each activity of a run.</summary>
/// <param name="services">The app's services.</param>
public sealed class RunTriggers(IServiceProvider services)
{
    private readonly FunctionRunner _runner = services.GetRequiredService<FunctionRunner>();

    /// <summary>Runs the loop of a run.</summary>
    /// <param name="context">The context of the orchestration.</param>
    [Function(OrchestratorNames.RunAgent)]
    public Task<JsonElement?> RunAgentAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
    _runner.OrchestrateAsync(context);

    /// <summary>Delivers the end of a run to the address that its caller gave.</summary>
    /// <param name="context">The context of the orchestration.</param>
    [Function(OrchestratorNames.DeliverCallback)]
    public Task<JsonElement?> DeliverCallbackAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
    _runner.OrchestrateAsync(context);

    /// <summary>Erases a run tree.</summary>
    /// <param name="context">The context of the orchestration.</param>
    [Function(OrchestratorNames.EraseTree)]
    public Task<JsonElement?> EraseTreeAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
    _runner.OrchestrateAsync(context);

    /// <summary>Erases a part of a run tree.</summary>
    /// <param name="input">The input of the activity.</param>
    /// <param name="instanceId">The erasure.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function(StepNames.EraseStep)]
    public Task<JsonElement?> EraseStepAsync(
        [ActivityTrigger] JsonElement input, string instanceId, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        _runner.StepAsync(StepNames.EraseStep, input, instanceId, client, cancellationToken);

    /// <summary>Does the same with many runs.</summary>
    /// <param name="context">The context of the orchestration.</param>
    [Function(OrchestratorNames.ActOnRuns)]
    public Task<JsonElement?> ActOnRunsAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
    _runner.OrchestrateAsync(context);

    /// <summary>Pauses, resumes, cancels or erases some runs.</summary>
    /// <param name="input">The input of the activity.</param>
    /// <param name="instanceId">The job.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function(StepNames.ActOnRuns)]
    public Task<JsonElement?> ActOnSomeRunsAsync(
        [ActivityTrigger] JsonElement input, string instanceId, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        _runner.StepAsync(StepNames.ActOnRuns, input, instanceId, client, cancellationToken);

    /// <summary>Posts the end of a run to the address that its caller gave.</summary>
    /// <param name="input">How it ended.</param>
    /// <param name="instanceId">The delivery.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function(StepNames.PostCallback)]
    public Task<JsonElement?> PostCallbackAsync(
        [ActivityTrigger] JsonElement input, string instanceId, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        _runner.StepAsync(StepNames.PostCallback, input, instanceId, client, cancellationToken);

    /// <summary>Waits for the answer to a question that its run does not wait for.</summary>
    /// <param name="context">The context of the orchestration.</param>
    [Function(OrchestratorNames.AwaitAnswer)]
    public Task<JsonElement?> AwaitAnswerAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
    _runner.OrchestrateAsync(context);

    /// <summary>Looks at a question.</summary>
    /// <param name="input">Which question.</param>
    /// <param name="instanceId">The wait.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function(StepNames.LookAtQuestion)]
    public Task<JsonElement?> LookAtQuestionAsync(
        [ActivityTrigger] JsonElement input, string instanceId, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        _runner.StepAsync(StepNames.LookAtQuestion, input, instanceId, client, cancellationToken);

    /// <summary>Asks the model.</summary>
    /// <param name="input">Which turn.</param>
    /// <param name="instanceId">The run.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function(StepNames.CallModel)]
    public Task<JsonElement?> CallModelAsync(
        [ActivityTrigger] JsonElement input, string instanceId, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        _runner.StepAsync(StepNames.CallModel, input, instanceId, client, cancellationToken);

    /// <summary>Makes a tool call.</summary>
    /// <param name="input">Which call.</param>
    /// <param name="instanceId">The run.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function(StepNames.CallTool)]
    public Task<JsonElement?> CallToolAsync(
        [ActivityTrigger] JsonElement input, string instanceId, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        _runner.StepAsync(StepNames.CallTool, input, instanceId, client, cancellationToken);

    /// <summary>Sums up the context.</summary>
    /// <param name="input">The input of the activity.</param>
    /// <param name="instanceId">The run.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function(StepNames.Compact)]
    public Task<JsonElement?> CompactAsync(
        [ActivityTrigger] JsonElement input, string instanceId, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        _runner.StepAsync(StepNames.Compact, input, instanceId, client, cancellationToken);

    /// <summary>Checks whether the goal is reached.</summary>
    /// <param name="input">Where the run stands.</param>
    /// <param name="instanceId">The run.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function(StepNames.CheckAcceptance)]
    public Task<JsonElement?> CheckAcceptanceAsync(
        [ActivityTrigger] JsonElement input, string instanceId, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        _runner.StepAsync(StepNames.CheckAcceptance, input, instanceId, client, cancellationToken);

    /// <summary>Records the end of the run and notifies its followers.</summary>
    /// <param name="input">The input of the activity.</param>
    /// <param name="instanceId">The run.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function(StepNames.Notify)]
    public Task<JsonElement?> NotifyAsync(
        [ActivityTrigger] JsonElement input, string instanceId, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        _runner.StepAsync(StepNames.Notify, input, instanceId, client, cancellationToken);

    /// <summary>Keeps a sub-agent's result where its lead finds it.</summary>
    /// <param name="input">How it ended.</param>
    /// <param name="instanceId">The sub-agent's run.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function(StepNames.ReportToLead)]
    public Task<JsonElement?> ReportToLeadAsync(
        [ActivityTrigger] JsonElement input, string instanceId, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        _runner.StepAsync(StepNames.ReportToLead, input, instanceId, client, cancellationToken);

    /// <summary>Ends sub-agents that do not end when they are told to.</summary>
    /// <param name="input">The input of the activity.</param>
    /// <param name="instanceId">The run that they work for.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function(StepNames.EndChildren)]
    public Task<JsonElement?> EndChildrenAsync(
        [ActivityTrigger] JsonElement input, string instanceId, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        _runner.StepAsync(StepNames.EndChildren, input, instanceId, client, cancellationToken);

    /// <summary>Admits a run for an orchestrator of the app's own.</summary>
    /// <param name="input">The goal.</param>
    /// <param name="instanceId">The orchestrator's instance.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function(StepNames.AdmitRun)]
    public Task<JsonElement?> AdmitRunAsync(
        [ActivityTrigger] JsonElement input, string instanceId, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        _runner.StepAsync(StepNames.AdmitRun, input, instanceId, client, cancellationToken);

    /// <summary>Reads what came of a run for an orchestrator of the app's own.</summary>
    /// <param name="input">The run's id.</param>
    /// <param name="instanceId">The orchestrator's instance.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token that is cancelled when the host stops.</param>
    [Function(StepNames.ReadRun)]
    public Task<JsonElement?> ReadRunAsync(
        [ActivityTrigger] JsonElement input, string instanceId, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        _runner.StepAsync(StepNames.ReadRun, input, instanceId, client, cancellationToken);
}
