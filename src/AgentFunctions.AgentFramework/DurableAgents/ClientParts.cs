using System.Reflection;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>Takes a chat client apart.</summary>
internal static class ClientParts
{
    /// <summary>The name of the client that asks context providers, which is not public.</summary>
    internal const string OfProviders = "Microsoft.Agents.AI.AIContextProviderChatClient";

    private static readonly PropertyInfo Inner = typeof(DelegatingChatClient)
        .GetProperty("InnerClient", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)
        ?? throw new MissingMemberException(nameof(DelegatingChatClient), "InnerClient");

    /// <summary>Gets a client and what it decorates, the outermost first.</summary>
    public static IEnumerable<IChatClient> Of(IChatClient client)
    {
        yield return client;
        while (client is DelegatingChatClient)
        {
            client = (IChatClient)Inner.GetValue(client)!;
            yield return client;
        }
    }
}
