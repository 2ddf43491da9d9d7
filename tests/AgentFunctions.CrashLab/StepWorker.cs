using System.Text.Json;
using AgentFrameworkRefund;
using AgentFunctions.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Grpc;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.CrashLab;

/// <summary>Takes the steps that the hub's process hands out, a line each, until it is killed or nothing more comes.</summary>
internal static class StepWorker
{
    /// <summary>Takes steps.</summary>
    /// <param name="team">The agents.</param>
    /// <param name="account">Where runs are kept.</param>
    /// <param name="hub">The address of the hub.</param>
    public static async Task RunAsync(Team team, StorageAccount account, string hub)
    {
        var clients = new ServiceCollection();
        clients.AddLogging().AddDurableTaskClient(client => client.UseGrpc(hub));
        await using ServiceProvider client = clients.BuildServiceProvider();
        await using ServiceProvider services = DurableTaskServices.Build(team, account,
            client.GetRequiredService<DurableTaskClient>());
        DurableTaskRunner runner = services.GetRequiredService<DurableTaskRunner>();
        while (await Console.In.ReadLineAsync() is { } line)
        {
            Step step = JsonSerializer.Deserialize<Step>(line)!;
            JsonElement? result = await runner.RunActivityAsync(step.Instance, step.Name, step.Input, CancellationToken.None);
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(result));
        }
    }
}

/// <summary>A step that is handed out.</summary>
/// <param name="Instance">The orchestration that asks for it.</param>
/// <param name="Name">The name of the activity.</param>
/// <param name="Input">Its input.</param>
internal sealed record Step(string Instance, string Name, JsonElement? Input);
