using System.ClientModel;
using System.ClientModel.Primitives;
using AgentFunctions.OpenAI.Providers;
using Azure.Core;
using Azure.Identity;
using OpenAI;
using OpenAI.Chat;

namespace AgentFunctions.OpenAI;

/// <summary>Makes the OpenAI package's client for a provider.</summary>
internal static class OpenAIClients
{
    public static ChatClient Create(
        ModelProvider provider, ModelOptions options, string modelId, HttpClient http, TokenCredential? credential)
    {
        var clientOptions = new OpenAIClientOptions
        {
            Endpoint = provider.Address(options),
            Transport = new ModelTransport(http),
            // Time-outs and retries are the HTTP client's; two layers of them would multiply.
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = Timeout.InfiniteTimeSpan,
            ClientLoggingOptions = new ClientLoggingOptions { EnableLogging = false },
        };
        return new ChatClient(modelId, Authentication(provider, options, credential), clientOptions);
    }

    private static AuthenticationPolicy Authentication(ModelProvider provider, ModelOptions options, TokenCredential? credential)
    {
        if (options.Key is null)
        {
            return new BearerTokenPolicy(credential ?? new DefaultAzureCredential(), AzureProvider.TokenScope(options));
        }

        var key = new ApiKeyCredential(options.Key);
        return provider is AzureProvider
            ? ApiKeyAuthenticationPolicy.CreateHeaderApiKeyPolicy(key, "api-key")
            : ApiKeyAuthenticationPolicy.CreateBearerAuthorizationPolicy(key);
    }
}
