using AgentFunctions;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Hosting;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Orchestration;
using AgentFunctions.Monitors.Responses;
using AgentFunctions.Monitors.Signals;
using AgentFunctions.Monitors.Ticks;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds monitors to a host.</summary>
public static class MonitorServiceCollectionExtensions
{
    /// <summary>Adds a monitor that the host puts when it starts.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="monitor">The monitor.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names the field and the remedy.
    /// </exception>
    public static IServiceCollection AddMonitor(this IServiceCollection services, MonitorDefinition monitor)
    {
        ArgumentNullException.ThrowIfNull(monitor);
        monitor.Validate();
        return services.AddMonitors().AddSingleton(monitor);
    }

    /// <summary>
    /// Adds the monitors of a folder's YAML files (<c>*.yaml</c>, <c>*.yml</c>), which the host puts when it starts.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="folder">The folder. It is read now; later changes are not seen.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: a file is broken; the message names it and the field.
    /// </exception>
    public static IServiceCollection AddMonitorsFrom(this IServiceCollection services, string folder)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (!Directory.Exists(folder))
        {
            throw new AgentException(ErrorCode.InvalidInput,
                $"monitors: there is no folder '{folder}'; create it or name another.");
        }

        services.AddMonitors().AddGoverningPath(folder, "the monitors");
        foreach (string file in Directory.EnumerateFiles(folder, "*.y*ml").Order(StringComparer.Ordinal))
        {
            List<string> runbooks = [];
            services.AddMonitor(MonitorReader.LoadYaml(file, runbooks));
            foreach (string runbook in runbooks)
            {
                // It may lie anywhere, also in a workspace.
                services.AddGoverningPath(runbook, "a runbook");
            }
        }

        return services;
    }

    /// <summary>Adds monitors, those that are put over the API included. It comes beside <c>AddAgentFunctions</c>.</summary>
    /// <param name="services">The host's services.</param>
    public static IServiceCollection AddMonitors(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(static service => service.ServiceType == typeof(MonitorStore)))
        {
            return services;
        }

        services.AddGuardedHttpClient(HttpCheck.HttpClientName);
        services.AddSingleton(static provider => SignalTargets.ConsentsOf(provider.GetServices<MonitorDefinition>()));
        services.AddTool(MonitorMemoryTool.Create());
        services.TryAddSingleton<MonitorStore>();
        services.TryAddSingleton<MonitorHostRules>();
        services.TryAddSingleton<SpendingAllowance>();
        services.TryAddSingleton<TickLog>();
        services.TryAddSingleton<TickWaker>();
        services.TryAddSingleton<TickDecider>();
        services.TryAddSingleton<SignalChecker>();
        services.TryAddSingleton<IncidentStore>();
        services.TryAddSingleton<IncidentWriter>();
        services.TryAddSingleton<IncidentNotices>();
        services.TryAddSingleton<ResponseService>();
        services.TryAddSingleton<ResponseRecords>();
        services.TryAddSingleton<MonitorStepRetries>();
        services.TryAddSingleton<PlanTicksActivity>();
        services.TryAddSingleton<RunTickActivity>();
        services.AddSingleton<ISignalCheck, HttpCheck>();
        services.AddSingleton<ISignalCheck, TcpCheck>();
        services.AddSingleton<ISignalCheck, TlsCheck>();
        services.AddSingleton<ISignalCheck, FileCheck>();
        services.AddSingleton<ISignalCheck, ProcessCheck>();
        services.AddSingleton<ISignalCheck, MetricCheck>();
        services.TryAddSingleton<ToolCheck>();
        // Their constructors take internal parts, which the container does not look at.
        services.TryAddSingleton(provider => new MonitorService(
            provider.GetRequiredService<MonitorStore>(), provider.GetRequiredService<TickLog>(),
            provider.GetRequiredService<MonitorHostRules>(), provider.GetRequiredService<IOrchestrationClient>(),
            provider.GetRequiredService<AuditLog>(), provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(provider => new IncidentService(
            provider.GetRequiredService<IncidentStore>(), provider.GetRequiredService<IncidentWriter>(),
            provider.GetRequiredService<IncidentNotices>(), provider.GetRequiredService<AuditLog>()));
        services.AddSingleton<AgentFunctions.Runs.IErasureObserver, ErasedEvidence>();
        services.AddHostedService<MonitorStarter>();
        return services.AddDurable(Register);
    }

    private static void Register(IServiceProvider services, DurableRegistry registry) => registry
        .AddOrchestrator<MonitorState, bool>(MonitorLoop.Name, MonitorLoop.RunAsync)
        .AddOrchestrator<IncidentWatch, bool>(IncidentLoop.Name, IncidentLoop.RunAsync)
        .AddOrchestrator<ResponseRequest, bool>(ResponseLoop.Name, ResponseLoop.RunAsync)
        .AddActivity<PlanTicksInput, MonitorPlan>(
            MonitorStepNames.PlanTicks, (context, input) => services.GetRequiredService<MonitorStepRetries>().RunAsync(
                context, input.Monitor, null, () => services.GetRequiredService<PlanTicksActivity>().RunAsync(context, input)))
        .AddActivity<RunTickInput, RunTickResult>(
            MonitorStepNames.RunTick, (context, input) => services.GetRequiredService<MonitorStepRetries>().RunAsync(
                context, input.Monitor, null, () => services.GetRequiredService<RunTickActivity>().RunAsync(context, input)))
        .AddActivity<NotifyIncidentInput, bool>(
            MonitorStepNames.NotifyIncident, (context, input) => services.GetRequiredService<MonitorStepRetries>().RunAsync(
                context, input.Notification.Monitor, input.Notification.Incident,
                () => services.GetRequiredService<IncidentNotices>().SendAsync(context, input),
                input.Channel))
        .AddActivity<DeadLetterInput, bool>(
            MonitorStepNames.DeadLetter, (context, input) => services.GetRequiredService<MonitorStepRetries>().RunAsync(
                context, input.Notification.Monitor, input.Notification.Incident,
                () => services.GetRequiredService<IncidentNotices>().BuryAsync(context, input),
                input.Channel))
        .AddActivity<ResponseRequest, StartResponseResult>(
            MonitorStepNames.StartResponse, (context, input) => services.GetRequiredService<MonitorStepRetries>().RunAsync(
                context, input.Monitor, input.IncidentId,
                () => services.GetRequiredService<ResponseService>().StartAsync(context, input)))
        .AddActivity<RecordResponseInput, bool>(
            MonitorStepNames.RecordResponse, (context, input) => services.GetRequiredService<MonitorStepRetries>().RunAsync(
                context, input.Request.Monitor, input.Request.IncidentId,
                () => services.GetRequiredService<ResponseRecords>().RecordAsync(context, input)));
}
