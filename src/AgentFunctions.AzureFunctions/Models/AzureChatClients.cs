#if AZURE_OPENAI
using System.ClientModel;
using System.ClientModel.Primitives;
using AgentFunctions.OpenAI;
using Azure.AI.OpenAI;
using Azure.Core;
using Azure.Identity;
using OpenAI.Chat;

namespace AgentFunctions.AzureFunctions.Models;

/// <summary>The clients of Azure's own package, over the same HTTP pipeline as every other model's.</summary>
internal sealed class AzureChatClients : IAzureChatClients
{
    private const string VersionFree = "/openai/v1";

    public ChatClient Create(ModelOptions options, string deployment, string tokenScope, PipelineTransport transport, TokenCredential? credential)
    {
        // The package wants the resource's own address and puts deployment and API version behind it.
        string endpoint = options.Endpoint!.TrimEnd('/');
        endpoint = endpoint.EndsWith(VersionFree, StringComparison.OrdinalIgnoreCase) ? endpoint[..^VersionFree.Length] : endpoint;
        var clientOptions = new AzureOpenAIClientOptions
        {
            Audience = new AzureOpenAIAudience(tokenScope),
            Transport = transport,
            // Time-outs and retries are the transport's; two layers of them would multiply.
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = Timeout.InfiniteTimeSpan,
            ClientLoggingOptions = new ClientLoggingOptions { EnableLogging = false },
        };
        AzureOpenAIClient client = options.Key is { } key
            ? new AzureOpenAIClient(new Uri(endpoint), new ApiKeyCredential(key), clientOptions)
            : new AzureOpenAIClient(new Uri(endpoint), credential ?? new DefaultAzureCredential(), clientOptions);
        return client.GetChatClient(deployment);
    }
}
#endif
