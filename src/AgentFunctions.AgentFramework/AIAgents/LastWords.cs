using System.Runtime.CompilerServices;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>
/// Leaves of what the model said its last words alone: who asked for JSON reads all text of a response as one. So words are held
/// until it is known that they are the last.
/// </summary>
internal static class LastWords
{
    /// <summary>Passes updates on, each as soon as it may be told.</summary>
    /// <param name="updates">The updates of a response.</param>
    /// <param name="cancellationToken">The token to stop.</param>
    public static async IAsyncEnumerable<AgentResponseUpdate> OfAsync(
        IAsyncEnumerable<AgentResponseUpdate> updates, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var held = new List<AgentResponseUpdate>();
        await foreach (AgentResponseUpdate update in updates.ConfigureAwait(false).WithCancellation(cancellationToken))
        {
            if (held.Count > 0 && !IsOfMessage(held[0], update))
            {
                foreach (AgentResponseUpdate said in held)
                {
                    said.Contents = [.. said.Contents.Where(static content => content is not TextContent)];
                    yield return said;
                }

                held.Clear();
            }

            if (held.Count > 0 || update.Text.Length > 0)
            {
                held.Add(update);
            }
            else
            {
                yield return update;
            }
        }

        foreach (AgentResponseUpdate last in held)
        {
            yield return last;
        }
    }

    /// <summary>Words that come with a call are not the answer.</summary>
    private static bool IsOfMessage(AgentResponseUpdate held, AgentResponseUpdate next) =>
        next.MessageId == held.MessageId
        && next.Contents.All(static content => content is not (FunctionCallContent or FunctionResultContent));
}
