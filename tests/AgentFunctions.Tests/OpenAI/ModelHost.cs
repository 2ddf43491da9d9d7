using AgentFunctions.Hosting;
using AgentFunctions.Models;
using AgentFunctions.TestKit;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.OpenAI;

/// <summary>A host with the models of some settings; one model that speaks to a server, when one is given.</summary>
internal sealed class ModelHost : IAsyncDisposable
{
    public const string Key = "sk-secret-key-of-the-test-0123456789";

    private readonly ServiceProvider _services;

    public ModelHost(params (string Name, string? Value)[] settings)
        : this(static _ => { }, settings)
    {
    }

    public ModelHost(Action<IServiceCollection> configure, params (string Name, string? Value)[] settings)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(static setting => KeyValuePair.Create(setting.Name, setting.Value))).Build();
        var collection = new ServiceCollection();
        configure(collection);
        _services = collection.AddOpenAIModels(configuration).BuildServiceProvider();
    }

    public IModelCatalog Catalog => _services.GetRequiredService<IModelCatalog>();

    public static ModelHost Of(OpenAIProtocolServer server, params (string Name, string? Value)[] settings) =>
        Of(server.BaseUrl, settings);

    public static ModelHost Of(string endpoint, params (string Name, string? Value)[] settings) => new(
    [
        ("Models:main:Provider", "openai"),
        ("Models:main:Endpoint", endpoint),
        ("Models:main:Key", Key),
        ("Models:main:Model", "scripted"),
        ("Models:main:RetryDelay", "00:00:00.001"),
        .. settings.Select(static setting => ($"Models:main:{setting.Name}", setting.Value)),
    ]);

    /// <summary>Asks the default model, streamed or not; the answer is the same.</summary>
    public async Task<ChatResponse> AskAsync(
        bool streaming, IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        IChatClient client = Catalog.Resolve(null).Client;
        return streaming
            ? await client.GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken)
            : await client.GetResponseAsync(messages, options, cancellationToken);
    }

    public Task<ChatResponse> AskAsync(bool streaming, string text = "hello", CancellationToken cancellationToken = default) =>
        AskAsync(streaming, [new ChatMessage(ChatRole.User, text)], null, cancellationToken);

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
