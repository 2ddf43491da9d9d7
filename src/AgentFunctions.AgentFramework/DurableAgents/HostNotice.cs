using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>Tells the messages that the host adds to a conversation from those of people.</summary>
internal static class HostNotice
{
    /// <summary>What the host's own messages begin with.</summary>
    internal const string Mark = "[host]";

    /// <summary>Determines whether a message is one of the host.</summary>
    public static bool Is(ChatMessage message) => message.Text.StartsWith(Mark, StringComparison.Ordinal);
}
