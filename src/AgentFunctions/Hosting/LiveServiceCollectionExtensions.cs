using AgentFunctions.Durability;
using AgentFunctions.Live;
using AgentFunctions.Records;
using AgentFunctions.Views;
using AgentFunctions.Views.Live;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds what shows runs while they work.</summary>
internal static class LiveServiceCollectionExtensions
{
    public static void AddLive(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<LiveOptions>().Bind(configuration.GetSection(LiveOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<ILiveStore, MemoryLiveStore>();
        services.TryAddSingleton<LivePublisher>();
        services.TryAddSingleton(static provider => new RunFeed(
            provider.GetRequiredService<RunReader>(), provider.GetRequiredService<Journal>(), provider.GetRequiredService<IOrchestrationClient>()));
        services.TryAddSingleton(static provider => new LiveFeed(
            provider.GetRequiredService<RunFeed>(), provider.GetRequiredService<Journal>(), provider.GetRequiredService<LiveStates>(),
            provider.GetRequiredService<ILiveStore>(), provider.GetRequiredService<IOptions<LiveOptions>>(), provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new LiveStates(
            provider.GetRequiredService<RunReader>(), provider.GetRequiredService<RunTreeReader>(), provider.GetRequiredService<TimeProvider>()));
    }
}
