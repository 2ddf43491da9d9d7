using System.ClientModel.Primitives;
using Azure.Core;
using OpenAI.Chat;

namespace AgentFunctions.OpenAI;

/// <summary>
/// Makes the clients of Azure OpenAI's deployments, on a host that has Azure's own package for it. Without one, the OpenAI
/// package's client serves the version-free endpoint.
/// </summary>
public interface IAzureChatClients
{
    /// <summary>Makes a client. It does not retry and has no time-out of its own: the transport has both.</summary>
    /// <param name="options">The model as it is configured.</param>
    /// <param name="deployment">The name of the deployment.</param>
    /// <param name="tokenScope">The scope of the Entra token, which depends on the endpoint.</param>
    /// <param name="transport">
    /// The transport to send requests with. It has the time-outs, retries and limits of every model.
    /// </param>
    /// <param name="credential">
    /// The identity to sign in with if no key is set; <see langword="null"/> for the identity of the process.
    /// </param>
    ChatClient Create(ModelOptions options, string deployment, string tokenScope, PipelineTransport transport,
        TokenCredential? credential);
}
