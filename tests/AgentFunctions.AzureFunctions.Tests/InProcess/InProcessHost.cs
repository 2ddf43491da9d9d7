using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using AgentFunctions.AzureFunctions.Durability;
using AgentFunctions.Conformance;
using AgentFunctions.Durability;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Testing;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>Durable Task's own test host, with the orchestrators and activities of a registry behind this library's adapter.</summary>
internal sealed class InProcessHost(DurableTaskTestHost host) : ConformanceHost
{
    public DurableTaskClient DurableClient => host.Client;

    public override IOrchestrationClient Client { get; } =
        new DurableTaskOrchestrationClient(new DurableClientAccessor { Client = host.Client });

    public static async Task<InProcessHost> StartAsync(
        DurableRegistry registry, ILoggerFactory? logs = null, Action<DurableTaskRegistry>? own = null)
    {
        var runner = new DurableRunner(registry, new DurableClientAccessor(), new StepLimit(null, TimeProvider.System));
        var options = new DurableTaskTestHostOptions { Port = FreePort(), LoggerFactory = logs };
        return new InProcessHost(await DurableTaskTestHost.StartAsync(Register, options));

        void Register(DurableTaskRegistry tasks)
        {
            foreach (string name in registry.Orchestrators.Keys)
            {
                tasks.AddOrchestratorFunc<JsonElement?, JsonElement?>(name, (context, _) => runner.OrchestrateAsync(context));
            }

            foreach (string name in registry.Activities.Keys)
            {
                tasks.AddActivityFunc<JsonElement?, JsonElement?>(
                    name, (context, input) => runner.RunAsync(new ActivityContext(context.InstanceId, name, -1, CancellationToken.None), input));
            }

            own?.Invoke(tasks);
        }
    }

    /// <summary>The worker replays at every turn.</summary>
    public override Task ForgetAsync() => Task.CompletedTask;

    public override ValueTask DisposeAsync() => host.DisposeAsync();

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
