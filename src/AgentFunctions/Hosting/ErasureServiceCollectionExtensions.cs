using AgentFunctions.Core;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Erasure;
using AgentFunctions.Gateway.Holds;
using AgentFunctions.Gateway.Options;
using AgentFunctions.Gateway.Retention;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Views;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds how data ends: erasure and what keeps from it.</summary>
internal static class ErasureServiceCollectionExtensions
{
    public static void AddErasure(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(static provider => provider.GetRequiredService<RunStore>().Erased);
        services.TryAddSingleton<HoldStore>();
        services.TryAddSingleton(static provider => new RunStandings(
            provider.GetRequiredService<PolicySource>(), provider.GetRequiredService<HoldStore>(),
            provider.GetRequiredService<RunStore>(), provider.GetRequiredService<RunReader>()));
        services.TryAddSingleton(static provider => new LegalHolds(
            provider.GetRequiredService<HoldStore>(), provider.GetRequiredService<AuditLog>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<TreeContents>();
        services.TryAddSingleton<TreeStates>();
        services.TryAddSingleton<TreeBlobs>();
        services.TryAddSingleton<QuestionWaiters>();
        services.TryAddSingleton<ErasureRules>();
        services.TryAddSingleton<ErasurePlans>();
        services.AddSingleton<IErasePhase, EndPhase>();
        services.AddSingleton<IErasePhase, MarkPhase>();
        services.AddSingleton<IErasePhase, IndexPhase>();
        services.AddSingleton<IErasePhase, KeyPhase>();
        services.AddSingleton<IErasePhase, InstancesPhase>();
        services.AddSingleton<IErasePhase, RefsPhase>();
        services.TryAddSingleton<WorkspacePhase>();
        services.AddSingleton<IErasePhase>(static provider => provider.GetRequiredService<WorkspacePhase>());
        services.AddSingleton<IErasePhase, EmptyPhase>();
        services.AddSingleton<IErasePhase, ContentPhase>();
        services.AddSingleton<IErasePhase>(static provider => new ReclaimPhase(provider.GetService<IStoreMaintenance>()));
        services.AddSingleton<IErasePhase, SharedPhase>();
        services.AddSingleton<IErasePhase, RecordsPhase>();
        services.AddSingleton<IErasePhase>(static provider => new DonePhase(
            provider.GetRequiredService<ErasedRuns>(), provider.GetRequiredService<AuditLog>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetService<IStoreMaintenance>()));
        services.TryAddSingleton<ErasureNotices>();
        services.TryAddSingleton<ErasePhases>();
        services.AddRetention(configuration);
        services.AddExports();
        services.TryAddSingleton(static provider => new RunErasure(
            provider.GetRequiredService<RunStore>(), provider.GetRequiredService<ErasedRuns>(),
            provider.GetRequiredService<ErasureRules>(),
            provider.GetRequiredService<ErasurePlans>(), provider.GetRequiredService<IOrchestrationClient>(),
            provider.GetRequiredService<TimeProvider>()));
    }

    private static void AddRetention(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<RetentionOptions>()
            .Configure(options => configuration.GetSection(RetentionOptions.Section).BindStrictly(options))
            .ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RetentionOptions>, RetentionOptionsValidator>());
        services.TryAddSingleton<RetentionRules>();
        services.TryAddSingleton<RetentionTargets>();
        services.TryAddSingleton<AuditRetention>();
        services.TryAddSingleton<RetentionSweep>();
        services.TryAddSingleton<SweepLease>();
        services.AddHostedService<RetentionSweeper>();
    }
}
