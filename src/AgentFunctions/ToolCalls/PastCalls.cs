using AgentFunctions.Governance.Policies;

namespace AgentFunctions.ToolCalls;

/// <summary>Makes what rules about sequences later see of a call.</summary>
internal static class PastCalls
{
    public static PastCall Of(ToolCallRequest request, PolicyDecision? decision, DateTimeOffset at) =>
        new(request.Context.RunId, request.Context.Turn, request.Context.Call, request.Tool.Name, request.Effect, at)
        {
            Hosts = HostNames.Of(decision?.Arguments ?? request.Arguments),
            DataLabels = decision?.DataLabels ?? [],
        };
}
