using Azure.Core;
using OpenAI.Chat;

namespace AgentFunctions.OpenAI;

/// <summary>Makes the clients of Azure OpenAI's deployments, on a host that has Azure's own package for it.</summary>
internal interface IAzureChatClients
{
    /// <summary>Makes a client.</summary>
    /// <param name="options">The model as it is configured.</param>
    /// <param name="deployment">The deployment.</param>
    /// <param name="http">Sends the requests, with the time-outs, retries and limits of every model.</param>
    /// <param name="credential">Who signs in where no key is set; <see langword="null"/> for the process's own identity.</param>
    ChatClient Create(ModelOptions options, string deployment, HttpClient http, TokenCredential? credential);
}
