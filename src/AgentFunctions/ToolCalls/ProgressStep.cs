using AgentFunctions.Live;
using AgentFunctions.Tools;

namespace AgentFunctions.ToolCalls;

/// <summary>Lets a tool say how far it is, for whoever follows the run.</summary>
internal sealed class ProgressStep(LivePublisher publisher) : IToolCallStep
{
    public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        ToolCall call = state.Call!;
        using LiveReports? reports = publisher.Reports(call.Context.RunId, call.Context.Turn, call.Context.Call, call.Tool.Name);
        call.Context.Reports = reports;
        return await next(state, cancellationToken).ConfigureAwait(false);
    }
}
