using System.Security.Cryptography;
using System.Text;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>Finds the key by which a submission that is repeated is the same run.</summary>
internal static class RunKey
{
    /// <summary>The property of run options that has the key.</summary>
    public const string Property = "agentfunctions.idempotencyKey";

    /// <summary>
    /// Gets the key: that of the options, else that of the scope and the messages, else that of the durable call that the agent
    /// serves as a tool.
    /// </summary>
    /// <remarks>Never that of a call alone: models number their calls anew in each conversation.</remarks>
    /// <param name="agent">The name of the agent.</param>
    /// <param name="scope">What the caller repeats as a whole; <see langword="null"/> for nothing.</param>
    /// <param name="options">The options of the run.</param>
    /// <param name="text">What is said.</param>
    /// <returns>The key; <see langword="null"/> for none: a caller that repeats itself starts a second run.</returns>
    public static string? Of(string agent, string? scope, AgentRunOptions? options, string text)
    {
        if (options?.AdditionalProperties?.TryGetValue(Property, out object? given) == true
            && given?.ToString() is { Length: > 0 } key)
        {
            return key;
        }

        string? outer = scope ?? FunctionInvokingChatClient.CurrentContext?.Arguments.IdempotencyKey();
        return outer is null ? null : $"agent-framework/{Hash($"{outer}\n{agent}\n{text}")}";
    }

    /// <summary>Gets the key of a message within a session, so that a caller that was killed sends it once.</summary>
    public static string OfMessage(string run, int number, string text) => $"agent-framework/{run}/{number}/{Hash(text)}";

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
