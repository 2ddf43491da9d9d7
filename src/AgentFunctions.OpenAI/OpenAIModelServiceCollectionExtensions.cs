using AgentFunctions;
using AgentFunctions.Models;
using AgentFunctions.Models.Rehearsal;
using AgentFunctions.Models.Resilience;
using AgentFunctions.OpenAI;
using AgentFunctions.OpenAI.Providers;
using AgentFunctions.OpenAI.Resilience;
using AgentFunctions.OpenAI.Wire;
using Azure.Core;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers models that speak the OpenAI protocol.</summary>
public static class OpenAIModelServiceCollectionExtensions
{
    private const string LogCategory = "AgentFunctions.Models";

    /// <summary>
    /// Adds the models of the configuration: <c>Models:&lt;name&gt;:*</c> (<see cref="ModelOptions"/>); without any, those of the
    /// usual environment variables; without these the rehearsal model serves. The model named <c>default</c> is the default,
    /// otherwise the first by name. Each gets an <see cref="HttpClient"/> of its own, named <c>model:&lt;name&gt;</c>.
    /// <c>Rehearsal:Pause</c> (a time span, zero by default) slows the rehearsal model down so that people can follow it.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">The host's configuration, with its environment variables. It is read at once.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names each wrong field and the remedy.
    /// </exception>
    public static IServiceCollection AddOpenAIModels(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        TimeSpan pause = configuration.GetValue<TimeSpan>("Rehearsal:Pause");
        foreach (NamedModel model in ModelConfiguration.Read(configuration))
        {
            AddConfigured(services, model, pause);
        }

        services.TryAddSingleton(ModelConfiguration.ReadAliases(configuration));
        return services.AddModelCatalog(configuration);
    }

    private static void AddConfigured(IServiceCollection services, NamedModel model, TimeSpan rehearsalPause)
    {
        if (model.Provider is null or RehearsalProvider)
        {
            services.AddSingleton(new ConfiguredModel(RehearsalModel.Named(model.Name, rehearsalPause)));
            return;
        }

        string client = $"model:{model.Name}";
        services.AddHttpClient(client, static http => http.Timeout = Timeout.InfiniteTimeSpan)
            // A call's span and metrics tell more, and no log can show a header that holds the key.
            .RemoveAllLoggers()
            .ConfigurePrimaryHttpMessageHandler(static () => new SocketsHttpHandler
            {
                // The client is kept as long as the host lives; connections are renewed so that DNS changes arrive.
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
                ConnectTimeout = TimeSpan.FromSeconds(15),
                AllowAutoRedirect = false,
            })
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .AddHttpMessageHandler(provider => new ModelHttpHandler(
                model.Name,
                model.Options,
                provider.GetRequiredService<ModelConcurrency>().Of(model.Name, model.Options.MaxConcurrentCalls),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetService<ILoggerFactory>()?.CreateLogger(LogCategory)));
        services.AddSingleton(provider => new ConfiguredModel(Bind(
            model,
            () => provider.GetRequiredService<IHttpClientFactory>().CreateClient(client),
            provider.GetService<TokenCredential>(),
            provider.GetService<IAzureChatClients>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetService<ILoggerFactory>()?.CreateLogger(LogCategory))));
    }

    private static ModelBinding Bind(
        NamedModel model, Func<HttpClient> http, TokenCredential? credential, IAzureChatClients? azure, TimeProvider time,
        ILogger? log)
    {
        ModelProvider provider = model.Provider!;
        string modelId = model.Options.Model ?? provider.DefaultModel!;
        ModelProfile profile = provider.Profile(model.Options);
        IChatClient client = model.Options.Key is null && provider is not AzureProvider
            ? new KeylessChatClient($"model '{model.Name}': {model.KeyRemedy}. An endpoint that wants no key takes any value.")
            : new OpenAIProtocolChatClient(
                new ModelIdentity(model.Name, modelId, provider.Address(model.Options), model.Options.Key),
                profile,
                provider.Form(model.Options),
                AnswerLimits.Of(model.Options),
                provider is AzureProvider && azure is not null
                    ? azure.Create(model.Options, modelId, AzureProvider.TokenScope(model.Options), new ModelTransport(http()),
                        credential)
                    : OpenAIClients.Create(provider, model.Options, modelId, http(), credential),
                time,
                log);
        return new(model.Name, modelId, profile, client) { Fallback = FallbackReader.Read(model.Options) };
    }
}
