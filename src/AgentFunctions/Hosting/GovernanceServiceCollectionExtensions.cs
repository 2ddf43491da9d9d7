using AgentFunctions;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Identity;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Governance.Options;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Governance.Secrets;
using AgentFunctions.Hosting;
using AgentFunctions.Keys;
using AgentFunctions.Notifications;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds what governs the agents of a host.</summary>
public static class GovernanceServiceCollectionExtensions
{
    /// <summary>Adds a rule written in C#. It is asked before the rules of policy files.</summary>
    /// <typeparam name="TRule">The rule.</typeparam>
    /// <param name="services">The host's services.</param>
    public static IServiceCollection AddPolicyRule<TRule>(this IServiceCollection services)
        where TRule : class, IPolicyRule => services.AddSingleton<IPolicyRule, TRule>();

    /// <summary>Adds a way to tell people that an approval waits for them.</summary>
    /// <typeparam name="TNotifier">The way.</typeparam>
    /// <param name="services">The host's services.</param>
    public static IServiceCollection AddApprovalNotifier<TNotifier>(this IServiceCollection services)
        where TNotifier : class, IApprovalNotifier => services.AddSingleton<IApprovalNotifier, TNotifier>();

    /// <summary>
    /// Adds a place where named secrets (<c>${secret:NAME}</c>) are looked up, after the configuration and the environment.
    /// </summary>
    /// <typeparam name="TSource">The place.</typeparam>
    /// <param name="services">The host's services.</param>
    public static IServiceCollection AddSecretSource<TSource>(this IServiceCollection services)
        where TSource : class, ISecretSource => services.AddSingleton<ISecretSource, TSource>();

    internal static IServiceCollection AddGovernance(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<GovernanceOptions>().Bind(configuration.GetSection("Governance"))
            .Validate<IOptions<NotificationOptions>>(
                static (options, channels) => options.ApprovalChannels.Values.SelectMany(static names => names)
                    .All(name => name == NotificationSender.Console || channels.Value.Channels.ContainsKey(name)),
                "Governance:ApprovalChannels: names a channel that Notifications:Channels has not; add it there, or use console.")
            .ValidateOnStart();
        services.TryAddSingleton(provider => NewRedactor(configuration));
        services.AddTruthSeal();
        services.AddRedactedLogging();
        services.AddSecrets(configuration);
        services.TryAddSingleton<ISigningKeyStore>(static provider =>
            provider.GetRequiredService<IOptions<GovernanceOptions>>().Value.KeyFolder is { } folder
                ? new FolderKeyStore(
                    folder, new EarlierKeys(provider.GetRequiredService<ILogStore>()),
                    provider.GetRequiredService<ILogger<FolderKeyStore>>())
                : new RecordKeyStore(
                    provider.GetRequiredService<IRecordStore>(), new EarlierKeys(provider.GetRequiredService<ILogStore>()),
                    provider.GetRequiredService<ILogger<RecordKeyStore>>()));
        services.AddKeyedSingleton(AuditLog.KeyPurpose, static (provider, purpose) => new SigningKeys(
            provider.GetRequiredService<ISigningKeyStore>(), (string)purpose!, provider.GetRequiredService<TimeProvider>()));
        services.AddKeyedSingleton(RunTokens.KeyPurpose, static (provider, purpose) => new SigningKeys(
            provider.GetRequiredService<ISigningKeyStore>(), (string)purpose!, provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new AddressTickets(
            new SigningKeys(provider.GetRequiredService<ISigningKeyStore>(), AddressTickets.KeyPurpose,
                provider.GetRequiredService<TimeProvider>()),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new RunTokens(
            provider.GetRequiredKeyedService<SigningKeys>(RunTokens.KeyPurpose), provider.GetRequiredService<RunTokenRights>(),
            provider.GetRequiredService<AuditLog>(), provider.GetRequiredService<IOptions<GovernanceOptions>>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<RunTokenRights>();
        services.AddSingleton<AgentFunctions.Tools.IRequestSigner>(static provider => provider.GetRequiredService<RunTokens>());
        services.TryAddTransient<RunTokenHandler>();
        services.TryAddSingleton(static provider => new AnswerTimes(provider.GetRequiredService<AuditLog>()));
        services.TryAddSingleton(static provider => new AuditLog(
            provider.GetRequiredService<ILogStore>(), provider.GetRequiredKeyedService<SigningKeys>(AuditLog.KeyPurpose),
            provider.GetRequiredService<TimeProvider>(), provider.GetService<Redactor>(), provider.GetService<IHeadStore>(),
            provider.GetRequiredService<TreeKeys>()));
        services.TryAddSingleton(static provider => new AgentFunctions.Gateway.ApiKeys(
            provider.GetRequiredService<IRecordStore>(), provider.GetRequiredService<TreeKeys>(),
            provider.GetRequiredService<AuditLog>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<AgentFunctions.Gateway.ApiKeys>>()));
        services.TryAddSingleton<PolicySource>();
        services.TryAddSingleton<CallHistory>();
        services.TryAddSingleton<RunLineage>();
        services.TryAddSingleton<RunSteerers>();
        services.TryAddSingleton<ApprovalRecords>();
        services.TryAddSingleton<ApprovalStore>();
        services.TryAddSingleton(static provider => new ApprovalHistory(
            provider.GetRequiredService<IRecordStore>(), provider.GetRequiredService<ApprovalStore>()));
        services.TryAddSingleton<AgentFunctions.Notifications.PublicAddress>();
        services.TryAddSingleton<AgentFunctions.Governance.HumanTasks.HumanTaskChannels>();
        services.TryAddSingleton<ApprovalChannels>();
        services.TryAddSingleton<ApprovalRequester>();
        services.TryAddSingleton<ApprovalDeliveries>();
        services.TryAddSingleton<ApprovalSituation>();
        services.AddSingleton<AgentFunctions.Runs.IRunEndObserver>(static provider => provider.GetRequiredService<ApprovalRequester>());
        services.TryAddSingleton(static provider => new ApprovalService(
            provider.GetRequiredService<ApprovalStore>(), provider.GetRequiredService<ApprovalSituation>(),
            provider.GetRequiredService<ApprovalRecords>(),
            provider.GetRequiredService<AgentFunctions.Durability.IOrchestrationClient>(),
            provider.GetRequiredService<Redactor>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddQuestions();
        services.TryAddSingleton<InFlightCalls>();
        services.TryAddSingleton<KillOrderStore>();
        services.TryAddSingleton<AgentFunctions.Gateway.KillSwitch.KillHits>();
        services.TryAddSingleton(static provider => new AgentFunctions.Gateway.KillSwitch.KillOrders(
            provider.GetRequiredService<KillOrderStore>(),
            provider.GetRequiredService<AgentFunctions.Gateway.KillSwitch.KillHits>(),
            provider.GetRequiredService<AgentFunctions.Gateway.RunSteering>(), provider.GetRequiredService<AuditLog>(),
            provider.GetRequiredService<InFlightCalls>(), provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<AgentFunctions.Gateway.AdmissionAudit>();
        services.TryAddSingleton(static provider => new AgentFunctions.Gateway.Admission(
            provider.GetRequiredService<KillOrderStore>(), provider.GetRequiredService<RunLineage>(),
            provider.GetRequiredService<AgentFunctions.Gateway.AdmissionAudit>(),
            provider.GetRequiredService<AgentFunctions.Gateway.Access.AccessRules>(),
            provider.GetRequiredService<AgentFunctions.Gateway.Quotas.QuotaMeter>(),
            provider.GetRequiredService<AgentFunctions.Gateway.Queueing.RunQueue>()));
        services.AddReviews(configuration);
        services.AddHostedService<PolicyStart>();
        services.AddHostedService<AuditCheck>();
        services.AddHostedService<AgentFunctions.Gateway.KillSwitch.KillWatcher>();
        services.AddHostedService<ApprovalWaker>();
        services.AddHostedService<AgentFunctions.Governance.Questions.QuestionWaker>();
        return services;
    }

    private static void AddTruthSeal(this IServiceCollection services)
    {
        services.TryAddSingleton<ITreeKeyStore>(static provider =>
            provider.GetRequiredService<IOptions<GovernanceOptions>>().Value.KeyFolder is { } folder
                ? new FolderTreeKeyStore(folder)
                : TreeKeyRecords(provider));
        services.TryAddSingleton(static provider => new TreeKeys(
            provider.GetRequiredService<ITreeKeyStore>(), provider.GetRequiredService<ISigningKeyStore>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<IOptions<GovernanceOptions>>().Value.KeyFolder is null
                ? null
                : BeforeOf(provider).CopyAsync));
        services.AddHostedService<KeyFolderStart>();
        services.TryAddSingleton<TruthSeal>();
        services.TryAddSingleton<MessageView>();
        // The engine asks for it while it is made, and the keys may lie in the engine's own stores.
        services.TryAddSingleton<AgentFunctions.Durability.IPayloadGuard>(static provider =>
            new SealedPayloads(provider.GetRequiredService<Redactor>(), provider.GetRequiredService<TreeKeys>));
    }

    private static RecordTreeKeyStore TreeKeyRecords(IServiceProvider provider)
    {
        IRecordStore data = provider.GetRequiredService<IRecordStore>();
        return provider.GetKeyedService<IRecordStore>(RecordTreeKeyStore.StoreName) is { } apart ? new(apart, data) : new(data);
    }

    /// <summary>The keys of a host that had no key folder before.</summary>
    private static EarlierKeyRecords BeforeOf(IServiceProvider provider) => new(
        provider.GetRequiredService<IRecordStore>,
        () => new RecordKeyStore(
            provider.GetRequiredService<IRecordStore>(), new EarlierKeys(provider.GetRequiredService<ILogStore>()),
            provider.GetRequiredService<ILogger<RecordKeyStore>>()),
        provider.GetRequiredService<ILogger<EarlierKeyRecords>>());

    private static void AddSecrets(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(provider => new SecretResolver(SourcesOf(provider, configuration),
            provider.GetRequiredService<Redactor>()));
    }

    private static IEnumerable<ISecretSource> SourcesOf(IServiceProvider provider, IConfiguration configuration)
    {
        yield return new ConfigurationSecrets(configuration);
        ISecretSource[] own = [.. provider.GetServices<ISecretSource>()];
        foreach (ISecretSource source in own)
        {
            yield return source;
        }

        if (provider.GetRequiredService<IOptions<GovernanceOptions>>().Value.KeyVault is { } vault
            && !own.Any(source => source.Name == UnservedKeyVault.NameOf(vault)))
        {
            yield return new UnservedKeyVault(vault);
        }
    }

    private static Redactor NewRedactor(IConfiguration configuration)
    {
        var redactor = new Redactor();
        ConfiguredSecrets.AddTo(redactor, configuration);
        return redactor;
    }

    private static void AddRedactedLogging(this IServiceCollection services) =>
        services.Replace(ServiceDescriptor.Singleton<ILoggerFactory>(
        static provider => new RedactingLoggerFactory(
            ActivatorUtilities.CreateInstance<LoggerFactory>(
                provider, provider.GetServices<ILoggerProvider>(),
                provider.GetRequiredService<IOptionsMonitor<LoggerFilterOptions>>()),
            provider.GetRequiredService<Redactor>())));
}
