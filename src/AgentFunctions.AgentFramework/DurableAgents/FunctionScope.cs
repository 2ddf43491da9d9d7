using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>Calls functions where middleware finds the call (<see cref="FunctionInvokingChatClient.CurrentContext"/>).</summary>
/// <remarks>It is never created: only a derived class may set the context.</remarks>
internal sealed class FunctionScope(IChatClient inner) : FunctionInvokingChatClient(inner)
{
    /// <summary>Calls a function.</summary>
    /// <param name="context">The call.</param>
    /// <param name="cancellationToken">The token to cancel the call.</param>
    public static async ValueTask<object?> CallAsync(FunctionInvocationContext context, CancellationToken cancellationToken)
    {
        CurrentContext = context;
        return await context.Function.InvokeAsync(context.Arguments, cancellationToken).ConfigureAwait(false);
    }
}
