using AgentFunctions.Durability;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Ledger;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Runs.Index;
using AgentFunctions.Storage;
using AgentFunctions.Views;
using AgentFunctions.Views.Live;
using AgentFunctions.Views.Runs;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the run index, with what writes to it and what reads it.</summary>
internal static class RunIndexServiceCollectionExtensions
{
    public static void AddRunIndex(this IServiceCollection services)
    {
        services.TryAddSingleton(static provider => new RunIndexLog(
            provider.GetRequiredService<ILogStore>(), provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<RunIndexLog>>())
        {
            Seal = new RunIndexSeal(provider.GetRequiredService<AgentFunctions.Keys.TreeKeys>()),
        });
        services.TryAddSingleton<RunIndexJournal>();
        services.TryAddSingleton(static provider => new RunIndex(
            provider.GetRequiredService<ILogStore>(), provider.GetRequiredService<IRecordStore>(),
            provider.GetRequiredService<ILogger<RunIndex>>()));
        services.TryAddSingleton<RunIndexRepair>();
        services.TryAddSingleton<RunIndexView>();
        services.TryAddSingleton(static provider => new RunStore(
            provider.GetRequiredService<IRecordStore>(), provider.GetRequiredService<IBlobStore>(),
            provider.GetRequiredService<ILogger<RunStore>>())
        {
            Index = provider.GetRequiredService<RunIndexLog>(),
        });
        services.TryAddSingleton<TreeNews>();
        services.TryAddSingleton(static provider => new Journal(
            provider.GetRequiredService<ILogStore>(), provider.GetRequiredService<TimeProvider>())
        {
            Observers = [provider.GetRequiredService<RunIndexJournal>(), provider.GetRequiredService<TreeNews>()],
        });
        services.TryAddSingleton<RunContents>();
        services.TryAddSingleton(static provider => new RunReader(
            provider.GetRequiredService<RunStore>(), provider.GetRequiredService<IOrchestrationClient>(),
            provider.GetRequiredService<RunContents>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<Redactor>(),
            provider.GetRequiredService<IRecordStore>())
        {
            Index = provider.GetRequiredService<RunIndexView>(),
        });
        services.TryAddSingleton(static provider => new RunForecasts(provider.GetRequiredService<Journal>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new RunSpans(provider.GetRequiredService<Journal>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new RunRows(provider.GetRequiredService<RunReader>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new RunUsages(provider.GetRequiredService<RunRows>()));
        services.TryAddSingleton(static provider => new AgentPast(provider.GetRequiredService<RunRows>()));
        services.TryAddSingleton(static provider => new RunFamilies(
            provider.GetRequiredService<RunReader>(), provider.GetRequiredService<RunStore>()));
        services.TryAddSingleton(static provider => new TranscriptPages(provider.GetRequiredService<Transcript>()));
    }
}
