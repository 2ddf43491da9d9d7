using AgentFunctions.Samples;
using Microsoft.Extensions.AI;

namespace AgentFunctions.WebApp;

/// <summary>A script that pays one order back.</summary>
internal sealed class RehearsedClerk : RehearsedModel
{
    protected override ChatResponse Next(string[] results, IReadOnlyList<ChatMessage> messages, ChatOptions? options) =>
        results switch
        {
            [] => Call("The order is lost, so I pay it back.", "refund", 1, ("order", "4711")),
            [.., var last] => Say($"It came to: {last}"),
        };
}
