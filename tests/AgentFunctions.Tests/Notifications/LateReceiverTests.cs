using System.Collections.Concurrent;
using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Runs;
using AgentFunctions.Steps;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Notifications;

/// <summary>A receiver that is given after the end of a run is told of it, each time that it is given.</summary>
[CancelAfter(300_000)]
internal sealed class LateReceiverTests
{
    [Test]
    public async Task Add_AgainAfterADeliveryCameToNothing_IsTold(CancellationToken cancellationToken)
    {
        var form = new AddressForm();
        await using RunHost host = await RunHost.StartAsync(
            services => services.AddSingleton<IReceiverForm>(form), static _ => ChatReply.Say("done"));
        Run run = await host.RunAsync();
        foreach (string path in new[] { "wrong", "right" })
        {
            await host.Get<RunReceivers>().AddAsync(
                run.Id, new RunReceiver("mine", AddressForm.FormName, $"https://example.org/{path}", JsonElement.Parse("{}")),
                cancellationToken);
            Page<OrchestrationState> deliveries = await host.Get<IOrchestrationClient>()
                .QueryAsync(new OrchestrationQuery { InstanceIdPrefix = $"callback.{run.Id}." }, cancellationToken);
            await host.Get<IOrchestrationClient>().WaitForCompletionAsync(deliveries.Items.Single().InstanceId, cancellationToken);
        }

        Assert.That(form.Told, Is.EqualTo(new[] { "https://example.org/wrong", "https://example.org/right" }));
    }

    /// <summary>Notes where it was to tell something, and tells nothing.</summary>
    private sealed class AddressForm : IReceiverForm
    {
        public const string FormName = "address";

        public ConcurrentQueue<string> Told { get; } = new();

        public string Name => FormName;

        public Task<ReceiverMessage?> MessageAsync(string runId, RunReceiver receiver, string? asked,
            CancellationToken cancellationToken)
        {
            Told.Enqueue(receiver.Url);
            return Task.FromResult<ReceiverMessage?>(null);
        }
    }
}
