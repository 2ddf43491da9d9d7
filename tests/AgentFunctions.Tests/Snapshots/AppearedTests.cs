using AgentFunctions.Gateway.Folders;
using AgentFunctions.Runs;
using AgentFunctions.Snapshots;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace AgentFunctions.Tests.Snapshots;

/// <summary>What comes into view is nobody's change: a restore leaves it.</summary>
[CancelAfter(300_000)]
internal sealed class AppearedTests
{
    [Test]
    public async Task Restore_AfterIgnoreRulesWentAway_LeavesWhatTheyLeftOut()
    {
        await using RunHost host = await FolderHost.StartAsync(static request => request.Turn switch
        {
            0 => FolderHost.Shell(
                "mkdir -p data/in; echo x > data/in/x; echo secret > .env; printf '.env\\ndata/\\n' > .gitignore"),
            1 => FolderHost.Shell("rm .gitignore; mkdir made; echo y > made/y"),
            2 => FolderHost.Write(".env", "of the agent"),
            _ => ChatReply.Say("done"),
        });
        Run run = await host.RunAsync();
        string folder = (await host.Get<RunStore>().GetAsync(run.Id)).Workspace!;

        RestoreReport report = await host.Get<RunFolder>().RestoreAsync(run.Id, new RestoreRequest(1));

        Assert.That(report.Restored.Select(static one => one.Path), Is.EqualTo(new[] { ".env", ".gitignore", "made", "made/y" }));
        Assert.That(File.ReadAllText(Path.Combine(folder, ".env")), Is.EqualTo("secret\n"));
        Assert.That((File.Exists(Path.Combine(folder, "data", "in", "x")), Directory.Exists(Path.Combine(folder, "made"))),
            Is.EqualTo((true, false)));
        Assert.That((await host.Get<RunFolder>().ChangesAsync(run.Id)).Skipped
            .Where(static one => one.Why.Contains("since when", StringComparison.Ordinal)).Select(static one => one.Path),
            Is.EqualTo(new[] { ".env", "data" }));
    }

    [Test]
    public async Task Restore_AfterAWalkThatWasCut_LeavesWhatTheNextOneSees()
    {
        using var folder = new TemporaryFolder();
        await using RunHost host = await StartAsync(folder);
        Run run = await host.RunAsync();
        var time = new SlowTime { Step = FolderBounds.Walk * 0.6 };
        CallCapture command = Process(host, time).Of(new Workspace(folder.Path), new CallPlace(run.Id, 1, 1), null)!;
        await command.BeginAsync(default);
        time.Step = TimeSpan.Zero;
        command.Enter();
        await command.FinishAsync(isDone: true, default);
        command.Leave();

        RestoreReport report = await host.Get<RunFolder>().RestoreAsync(run.Id, new RestoreRequest(0));

        Assert.That((report.Restored.Count, report.Conflicts.Count), Is.EqualTo((0, 0)));
        Assert.That(Directory.GetFiles(folder.Path), Has.Length.EqualTo(3));
        Assert.That((await host.Get<RunFolder>().FilesAsync(run.Id, 0)).Files.Keys,
            Is.EqualTo(new[] { "a.tmp", "b.tmp", "c.txt" }));
    }

    [Test]
    public async Task Walk_InANewProcess_KnowsFromTheLogWhatWasLeftOut()
    {
        using var folder = new TemporaryFolder();
        await using RunHost host = await StartAsync(folder);
        string rules = folder.Write(".gitignore", "*.tmp");
        Run run = await host.RunAsync();
        var workspace = new Workspace(folder.Path);
        var place = new CallPlace(run.Id, 1, 1);
        await Process(host, TimeProvider.System).Of(workspace, place, null)!.BeginAsync(default);
        File.Delete(rules);
        folder.Write("made.txt", "made");

        CallCapture again = Process(host, TimeProvider.System).Of(workspace, place, null)!;
        await again.ResumeAsync(default);
        await again.FinishAsync(isDone: false, default);

        IReadOnlyList<SnapshotEntry> entries = await host.Get<FolderSnapshots>().EntriesAsync(run.Id, default);
        Assert.That(
            entries.Select(static entry => (entry.Kind, string.Join(' ', entry.Changes.Select(static change => change.Path)))),
            Is.EqualTo(new[]
            {
                (SnapshotKind.Base, ".gitignore c.txt"), (SnapshotKind.Call, "made.txt .gitignore"),
                (SnapshotKind.Base, "a.tmp b.tmp"),
            }));
    }

    [TestCase("a.tmp", false, true)]
    [TestCase("in/a.tmp", false, false)]
    [TestCase("out/of/view", false, true)]
    [TestCase("closed/a", false, true)]
    [TestCase("closed", true, true)]
    [TestCase("bin", true, true)]
    [TestCase("bin", false, false)]
    [TestCase("a.txt", false, false)]
    public void View_OfAWalk_HidesWhatItLeftOut(string path, bool isFolder, bool expected)
    {
        var view = new FolderView();
        IgnoreRules rules = IgnoreRules.None.With("*.tmp\nout/", "");
        view.Add("", rules);
        view.Add("in", rules.With("!a.tmp", "in"));
        view.Close("closed");

        Assert.That(view.Hides(path, isFolder), Is.EqualTo(expected));
        view.IsCut = true;
        Assert.That(view.Hides(path, isFolder), Is.True);
    }

    private static Task<RunHost> StartAsync(TemporaryFolder folder)
    {
        folder.Write("a.tmp", "a");
        folder.Write("b.tmp", "b");
        folder.Write("c.txt", "c");
        return FolderHost.StartSharedAsync(
            folder.Path, static _ => ChatReply.Say("done"), null, ("Workspace:Snapshots", "all"));
    }

    private static FolderSnapshots Process(RunHost host, TimeProvider time) => new(
        host.Get<SnapshotLog>(), host.Get<SnapshotContents>(), host.Get<IWriteGroups>(), host.Get<IOptions<RunOptions>>(), time);

    /// <summary>A clock that goes on with every look at it.</summary>
    private sealed class SlowTime : FakeTimeProvider
    {
        public TimeSpan Step { get; set; }

        public override long GetTimestamp()
        {
            Advance(Step);
            return base.GetTimestamp();
        }
    }
}
