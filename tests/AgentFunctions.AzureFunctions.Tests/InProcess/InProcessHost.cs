using AgentFunctions.Conformance;
using AgentFunctions.Durability;
using AgentFunctions.DurableTask;
using AgentFunctions.DurableTask.Client;
using AgentFunctions.TestKit;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Testing;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>
/// Durable Task's own test host, with the worker that an app adds the runtime to, and the orchestrators and activities of a
/// registry.
/// </summary>
internal sealed class InProcessHost(DurableTaskTestHost host) : ConformanceHost
{
    public DurableTaskClient DurableClient => host.Client;

    public override IOrchestrationClient Client { get; } =
        new DurableTaskOrchestrationClient(new DurableTaskClientAccessor { Client = host.Client }, TimeProvider.System);

    public static async Task<InProcessHost> StartAsync(
        DurableRegistry registry, ILoggerFactory? logs = null, Action<DurableTaskRegistry>? own = null)
    {
        var options = new DurableTaskTestHostOptions
        {
            Port = FreePort.Take(),
            LoggerFactory = logs,
            ConfigureServices = services => services.AddSingleton(registry)
                .AddDurableTaskWorker(static worker => worker.AddAgentFunctions()),
        };
        return new InProcessHost(await DurableTaskTestHost.StartAsync(own ?? (static _ => { }), options));
    }

    /// <summary>The worker replays at every turn.</summary>
    public override Task ForgetAsync() => Task.CompletedTask;

    public override ValueTask DisposeAsync() => host.DisposeAsync();
}
