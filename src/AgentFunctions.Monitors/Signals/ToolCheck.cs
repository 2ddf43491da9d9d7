using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Runs;
using AgentFunctions.ToolCalls;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Monitors.Signals;

/// <summary>
/// Looks at something through a tool of the host, under the kill switch, the policy and the audit log. Only through tools without
/// effects: a check that a crash repeats must not change anything.
/// </summary>
internal sealed class ToolCheck(
    IEnumerable<AgentTool> tools, [FromKeyedServices(ToolCallPipeline.OfSignal)] ToolCallPipeline pipeline, CallContexts contexts,
    TimeProvider time)
{
    /// <summary>Looks once. What it throws counts as a breach: a monitor that cannot see must say so.</summary>
    /// <param name="monitor">The monitor that looks.</param>
    /// <param name="signal">What to look at.</param>
    /// <param name="cancellationToken">The token that is cancelled at the time-out of the check.</param>
    /// <exception cref="AgentException">The call was refused, or failed.</exception>
    public async Task<Observation> LookAsync(MonitorDefinition monitor, SignalDefinition signal,
        CancellationToken cancellationToken)
    {
        ToolSignal target = signal.Tool!;
        ToolCallState state = Prepare(monitor, target);
        ToolOutcome outcome = await pipeline.RunAsync(state, cancellationToken)
            .ConfigureAwait(false) is CallOutcome.Completed completed
            ? completed.Outcome
            : throw new InvalidOperationException("A look neither waits nor delegates.");
        if (outcome.IsError)
        {
            throw new AgentException(outcome.Code ?? ErrorCode.ToolFailed, outcome.Text);
        }

        string? complaint = null;
        double? value = null;
        if (target.Result is { } condition)
        {
            complaint = condition.Error(outcome.Text, out value);
        }

        return new Observation(signal.Name, complaint)
        {
            Value = value,
            Evidence = Evidence.Of(outcome.Text),
            Fingerprint = TextHash.Of(outcome.Text),
        };
    }

    private ToolCallState Prepare(MonitorDefinition monitor, ToolSignal target)
    {
        AgentTool tool = tools.FirstOrDefault(tool => tool.Name == target.Name && tool is { Effect: ToolEffect.None, Job: null })
            ?? throw new AgentException(ErrorCode.ToolNotFound, $"tool: this host has no tool '{target.Name}' without effects.");
        Caller caller = MonitorCaller.Of(monitor.Name);
        var looker = new RunRecord
        {
            Id = $"monitor-{monitor.Name}",
            Agent = monitor.Agent ?? "",
            DefinitionHash = "",
            Model = "",
            Goal = monitor.Goal ?? monitor.Description,
            Labels = monitor.Labels,
            Requester = caller.Id,
            RequesterRoles = caller.Roles,
            CreatedAt = time.GetUtcNow(),
        };
        var asked = new FunctionCallContent(target.Name, target.Name) { Arguments = ArgumentsOf(target) };
        // A condition looks at all of the result; only what is kept of it as evidence is bounded.
        ToolCall call = ToolInvoker.Prepare([tool.WithResultLimit(int.MaxValue)], asked, contexts.OfNoTurn(looker),
            out ToolOutcome? refusal)
            ?? throw new AgentException(refusal!.Code!.Value, refusal.Text);
        return ToolCallState.OnBehalfOf(caller.Id,
            new ToolCallRequest(looker, new Lineage(looker, [looker.Agent], [looker]), call, asked));
    }

    private static Dictionary<string, object?> ArgumentsOf(ToolSignal target) =>
        target.Arguments is { ValueKind: JsonValueKind.Object } arguments
            ? arguments.EnumerateObject()
                .ToDictionary(static member => member.Name, static object? (member) => member.Value, StringComparer.Ordinal)
            : [];
}
