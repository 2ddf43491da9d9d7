using AgentFunctions.AzureFunctions.Tests.Views;
using AgentFunctions.AzureStorage;
using AgentFunctions.Core;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Runs.Index;
using AgentFunctions.Storage;
using AgentFunctions.Swarm;
using AgentFunctions.Tests.Views;
using AgentFunctions.Views;
using AgentFunctions.Views.Runs;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>The end of sub-agents that hear nothing, on a backend that ends an instance alone.</summary>
[CancelAfter(1_800_000)]
[Category(AzuriteServer.Category)]
public sealed class EndChildrenTests
{
    private const int Children = 300;

    private readonly CountingStorage _storage = new();
    private ILogStore _logs = null!;
    private RunStore _runs = null!;
    private RunIndex? _index;
    private InProcessHost? _host;

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [SetUp]
    public async Task StartAsync()
    {
        var registry = new DurableRegistry();
        registry.AddOrchestrator<int, int>("waits", static (context, _) => context.WaitForExternalEventAsync<int>("never"));
        _host = await InProcessHost.StartAsync(registry);
        var options = new BlobClientOptions();
        options.AddPolicy(_storage, HttpPipelinePosition.PerRetry);
        var containers = new BlobContainers(AzuriteServer.Connect(AzuriteServer.TakeAccount(), options));
        _logs = new BlobLogStore(containers, TimeProvider.System);
        var records = new BlobRecordStore(containers);
        _runs = new RunStore(records,
            new BlobContentStore(containers))
        {
            Index = new RunIndexLog(_logs, TimeProvider.System,
                NullLogger<RunIndexLog>.Instance)
        };
        _index = new RunIndex(_logs, records, NullLogger<RunIndex>.Instance);
    }

    [TearDown]
    public async Task StopAsync()
    {
        _index?.Dispose();
        await (_host?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task EndChildren_ChildWithSubAgentsOfItsOwn_EndsThemTooAndNoOther(bool isIndexed)
    {
        foreach (string id in (string[])["lead.1-0", "lead.1-0.2-0", "lead.1-0.2-0.3-1", "lead.1-1", "lead.1-1.2-0"])
        {
            await BeginAsync(id);
        }

        // Of this one there is only the record: a crash came before it was started.
        await _runs.AddAsync(Record("lead.1-0.4-0"), Cancel);
        if (isIndexed)
        {
            await _index!.SetWholeAsync([.. Enumerable.Repeat(0L, RunIndexStreams.Count)], Cancel);
        }

        bool isDone = await Activity(_host!.Client).RunAsync(Context(), new EndChildrenInput(["lead.1-0"]));

        Assert.That(isDone, Is.True);
        foreach (string id in (string[])["lead.1-0", "lead.1-0.2-0", "lead.1-0.2-0.3-1"])
        {
            OrchestrationState end = await _host!.Client.WaitForCompletionAsync(id, Cancel);
            Assert.That(end.Status, Is.EqualTo(OrchestrationStatus.Terminated), id);
        }

        Assert.That((await _host!.Client.GetAsync("lead.1-1", false, Cancel))?.IsEnded, Is.False);
        Assert.That((await _host!.Client.GetAsync("lead.1-1.2-0", false, Cancel))?.IsEnded, Is.False);
    }

    [Test]
    public async Task EndChildren_OfManyWithTheProcessKilledInBetween_EndsEachInBoundedSteps()
    {
        string[] ids = [.. Enumerable.Range(0, Children).Select(static number => $"lead.1-0-{number}")];
        var orchestrations = new FakeOrchestrations();
        foreach (string id in ids)
        {
            orchestrations.States[id] = new OrchestrationState(id, AgentLoop.Name, OrchestrationStatus.Running, default, default);
        }

        _storage.Take();
        await Task.WhenAll(ids.Select(id => _runs.Index!.AdmittedAsync(Record(id), Cancel)));
        Assert.That(_storage.Take(), Is.AtMost(Children / 3), "those that are admitted together are entered together");
        await _index!.SetWholeAsync([.. Enumerable.Repeat(0L, RunIndexStreams.Count)], Cancel);
        await _index!.RefreshAsync(Cancel);
        var input = new EndChildrenInput(ids);
        int told = 0, steps = 0, killed = 0;
        bool isDone = false;
        while (!isDone)
        {
            // Every third step dies in the middle, and nothing of what it did is remembered but what it wrote.
            var client = new MortalClient(orchestrations, steps++ % 3 == 2 ? 20 : int.MaxValue);
            _storage.Take();
            try
            {
                isDone = await Activity(client).RunAsync(Context(), input);
                Assert.That(_storage.Take(), Is.AtMost(12), "requests to the account for a step, however many it ends");
            }
            catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
            {
                killed++;
            }

            Assert.That(client.Told, Is.AtMost(EndChildrenActivity.MaxAtOnce));
            told += client.Told;
        }

        TestContext.Out.WriteLine($"{steps} steps, {killed} killed, {told} told");
        Assert.That(killed, Is.Positive);
        Assert.That(told, Is.InRange(Children, Children + (killed * (20 + 16))),
            "what a killed step had told is told again, and nothing else is");
        Assert.That(orchestrations.States.Values.Select(static state => state.Status),
            Is.All.EqualTo(OrchestrationStatus.Terminated));
    }

    private static ActivityContext Context() => new("lead", StepNames.EndChildren, 0, Cancel);

    private EndChildrenActivity Activity(IOrchestrationClient client)
    {
        TimeProvider time = TimeProvider.System;
        var entries = new RunIndexLog(_logs, time, NullLogger<RunIndexLog>.Instance);
        // What looks for runs of another version at the start of a process has an account without any, so that it is not counted.
        var none = new BlobContainers(AzuriteServer.Connect());
        var repair = new RunIndexRepair(
            _index!, entries, new RunStore(new BlobRecordStore(none), new BlobContentStore(none)), time,
            NullLogger<RunIndexRepair>.Instance);
        var reader = new RunReader(_runs, client, null!, time, new Redactor(), null!)
        {
            Index = new RunIndexView(_index!, entries, repair, _runs, time, NullLogger<RunIndexView>.Instance),
        };
        return new EndChildrenActivity(client, _runs, reader);
    }

    private async Task BeginAsync(string id)
    {
        await _runs.AddAsync(Record(id), Cancel);
        await _host!.Client.ScheduleAsync("waits", 0, new StartOptions { InstanceId = id }, Cancel);
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
