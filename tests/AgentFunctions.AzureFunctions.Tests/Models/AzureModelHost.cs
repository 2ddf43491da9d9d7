using AgentFunctions.AzureFunctions.Models;
using AgentFunctions.Hosting;
using AgentFunctions.Models;
using AgentFunctions.OpenAI;
using AgentFunctions.TestKit;
using Azure.Core;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Tests.Models;

/// <summary>A host with one model: a deployment at a server, called with the identity of the host.</summary>
internal sealed class AzureModelHost : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public AzureModelHost(OpenAIProtocolServer server, TokenCredential credential, params (string Name, string? Value)[] settings)
        : this(server, credential, static _ => { }, settings)
    {
    }

    public AzureModelHost(
        OpenAIProtocolServer server,
        TokenCredential credential,
        Action<IServiceCollection> configure,
        params (string Name, string? Value)[] settings)
    {
        Dictionary<string, string?> model = new()
        {
            ["Models:main:Provider"] = "azure",
            ["Models:main:Endpoint"] = server.BaseUrl[..^"/v1".Length],
            ["Models:main:Model"] = "my-deployment",
            ["Models:main:RetryDelay"] = "00:00:00.001",
        };
        foreach ((string name, string? value) in settings)
        {
            model[$"Models:main:{name}"] = value;
        }

        var collection = new ServiceCollection();
        collection.AddSingleton<IAzureChatClients, AzureChatClients>();
        collection.AddSingleton(credential);
        collection.AddOpenAIModels(new ConfigurationBuilder().AddInMemoryCollection(model).Build());
        configure(collection);
        _services = collection.BuildServiceProvider();
    }

    /// <summary>Asks the model, streamed or not; the answer is the same.</summary>
    public async Task<ChatResponse> AskAsync(bool streaming, ChatOptions? options, CancellationToken cancellationToken)
    {
        IChatClient client = _services.GetRequiredService<IModelCatalog>().Resolve(null).Client;
        return streaming
            ? await client.GetStreamingResponseAsync("hello", options, cancellationToken).ToChatResponseAsync(cancellationToken)
            : await client.GetResponseAsync("hello", options, cancellationToken);
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
