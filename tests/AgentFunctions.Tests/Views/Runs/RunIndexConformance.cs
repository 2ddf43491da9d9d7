using System.Globalization;
using System.Text.Json;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Runs;
using AgentFunctions.Runs.Index;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Views.Runs;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentFunctions.Tests.Views.Runs;

/// <summary>The run index on any stores. Each writer and reader connects for itself, as another process would.</summary>
public abstract class RunIndexConformance
{
    private const int Steps = 150;
    private static readonly DateTimeOffset s_start = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Connects once more to the stores of the test.</summary>
    protected abstract (ILogStore Logs, IRecordStore Records, IBlobStore Blobs) Connect();

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    [CancelAfter(300_000)]
    public async Task Append_ByTwoWritersToOneLog_LosesNothing()
    {
        RunIndexLog[] writers = [Writer(), Writer()];
        string[] ids = [.. Enumerable.Range(0, 60)
            .Select(static number => string.Create(CultureInfo.InvariantCulture, $"root.{number}-0"))];

        await Task.WhenAll(ids.Select((id, number) => writers[number % 2].AdmittedAsync(Record(id), Cancel)));

        RunIndex index = Reader();
        await index.RefreshAsync(Cancel);
        Assert.That(index.Rows.Below("root").Select(static row => row.Id), Is.EquivalentTo(ids));
        Assert.That(index.Lengths.Sum(), Is.EqualTo(ids.Length));
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Snapshot_ReaderThatBeginsWithIt_KnowsTheSame()
    {
        RunIndexLog writer = Writer();
        RunIndex first = Reader(snapshotEvery: 10);
        for (int number = 0; number < 40; number++)
        {
            await writer.AdmittedAsync(Record($"root.{number % 25}-0"), Cancel);
            await writer.EndedAsync($"root.{number % 20}-0", new IndexedEnd { Status = RunStatus.Failed, At = number, Turns = 3 },
                Cancel);
            await first.RefreshAsync(Cancel);
        }

        RunIndex later = Reader(snapshotEvery: 10);
        await later.RefreshAsync(Cancel);
        var whole = Reader();
        await Connect().Records.DeleteAsync($"index/heads/{RunIndexStreams.ShardOf("root"):x}", default, Cancel);
        await whole.RefreshAsync(Cancel);

        Assert.That(later.Lengths, Is.EqualTo(first.Lengths));
        Assert.That(Json(later), Is.EqualTo(Json(first)));
        Assert.That(Json(whole), Is.EqualTo(Json(first)), "without any snapshot");
        Assert.That(
            await Connect().Records.ListAsync("index/snapshots/", null, Cancel).CountAsync(Cancel), Is.EqualTo(1),
            "those before are deleted");
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task Entry_OfAnyRun_IsSmallAndSaysWhatItLeavesOut()
    {
        var labels = Enumerable.Range(0, 8).ToDictionary(static number => $"label{number}", static number => new string('v', 60));
        RunRecord small = Record("a") with { Goal = "Do it." };
        RunRecord longGoal = Record("b") with { Goal = new string('g', 5_000) };
        RunRecord manyLabels = Record("c") with { Labels = labels };
        var end = new IndexedEnd
        {
            Status = RunStatus.Failed,
            At = 1,
            Code = "toolFailed",
            Message = new string('m', 5_000),
            Granted = [1, 2, 3.5m, 4, 5]
        };

        RunIndexEntry[] entries =
        [
            RunIndexLog.OfRun(small, s_start), RunIndexLog.OfRun(longGoal, s_start), RunIndexLog.OfRun(manyLabels, s_start),
            new(RunIndexEntry.Confirmed, "d", 1) { End = end, Seen = 7 },
        ];
        Assert.That(entries.Select(static entry => RunIndexLog.Write(entry).Length), Is.All.AtMost(RunIndexEntry.MaxBytes));
        await Writer().AppendAsync(entries, Cancel);
        RunIndex index = Reader();
        await index.RefreshAsync(Cancel);

        Assert.That((index.Rows.Find("a")!.Run!.Goal, index.Rows.Find("a")!.Run!.HasMore), Is.EqualTo(("Do it.", (bool?)null)));
        Assert.That((index.Rows.Find("b")!.Run!.Goal, index.Rows.Find("b")!.Run!.HasMore),
            Is.EqualTo(((string?)null, (bool?)true)));
        Assert.That((index.Rows.Find("c")!.Run, index.Rows.Find("c")!.TellsAll), Is.EqualTo(((IndexedRun?)null, false)));
        Assert.That((index.Rows.Find("d")!.End!.Message, index.Rows.Find("d")!.End!.HasMore),
            Is.EqualTo(((string?)null, (bool?)true)));
    }

    /// <summary>
    /// Whatever becomes of runs, and wherever a process dies in between, a list has the runs that there are, each with its
    /// status.
    /// </summary>
    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(4)]
    [CancelAfter(300_000)]
    public async Task List_AfterAnyTransitionsAndCrashes_IsWhatTheOrchestrationsSay(int seed)
    {
        var story = new RunStory(seed, Connect());
        await story.BeginAsync(Cancel);
        for (int step = 0; step < Steps; step++)
        {
            await story.StepAsync(Cancel);
            if (step % 10 == 0)
            {
                await story.EnsureTrueListsAsync($"seed {seed}, step {step}", Cancel);
            }
        }

        // What is damaged or forgotten is made good from the records.
        await story.RepairAsync(Cancel);
        await story.DamageAsync(Cancel);
        await story.EnsureTrueListsAsync($"seed {seed}, damaged", Cancel);
        await story.RepairAsync(Cancel);
        await story.EnsureIndexIsTrueAsync(Cancel);
    }

    internal static RunRecord Record(string id) => new()
    {
        Id = id,
        Agent = "worker",
        DefinitionHash = "none",
        Model = "test",
        Goal = "Work.",
        CreatedAt = s_start,
    };

    private static string[] Json(RunIndex index) =>
        [.. index.Rows.Next(null, static _ => true, int.MaxValue)
            .Select(static row => JsonSerializer.Serialize(row, RunIndexJsonContext.Default.RunIndexRow))];

    private RunIndexLog Writer() => new(Connect().Logs, TimeProvider.System, NullLogger<RunIndexLog>.Instance);

    private RunIndex Reader(int snapshotEvery = RunIndex.SnapshotEvery)
    {
        (ILogStore logs, IRecordStore records, _) = Connect();
        return new RunIndex(logs, records, NullLogger<RunIndex>.Instance, snapshotEvery);
    }
}
