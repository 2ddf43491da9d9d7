using System.Security.Cryptography;
using System.Text.Json;
using AgentFrameworkRefund;
using AgentFunctions.AzureFunctions.Tests;
using AgentFunctions.Durability;
using AgentFunctions.DurableTask;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Views;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentFunctions.CrashLab;

/// <summary>
/// The agent as a durable run on Durable Task's in-process host and a storage account. The hub stays, as a service does; the
/// process that takes the steps is killed.
/// </summary>
internal static class OnDurableTask
{
    /// <summary>Runs the agent to its end.</summary>
    public static async Task RunAsync(Team team, string folder)
    {
        string key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(64));
        using AzuriteProcess azurite = AzuriteProcess.Start(1, key);
        StorageAccount account = StorageAccount.Of(azurite.TryTakeAccount()!, key);
        int port = FreePort.Take();
        var steps = new KilledSteps(["steps", folder, team.Kill.At, account.Account, key, $"http://127.0.0.1:{port}"]);
        ServiceProvider? services = null;
        await using DurableTaskTestHost hub = await DurableTaskTestHost.StartAsync(
            tasks => Register(tasks, () => services!, team, account, steps),
            new DurableTaskTestHostOptions { Port = port, LoggerFactory = NullLoggerFactory.Instance });
        services = DurableTaskServices.Build(team, account, hub.Client);
        await using ServiceProvider owned = services;
        // Before the hub, which waits for its clients when it ends.
        using KilledSteps ended = steps;
        Run run = await services.GetRequiredService<AgentGateway>()
            .SubmitAsync(new RunRequest { Agent = "refunds", Goal = Team.Goal });
        run = await services.GetRequiredService<RunReader>().WaitForEndAsync(run.Id);
        if (run.Status != RunStatus.Completed)
        {
            throw new InvalidOperationException(run.Error?.Message ?? run.Status.ToString());
        }
    }

    private static void Register(
        DurableTaskRegistry tasks, Func<ServiceProvider> services, Team team, StorageAccount account, KilledSteps steps)
    {
        // The names are known to services alone, and the hub wants them before it starts.
        using ServiceProvider names = DurableTaskServices.Build(team, account, null!);
        DurableRegistry registry = names.GetRequiredService<DurableRegistry>();
        foreach (string name in registry.Orchestrators.Keys)
        {
            tasks.AddOrchestratorFunc<JsonElement?, JsonElement?>(
                name, (context, _) => services().GetRequiredService<DurableTaskRunner>().OrchestrateAsync(context));
        }

        foreach (string name in registry.Activities.Keys)
        {
            tasks.AddActivityFunc<JsonElement?, JsonElement?>(
                name, (context, input) => steps.TakeAsync(new Step(context.InstanceId, name, input)));
        }
    }
}
