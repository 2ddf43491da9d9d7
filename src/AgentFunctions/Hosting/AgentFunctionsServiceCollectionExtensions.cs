using AgentFunctions.Core;
using AgentFunctions.Diagnostics;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Hosting;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Prompts;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Steps;
using AgentFunctions.Storage;
using AgentFunctions.Swarm;
using AgentFunctions.ToolCalls;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Asking;
using AgentFunctions.Tools.Memory;
using AgentFunctions.Tools.Planning;
using AgentFunctions.Tools.Search;
using AgentFunctions.Tools.Web;
using AgentFunctions.Views;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the agent runtime to a host.</summary>
public static class AgentFunctionsServiceCollectionExtensions
{
    /// <summary>
    /// Adds the loop, its steps, the models of the configuration and the gateway. The host adds an engine (for instance
    /// <c>AddSqliteEngine</c>), agents and tools.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">Where models are configured.</param>
    /// <param name="configure">How runs are set up.</param>
    public static IServiceCollection AddAgentFunctions(
        this IServiceCollection services, IConfiguration configuration, Action<RunOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddOptions<RunOptions>()
            .Configure(options =>
            {
                options.MaxTurns = configuration.GetValue("Runs:MaxTurns", options.MaxTurns);
                configure?.Invoke(options);
            })
            .Validate(static options => options.MaxTurns >= 1, "Runs:MaxTurns: use a whole number of at least 1.")
            .ValidateOnStart();
        MissingPorts.AddTo(services);
        services.AddLogging();
        services.AddGuardedHttpClient(PostCallbackActivity.HttpClientName)
            .ConfigureHttpClient(static client => client.Timeout = PostCallbackActivity.Timeout);
        services.AddGuardedHttpClient(IdempotencyKeyHandler.HttpClientName);
        services.AddModelCatalog(configuration);
        services.AddAgentCatalog();
        services.TryAddSingleton(TimeProvider.System);
        services.AddToolCatalog();
        services.AddProtectedPaths();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IToolSource, UnservedToolServers>());
        services.AddSwarm(configuration);
        services.AddOptions<ToolOptions>().Configure(options => configuration.GetSection("Tools").BindStrictly(options));
        services.TryAddSingleton<RunTools>();
        services.TryAddSingleton<LateTools>();
        services.TryAddSingleton(static provider => new ToolSchemas(
            provider.GetRequiredService<RunStore>(), provider.GetRequiredService<RunTools>()));
        services.TryAddSingleton(static provider => new ShownRequests(
            provider.GetRequiredService<RunStore>(), provider.GetRequiredService<Transcript>(),
            provider.GetRequiredService<RunTools>()));
        services.AddRunIndex();
        services.TryAddSingleton(static provider => new RunTreeReader(
            provider.GetRequiredService<RunStore>(), provider.GetRequiredService<RunReader>()));
        services.AddLive(configuration);
        services.TryAddSingleton(static provider => new Transcript(
            provider.GetRequiredService<ILogStore>(), provider.GetService<IBlobStore>(),
            provider.GetRequiredService<ContentRefs>()));
        services.TryAddSingleton<ContentRefs>();
        services.AddSingleton<IReadinessCheck, RuntimeReadiness>();
        services.TryAddSingleton<HostExamination>();
        services.TryAddSingleton(static provider => new HostReadiness(
            provider.GetServices<IReadinessCheck>(), provider.GetRequiredService<Redactor>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<HostReadiness>>(), provider.GetRequiredService<HostExamination>()));
        services.AddHostedService(static provider => provider.GetRequiredService<HostReadiness>());
        services.TryAddSingleton<StepTroubles>();
        services.TryAddSingleton<StepRetries>();
        services.TryAddSingleton<CallLedger>();
        services.TryAddSingleton(static provider => new ArtifactStore(
            provider.GetRequiredService<IRecordStore>(), provider.GetRequiredService<IBlobStore>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<Inbox>();
        services.TryAddSingleton<PlanStore>();
        services.TryAddSingleton<CompactActivity>();
        services.TryAddSingleton<Summaries>();
        services.TryAddSingleton<PinStore>();
        services.TryAddSingleton<PinnedText>();
        services.AddTool(PlanTool.Create());
        services.AddTool(PinTool.Create());
        services.AddTool(RecallTool.Create());
        services.AddTool(AskPersonTool.Create());
        services.AddTool(SearchTool.Create());
        services.AddTool(WebFetchTool.Create());
        services.AddGuardedHttpClient(WebFetchTool.HttpClientName)
            .ConfigureHttpClient(static client => client.Timeout = Timeout.InfiniteTimeSpan);
        services.TryAddSingleton<NoteStore>();
        foreach (AgentTool tool in NoteTools.Create())
        {
            services.AddTool(tool);
        }

        services.AddGateway(configuration);
        services.AddErasure(configuration);
        services.TryAddSingleton(static provider => new RunCopy(
            provider.GetRequiredService<Transcript>(), provider.GetRequiredService<CallLedger>(),
            provider.GetRequiredService<Inbox>(),
            provider.GetRequiredService<ArtifactStore>(), provider.GetRequiredService<PlanStore>(),
            provider.GetRequiredService<PinStore>()));
        services.TryAddSingleton<PromptMessages>();
        services.TryAddSingleton<CallMarks>();
        services.TryAddSingleton<StoppableModelCalls>();
        services.TryAddSingleton<ModelFailover>();
        services.AddOptions<TelemetryOptions>().Configure(options => Bind(configuration, options));
        services.TryAddSingleton<ModelExchange>();
        services.TryAddSingleton<ModelCaller>();
        services.TryAddSingleton<CallModelActivity>();
        services.TryAddSingleton<ModelRequests>();
        services.TryAddSingleton<CallToolActivity>();
        services.AddToolCalls();
        services.AddSnapshots(configuration);
        services.TryAddSingleton<AnswerJudge>();
        services.TryAddSingleton<AnswerCheck>();
        services.TryAddSingleton<AgentFunctions.ToolCalls.AcceptanceCommand>();
        services.TryAddSingleton<CheckAcceptanceActivity>();
        services.TryAddSingleton<RunEndLog>();
        services.TryAddSingleton<NotifyActivity>();
        services.TryAddSingleton<ReceiverStore>();
        services.TryAddSingleton(static provider => new RunReceivers(
            provider.GetRequiredService<ReceiverStore>(), provider.GetRequiredService<IOrchestrationClient>(),
            provider.GetRequiredService<Redactor>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IRunAskObserver>(static provider => provider.GetRequiredService<RunReceivers>());
        services.TryAddSingleton<CallbackMessages>();
        services.TryAddSingleton<CallbackTrouble>();
        services.TryAddSingleton<PostCallbackActivity>();
        services.AddMesh(configuration);
        services.AddGovernance(configuration);
        services.AddNotifications(configuration);
        services.AddSingleton(new DurableRegistration(RegisterLoop));
        services.TryAddSingleton(BuildRegistry);
        return services;
    }

    private static void Bind(IConfiguration configuration, TelemetryOptions options)
    {
        options.MessageContent = string.Equals(
            configuration["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"], "true", StringComparison.OrdinalIgnoreCase);
        configuration.GetSection(TelemetryOptions.Section).BindStrictly(options);
    }

    /// <summary>Adds orchestrators and activities of the host's own.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="register">Adds them to the registry.</param>
    public static IServiceCollection AddDurable(
        this IServiceCollection services, Action<IServiceProvider, DurableRegistry> register) =>
        services.AddSingleton(new DurableRegistration(register));

    /// <summary>
    /// Steps are resolved when they run: they need the stores, which the engine that needs this registry may provide.
    /// </summary>
    private static void RegisterLoop(IServiceProvider services, DurableRegistry registry) => registry
        .AddOrchestrator<RunState, RunOutcome?>(AgentLoop.Name, AgentLoop.RunAsync)
        .AddActivity<CallModelInput, CallModelResult>(
            StepNames.CallModel, (context, input) => services.GetRequiredService<StepRetries>().RunAsync(
                context, input.RunId, input.Turn, null,
                () => services.GetRequiredService<CallModelActivity>().RunAsync(context, input)))
        .AddActivity<CallToolInput, CallToolResult>(
            StepNames.CallTool, (context, input) => services.GetRequiredService<StepRetries>().RunAsync(
                context, input.RunId, input.Turn, input.Call,
                () => services.GetRequiredService<CallToolActivity>().RunAsync(context, input)))
        .AddActivity<CompactInput, CompactResult>(
            StepNames.Compact, (context, input) => services.GetRequiredService<StepRetries>().RunAsync(
                context, input.RunId, input.Turn, null,
                () => services.GetRequiredService<CompactActivity>().RunAsync(context, input)))
        .AddActivity<CheckAcceptanceInput, CheckAcceptanceResult>(
            StepNames.CheckAcceptance, (context, input) => services.GetRequiredService<StepRetries>().RunAsync(
                context, input.RunId, input.Turn, null,
                () => services.GetRequiredService<CheckAcceptanceActivity>().RunAsync(context, input)))
        .AddActivity<NotifyInput, bool>(
            StepNames.Notify, (context, input) => services.GetRequiredService<StepRetries>().RunAsync(
                context, input.RunId, null, null, () => services.GetRequiredService<NotifyActivity>().RunAsync(context, input)))
        .AddOrchestrator<CallbackInput, bool>(CallbackFlow.Name, CallbackFlow.RunAsync)
        .AddActivity<CallbackInput, bool>(
            StepNames.PostCallback, (context, input) => services.GetRequiredService<StepRetries>().RunAsync(
                context, input.RunId, null, null,
                () => services.GetRequiredService<PostCallbackActivity>().RunAsync(context, input)))
        .AddOrchestrator<EraseOrder, EraseReport?>(EraseFlow.Name, EraseFlow.RunAsync)
        .AddActivity<EraseInput, EraseProgress>(
            StepNames.EraseStep, (context, input) => services.GetRequiredService<AgentFunctions.Gateway.Erasure.ErasePhases>()
                .RunAsync(context, input))
        .AddOrchestrator<RunsOrder, RunsProgress?>(RunsFlow.Name, RunsFlow.RunAsync)
        .AddActivity<RunsInput, IReadOnlyList<RunFault>>(
            StepNames.ActOnRuns, (context, input) => services.GetRequiredService<AgentFunctions.Gateway.Jobs.RunActs>()
                .RunAsync(context, input))
        .AddOrchestrator<QuestionInput, bool>(QuestionFlow.Name, QuestionFlow.RunAsync)
        .AddActivity<QuestionInput, QuestionLook>(
            StepNames.LookAtQuestion, (context, input) => services.GetRequiredService<StepRetries>().RunAsync(
                context, input.RunId, null, null,
                () => services.GetRequiredService<LookAtQuestionActivity>().RunAsync(context, input)))
        .AddActivity<NotifyInput, ReportResult>(
            StepNames.ReportToLead, (context, input) => services.GetRequiredService<StepRetries>().RunAsync(
                context, input.RunId, null, null,
                () => services.GetRequiredService<ReportToLeadActivity>().RunAsync(context, input)))
        .AddActivity<EndChildrenInput, bool>(
            StepNames.EndChildren, (context, input) => services.GetRequiredService<StepRetries>().RunAsync(
                context, context.InstanceId, null, null,
                () => services.GetRequiredService<EndChildrenActivity>().RunAsync(context, input)))
        .AddActivity<AdmitRunInput, RunState>(
            StepNames.AdmitRun, (context, input) => services.GetRequiredService<OrchestratedRuns>().AdmitAsync(context, input))
        .AddActivity<string, RunAnswer>(
            StepNames.ReadRun, (context, id) => services.GetRequiredService<OrchestratedRuns>().ReadAsync(context, id));

    private static DurableRegistry BuildRegistry(IServiceProvider services)
    {
        var registry = new DurableRegistry { Guard = services.GetRequiredService<IPayloadGuard>() };
        foreach (DurableRegistration registration in services.GetServices<DurableRegistration>())
        {
            registration.Register(services, registry);
        }

        return registry;
    }

    private sealed record DurableRegistration(Action<IServiceProvider, DurableRegistry> Register);
}
