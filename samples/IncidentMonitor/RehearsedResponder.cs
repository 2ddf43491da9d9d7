using AgentFunctions.Samples;
using Microsoft.Extensions.AI;

namespace AgentFunctions.IncidentMonitor;

/// <summary>A script that follows the runbook by what the tools return.</summary>
internal sealed class RehearsedResponder : RehearsedModel
{
    protected override ChatResponse Next(string[] results, IReadOnlyList<ChatMessage> messages, ChatOptions? options) =>
        results switch
        {
            [] => Call("I look at the service first.", "check_service", 1),
            [var seen] when !seen.Contains("200 OK", StringComparison.Ordinal) =>
                Call($"It answers '{seen}'. The runbook says: restart it.", "restart_service", 2),
            [var seen] => Say($"The service answers '{seen}'. There is nothing to do."),
            [_, var restarted] => Call($"The restart came to: {restarted}. I look again.", "check_service", 3),
            [var before, .., var after] =>
                Say($"Before: '{before}'. I restarted the service as the runbook allows. After: '{after}'. Nothing is left to do."),
        };
}
