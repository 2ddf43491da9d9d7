using AgentFunctions.Durability;
using AgentFunctions.DurableTask;
using AgentFunctions.DurableTask.Client;
using Microsoft.DurableTask.Client;
using NSubstitute;
using CoreHistoryEvent = DurableTask.Core.History.HistoryEvent;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>What is done to a lead and its sub-agents, on a backend that acts on the instance alone.</summary>
[CancelAfter(1_800_000)]
public sealed class TreeTests
{
    private static readonly string[] Tree = ["lead", "lead.1-0", "lead.1-0.2-0", "lead.1-1"];

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Purge_Lead_TakesItsSubAgentsAndNoOther()
    {
        await using InProcessHost host = await StartAsync();
        await host.Client.RaiseEventAsync("lead.1-0.2-0", "go", 0, Cancel);
        await host.Client.RaiseEventAsync("lead.1-1", "go", 0, Cancel);
        await host.Client.WaitForCompletionAsync("lead", Cancel);

        Assert.That(await host.Client.PurgeAsync("lead", Cancel), Is.EqualTo(Tree.Length));

        foreach (string id in Tree)
        {
            Assert.That(await host.Client.GetAsync(id, false, Cancel), Is.Null, id);
        }

        Assert.That(await host.Client.GetAsync("leader.1-0", false, Cancel), Is.Not.Null);
        Assert.That(await host.Client.PurgeAsync("lead", Cancel), Is.Zero);
    }

    [Test]
    public async Task Purge_CutOffAnywhere_IsFinishedByARepetition()
    {
        var registry = new DurableRegistry();
        registry.AddOrchestrator<int, int>("main", static (_, value) => Task.FromResult(value));
        await using InProcessHost host = await InProcessHost.StartAsync(registry);
        string[] tree = ["lead",
            .. Enumerable.Range(0, 12)
                .SelectMany(static child => (string[])[$"lead.{child}", $"lead.{child}.0", $"lead.{child}.1"])];
        foreach (string id in tree)
        {
            await host.Client.ScheduleAsync("main", 1, new StartOptions { InstanceId = id }, Cancel);
        }

        await Task.WhenAll(tree.Select(id => host.Client.WaitForCompletionAsync(id, Cancel)));
        int left = tree.Length;
        for (int calls = 0; left > 0; calls++)
        {
            using var stop = new CancellationTokenSource();
            var client = new DurableTaskOrchestrationClient(
                new DurableTaskClientAccessor { Client = DiesAfter(host.DurableClient, 7, stop) }, TimeProvider.System);
            try
            {
                await client.PurgeAsync("lead", stop.Token);
            }
            catch (OperationCanceledException)
            {
                // As the process that was at it.
            }

            int still = 0;
            foreach (string id in tree)
            {
                still += await host.Client.GetAsync(id, false, Cancel) is null ? 0 : 1;
            }

            Assert.That(still, Is.LessThan(left), "each call gets on");
            Assert.That(still == 0 || await host.Client.GetAsync("lead", false, Cancel) is not null, "the root goes last");
            left = still;
        }
    }

    /// <summary>The client of a process that is cut off after so many purges.</summary>
    private static DurableTaskClient DiesAfter(DurableTaskClient inner, int purges, CancellationTokenSource stop)
    {
        DurableTaskClient client = Substitute.For<DurableTaskClient>("test");
        client.GetInstanceAsync(Arg.Any<string>(), Arg.Any<bool>(), Arg.Any<CancellationToken>()).Returns(
            call => inner.GetInstanceAsync(call.Arg<string>(), call.Arg<bool>(), Cancel));
        client.GetAllInstancesAsync(Arg.Any<Microsoft.DurableTask.Client.OrchestrationQuery>()).Returns(
            call => inner.GetAllInstancesAsync(call.Arg<Microsoft.DurableTask.Client.OrchestrationQuery>()));
        client.GetOrchestrationHistoryAsync(Arg.Any<string>(), Arg.Any<CancellationToken>())
            .Returns<IList<CoreHistoryEvent>>(_ => []);
        int done = 0;
        client.PurgeInstanceAsync(Arg.Any<string>(), Arg.Any<PurgeInstanceOptions>(), Arg.Any<CancellationToken>())
            .Returns(async call =>
        {
            if (Interlocked.Increment(ref done) > purges)
            {
                await stop.CancelAsync();
                throw new OperationCanceledException();
            }

            return await inner.PurgeInstanceAsync(call.Arg<string>(), call.Arg<PurgeInstanceOptions>(), Cancel);
        });
        return client;
    }

    [Test]
    public async Task Terminate_Lead_EndsItsSubAgentsAndNoOther()
    {
        await using InProcessHost host = await StartAsync();

        await host.Client.TerminateAsync("lead", "enough", true, Cancel);

        foreach (string id in Tree)
        {
            Assert.That((await host.Client.WaitForCompletionAsync(id, Cancel)).Status, Is.EqualTo(OrchestrationStatus.Terminated),
                id);
        }

        Assert.That((await host.Client.GetAsync("leader.1-0", false, Cancel))?.IsEnded, Is.False);
    }

    /// <summary>
    /// A lead with two sub-agents, one of which has one of its own, and a stranger whose id is much like theirs.
    /// </summary>
    private static async Task<InProcessHost> StartAsync()
    {
        var registry = new DurableRegistry();
        registry.AddOrchestrator<string[], int>("leads", static async (context, names) =>
        {
            await Task.WhenAll(names.Select(name => context.CallSubOrchestratorAsync<int>(
                name == "1-0" ? "leads" : "waits", new[] { "2-0" },
                new SubOrchestrationOptions($"{context.InstanceId}.{name}"))));
            return 0;
        });
        registry.AddOrchestrator<string[], int>("waits", static async (context, _) =>
        {
            await context.CallActivityAsync<bool>("begun");
            return await context.WaitForExternalEventAsync<int>("go");
        });
        using var begun = new SemaphoreSlim(0);
        registry.AddActivity<object?, bool>("begun", (_, _) => Task.FromResult(begun.Release() >= 0));
        InProcessHost host = await InProcessHost.StartAsync(registry);
        await host.Client.ScheduleAsync("leads", new[] { "1-0", "1-1" }, new StartOptions { InstanceId = "lead" }, Cancel);
        await host.Client.ScheduleAsync("waits", Array.Empty<string>(), new StartOptions { InstanceId = "leader.1-0" }, Cancel);
        for (int leaf = 0; leaf < 3; leaf++)
        {
            await begun.WaitAsync(Cancel);
        }

        return host;
    }
}
