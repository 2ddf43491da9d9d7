using AgentFunctions.Diagnostics;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Options;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Keys;
using AgentFunctions.Sqlite.Operations;
using AgentFunctions.Sqlite.Stores;
using AgentFunctions.Storage;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Sqlite;

/// <summary>Adds the embedded engine to a host.</summary>
public static class SqliteEngineServiceCollectionExtensions
{
    /// <summary>
    /// Adds the engine, its client and its stores. The host starts and stops it; a <see cref="DurableRegistry"/> and a
    /// <see cref="TimeProvider"/> are taken from the services, and are made where there is none.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the data file and the limits.</param>
    public static IServiceCollection AddSqliteEngine(this IServiceCollection services,
        Action<SqliteEngineOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        OptionsBuilder<SqliteEngineOptions> options = services.AddOptions<SqliteEngineOptions>().ValidateDataAnnotations()
            .ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        options.PostConfigure<IOptions<GovernanceOptions>>(static (engine,
            governance) => engine.KeyFolder ??= governance.Value.KeyFolder);
        services.AddLogging();
        services.TryAddSingleton(static provider => HeadsOf(provider.GetRequiredService<IOptions<SqliteEngineOptions>>().Value)!);
        services.AddSingleton(static provider => DataFileOf(provider.GetRequiredService<IOptions<SqliteEngineOptions>>().Value));
        services.AddSingleton(static provider => KeysOf(provider.GetRequiredService<IOptions<SqliteEngineOptions>>().Value));
        services.TryAddSingleton<DurableRegistry>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => new SqliteEngine(
            provider.GetRequiredService<IOptions<SqliteEngineOptions>>().Value,
            provider.GetRequiredService<DurableRegistry>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>()));
        services.TryAddPort(static provider => provider.Redacted(provider.GetRequiredService<SqliteEngine>().Client));
        services.TryAddPort(static provider => provider.Redacted(provider.GetRequiredService<SqliteEngine>().Logs));
        services.TryAddPort(static provider => provider.Redacted(provider.GetRequiredService<SqliteEngine>().Records));
        services.TryAddPort(static provider => provider.Redacted(provider.GetRequiredService<SqliteEngine>().Blobs));
        services.AddSingleton<IStoreMaintenance>(static provider => new SqliteMaintenance(provider.GetRequiredService<SqliteEngine>()));
        services.AddSingleton<IWriteGroups>(
            static provider => new SqliteWriteGroups(provider.GetRequiredService<SqliteEngine>()));
        services.AddSingleton<IReadinessCheck, DiskReadiness>();
        services.AddHostedService<HostedEngine>();
        return services;
    }

    // Data in memory end with the process, and so would their head.
    private static IHeadStore? HeadsOf(SqliteEngineOptions options) =>
        options.DataFile == SqliteEngineOptions.InMemory ? null : new FileHeadStore(options.EffectiveKeyFolder);

    private static GoverningPath DataFileOf(SqliteEngineOptions options) =>
        new(options.DataFile, "the data file") { WithSiblings = true, IsSecret = true };

    private static GoverningPath KeysOf(SqliteEngineOptions options) =>
        new(options.EffectiveKeyFolder, "the host's keys") { IsSecret = true };

    private sealed class HostedEngine(SqliteEngine engine) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => engine.StartAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => engine.StopAsync();
    }
}
