using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>
/// Makes a hash of what a run is not pinned to, so that whoever reads two runs sees that it was changed between them.
/// </summary>
internal static class AgentFingerprint
{
    /// <summary>The SHA-256, in hexadecimal digits, over the chat options and the names of providers and hosted tools.</summary>
    public static string Of(ChatClientAgentOptions options)
    {
        ChatOptions? chat = options.ChatOptions;
        string text = string.Join(
            '\n',
            string.Create(
                CultureInfo.InvariantCulture,
                $"{chat?.ModelId}|{chat?.Temperature}|{chat?.TopP}|{chat?.TopK}|{chat?.Seed}|{chat?.MaxOutputTokens}"),
            string.Join(',', chat?.StopSequences ?? []),
            string.Join(
                ',', chat?.Tools?.Where(static tool => tool is not AIFunctionDeclaration).Select(static tool => tool.Name) ?? []),
            string.Join(',', options.AIContextProviders?.Select(static provider => provider.GetType().FullName) ?? []));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
