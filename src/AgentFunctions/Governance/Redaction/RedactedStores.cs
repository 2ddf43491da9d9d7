using AgentFunctions.Durability;
using AgentFunctions.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Governance.Redaction;

/// <summary>
/// Adds redaction to the stores of a host: secrets are masked in what is written, with the originals sealed beside it, and
/// restored in what is read. Adapters register their stores through it.
/// </summary>
public static class RedactedStores
{
    /// <summary>Gets a log store that writes no secrets in clear.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="store">The adapter's store.</param>
    public static ILogStore Redacted(this IServiceProvider services, ILogStore store) =>
        services.GetService<Redactor>() is { } redactor
            ? new RedactingLogStore(store, redactor, services.GetRequiredService<TruthSeal>)
            : store;

    /// <summary>Gets a record store that writes no secrets in clear.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="store">The adapter's store.</param>
    public static IRecordStore Redacted(this IServiceProvider services, IRecordStore store) =>
        services.GetService<Redactor>() is null
        ? store
        : new RedactingRecordStore(store, services.GetRequiredService<TruthSeal>, services);

    /// <summary>Gets a content store that writes no secrets in clear.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="store">The adapter's store.</param>
    public static IBlobStore Redacted(this IServiceProvider services, IBlobStore store) =>
        services.GetService<Redactor>() is { } redactor
        ? new RedactingBlobStore(store, redactor, services.GetRequiredService<TruthSeal>,
            services.GetRequiredService<IRecordStore>)
        : store;

    /// <summary>Gets a client that hands the engine no secrets in clear.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="client">The adapter's client.</param>
    public static IOrchestrationClient Redacted(this IServiceProvider services, IOrchestrationClient client) =>
        services.GetService<IPayloadGuard>() is { } guard ? new RedactingOrchestrationClient(client, guard) : client;
}
