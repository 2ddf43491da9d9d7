using AgentFunctions.AzureStorage;
using AgentFunctions.Core;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Runs.Index;
using AgentFunctions.Storage;
using AgentFunctions.Tests.Views;
using AgentFunctions.Views;
using AgentFunctions.Views.Runs;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentFunctions.AzureFunctions.Tests.Views;

/// <summary>How many requests to a storage account a list and a tree take, as <c>docs/azure.md</c> says.</summary>
[CancelAfter(1_800_000)]
[Category(AzuriteServer.Category)]
public sealed class ListRequestsTests
{
    private const int Runs = 1_200;
    private const int Children = 300;

    /// <summary>One read of each log, whose end it is.</summary>
    private const int Logs = 16;

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Page_OfThirtyOutOfMany_IsAReadOfEachLogAndALookAtThoseThatLive()
    {
        string account = AzuriteServer.TakeAccount();
        var orchestrations = new FakeOrchestrations();
        string[] ids = [.. Enumerable.Range(0, Runs)
            .Select(static number => RunId.New(DateTimeOffset.UnixEpoch.AddSeconds(number)))];
        await WriteAsync(account, ids, orchestrations);
        var filter = new RunFilter();

        (RunReader reader, CountingStorage requests) = Connect(account, orchestrations);
        Page<Run> first = await reader.ListPageAsync(filter, 30, Cancel);
        TestContext.Out.WriteLine($"first page of a process: {requests.Take()} requests, {orchestrations.Asked} orchestrations");
        int asked = orchestrations.Asked;
        Page<Run> second = await reader.ListPageAsync(filter with { After = first.ContinuationToken }, 30, Cancel);

        Assert.That(first.Items.Concat(second.Items).Select(static run => run.Id),
            Is.EqualTo(ids.Order(StringComparer.Ordinal).Take(60)));
        Assert.That(requests.Take(), Is.EqualTo(Logs), "a read of each log, and no record");
        Assert.That(orchestrations.Asked - asked, Is.Zero, "all have ended");

        // Ten of them live, and are asked about; nothing else is.
        var entries = new RunIndexLog(Stores(account).Logs, TimeProvider.System, NullLogger<RunIndexLog>.Instance);
        foreach (string id in ids.Order(StringComparer.Ordinal).Take(10))
        {
            await entries.ResumingAsync(id, 1, Cancel);
            orchestrations.States[id] = orchestrations.States[id] with { Status = OrchestrationStatus.Running };
        }

        Page<Run> live = await reader.ListPageAsync(filter with { Status = RunStatus.Running }, 30, Cancel);

        Assert.That(live.Items, Has.Count.EqualTo(10));
        Assert.That(requests.Take(), Is.EqualTo(Logs + 10), "and the troubles of each");
        Assert.That(orchestrations.Asked - asked, Is.EqualTo(10));
    }

    [Test]
    public async Task Tree_OfManyThatHaveEnded_IsOneReadOfItsLog()
    {
        string account = AzuriteServer.TakeAccount();
        var orchestrations = new FakeOrchestrations();
        string lead = RunId.New(DateTimeOffset.UnixEpoch);
        await WriteAsync(account, [lead, .. Enumerable.Range(0, Children).Select(number => $"{lead}.1-0-{number}")],
            orchestrations);

        (RunReader reader, CountingStorage requests) = Connect(account, orchestrations);
        var trees = new RunTreeReader(new RunStore(Stores(account, requests).Records, Stores(account).Blobs), reader);
        Assert.That((await trees.GetAsync(lead, Cancel)).Children, Has.Count.EqualTo(Children));
        TestContext.Out.WriteLine($"first tree of a process: {requests.Take()} requests");
        int asked = orchestrations.Asked;
        RunTree tree = await trees.GetAsync(lead, Cancel);

        Assert.That(tree.Children, Has.Count.EqualTo(Children));
        Assert.That(requests.Take(), Is.EqualTo(1));
        Assert.That(orchestrations.Asked - asked, Is.EqualTo(1), "the lead");
    }

    private static async Task WriteAsync(string account, string[] ids, FakeOrchestrations orchestrations)
    {
        (ILogStore logs, IRecordStore records, _) = Stores(account);
        var entries = new RunIndexLog(logs, TimeProvider.System, NullLogger<RunIndexLog>.Instance);
        var end = new IndexedEnd { Status = RunStatus.Completed, At = DateTimeOffset.UtcNow.UtcTicks, Turns = 1 };
        foreach (string[] some in ids.Chunk(300))
        {
            await entries.AppendAsync(some.Select(static id => RunIndexLog.OfRun(Record(id), DateTimeOffset.UtcNow)), Cancel);
            await entries.AppendAsync(
                some.Select(id => new RunIndexEntry(RunIndexEntry.Confirmed, id, 1) { End = end, Seen = long.MaxValue }), Cancel);
        }

        // The lead of a tree is the only one that has a record: nothing may need those of the others.
        await new RunStore(records, Stores(account).Blobs).AddAsync(Record(ids[0]), Cancel);
        foreach (string id in ids)
        {
            orchestrations.States[id] =
                new OrchestrationState(id, AgentLoop.Name, OrchestrationStatus.Completed, default, default)
                {
                    Output = DurableJson.Serialize(new RunOutcome(RunStatus.Completed,
                    new RunState { Limits = new LoopLimits(9, new(), 1_000, 100) })),
                    CustomStatus = DurableJson.Serialize(new RunState { Limits = new LoopLimits(9, new(), 1_000, 100) }),
                };
        }

        var index = new RunIndex(logs, records, NullLogger<RunIndex>.Instance);
        await index.RefreshAsync(Cancel);
        await index.SetWholeAsync(index.Lengths, Cancel);
    }

    private static RunRecord Record(string id) => new()
    {
        Id = id,
        Agent = "worker",
        DefinitionHash = "none",
        Model = "test",
        Goal = "Work.",
        Parent = ChildName.LeadOf(id),
        CreatedAt = DateTimeOffset.UnixEpoch,
    };

    private static (ILogStore Logs, IRecordStore Records, IBlobStore Blobs) Stores(string account,
        CountingStorage? requests = null)
    {
        var options = new BlobClientOptions();
        if (requests is not null)
        {
            options.AddPolicy(requests, HttpPipelinePosition.PerRetry);
        }

        var containers = new BlobContainers(AzuriteServer.Connect(account, options));
        return (new BlobLogStore(containers, TimeProvider.System), new BlobRecordStore(containers),
            new BlobContentStore(containers));
    }

    /// <summary>A process that reads.</summary>
    private static (RunReader Reader, CountingStorage Requests) Connect(string account, FakeOrchestrations orchestrations)
    {
        var requests = new CountingStorage();
        (ILogStore logs, IRecordStore records, IBlobStore blobs) = Stores(account, requests);
        TimeProvider time = TimeProvider.System;
        var runs = new RunStore(records, blobs);
        var index = new RunIndex(logs, records, NullLogger<RunIndex>.Instance);
        var entries = new RunIndexLog(logs, time, NullLogger<RunIndexLog>.Instance);
        // What looks for runs of another version at the start of a process has an account without any, so that it is not counted.
        var repair = new RunIndexRepair(
            index, entries, new RunStore(Stores(AzuriteServer.TakeAccount()).Records, blobs), time,
            NullLogger<RunIndexRepair>.Instance);
        var reader = new RunReader(
            runs, orchestrations,
            new RunContents(new Transcript(logs), new ArtifactStore(records, blobs, time), new PlanStore(records)), time,
            new Redactor(), records)
        {
            Index = new RunIndexView(index, entries, repair, runs, time, NullLogger<RunIndexView>.Instance),
        };
        return (reader, requests);
    }
}
