using AgentFunctions.AzureStorage;
using AgentFunctions.Core;
using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Swarm;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>The end of sub-agents that hear nothing, on a backend that ends an instance alone.</summary>
[CancelAfter(300_000)]
public sealed class EndChildrenTests
{
    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task EndChildren_ChildWithSubAgentsOfItsOwn_EndsThemTooAndNoOther()
    {
        var registry = new DurableRegistry();
        registry.AddOrchestrator<int, int>("waits", static (context, _) => context.WaitForExternalEventAsync<int>("never"));
        await using InProcessHost host = await InProcessHost.StartAsync(registry);
        BlobContainers containers = AzuriteServer.Containers();
        var runs = new RunStore(new BlobRecordStore(containers), new BlobContentStore(containers));
        foreach (string id in (string[])["lead.1-0", "lead.1-0.2-0", "lead.1-0.2-0.3-1", "lead.1-1", "lead.1-1.2-0"])
        {
            await runs.AddAsync(Record(id), Cancel);
            await host.Client.ScheduleAsync("waits", 0, new StartOptions { InstanceId = id }, Cancel);
        }

        // Of this one there is only the record: a crash came before it was started.
        await runs.AddAsync(Record("lead.1-0.4-0"), Cancel);

        await new EndChildrenActivity(host.Client, runs).RunAsync(
            new ActivityContext("lead", StepNames.EndChildren, 0, Cancel), new EndChildrenInput(["lead.1-0"]));

        foreach (string id in (string[])["lead.1-0", "lead.1-0.2-0", "lead.1-0.2-0.3-1"])
        {
            OrchestrationState end = await host.Client.WaitForCompletionAsync(id, Cancel);
            Assert.That(end.Status, Is.EqualTo(OrchestrationStatus.Terminated), id);
        }

        Assert.That((await host.Client.GetAsync("lead.1-1", false, Cancel))?.IsEnded, Is.False);
        Assert.That((await host.Client.GetAsync("lead.1-1.2-0", false, Cancel))?.IsEnded, Is.False);
    }

    private static RunRecord Record(string id) => new()
    {
        Id = id,
        Agent = "worker",
        DefinitionHash = "none",
        Model = "test",
        Goal = "Wait.",
        Parent = ChildName.LeadOf(id),
        CreatedAt = DateTimeOffset.UnixEpoch,
    };
}
