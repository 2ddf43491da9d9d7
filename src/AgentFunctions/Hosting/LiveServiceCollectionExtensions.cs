using AgentFunctions.Durability;
using AgentFunctions.Live;
using AgentFunctions.Records;
using AgentFunctions.Storage;
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
        services.AddOptions<LiveOptions>().Bind(configuration.GetSection(LiveOptions.Section)).ValidateAnnotations()
            .ValidateOnStart();
        services.TryAddSingleton(StoreOf);
        services.TryAddSingleton<LivePublisher>();
        services.TryAddSingleton(static provider => new RunFeed(
            provider.GetRequiredService<RunReader>(), provider.GetRequiredService<Journal>(),
            provider.GetRequiredService<IOrchestrationClient>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new LiveFeed(
            provider.GetRequiredService<RunFeed>(), provider.GetRequiredService<Journal>(),
            provider.GetRequiredService<LiveStates>(),
            provider.GetRequiredService<ILiveStore>(), provider.GetRequiredService<IOptions<LiveOptions>>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<LiveStates>();
    }

    /// <summary>Of processes that share a store, one may make the call, and another be asked to show it.</summary>
    private static ILiveStore StoreOf(IServiceProvider services) =>
        services.GetRequiredService<IRecordStore>() is { IsShared: true } records
        ? ActivatorUtilities.CreateInstance<RecordLiveStore>(services, records)
        : new MemoryLiveStore();
}
