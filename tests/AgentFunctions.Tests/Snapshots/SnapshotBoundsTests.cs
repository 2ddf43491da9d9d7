using AgentFunctions.Gateway.Folders;
using AgentFunctions.Runs;
using AgentFunctions.Snapshots;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.Snapshots;

/// <summary>What is beyond the bounds is left as it is, and said.</summary>
[CancelAfter(300_000)]
internal sealed class SnapshotBoundsTests
{
    private const int TooMuch = FolderBounds.File + 1;

    [Test]
    [Platform("Linux")]
    public async Task Changes_OfWhatIsNotKept_SayItOnceAndARestoreLeavesIt()
    {
        await using RunHost host = await FolderHost.StartAsync(static request => request.Turn switch
        {
            0 => FolderHost.Shell($"mkfifo pipe; mkdir node_modules; head -c {TooMuch} /dev/zero > large; echo one > small"),
            1 or 2 => FolderHost.Shell("true"),
            3 => FolderHost.Shell($"head -c {TooMuch} /dev/urandom > large; echo two > small; echo x > node_modules/x"),
            _ => ChatReply.Say("done"),
        });
        Run run = await host.RunAsync();
        Assert.That((run.Status, run.Turns), Is.EqualTo((RunStatus.Completed, 5)), run.Error?.Message);
        string folder = (await host.Get<RunStore>().GetAsync(run.Id)).Workspace!;
        byte[] large = File.ReadAllBytes(Path.Combine(folder, "large"));

        RunChanges changes = await host.Get<RunFolder>().ChangesAsync(run.Id);
        RestoreReport report = await host.Get<RunFolder>().RestoreAsync(run.Id, new RestoreRequest(1));

        Assert.That(changes.Entries.Select(static entry => entry.Turn), Is.EqualTo(new int?[] { 1, 4 }),
            "what is known costs no entry");
        Assert.That(changes.Skipped, Is.EquivalentTo(new SkippedPath[]
        {
            new("large", "it has more than 5 MiB"), new("pipe", "it is a device, pipe or socket"),
            new("node_modules", "ignore rules leave it out"),
        }));
        Assert.That(changes.Entries[1].Skipped.Select(static one => one.Path), Is.EqualTo(new[] { "large" }));
        Assert.That(report.Restored.Select(static one => one.Path), Is.EqualTo(new[] { "small" }));
        Assert.That(report.Skipped, Is.EqualTo(new[] { new SkippedPath("large", "its content was not kept") }));
        Assert.That(File.ReadAllBytes(Path.Combine(folder, "large")), Is.EqualTo(large));
    }

    [Test]
    public async Task Write_OfAnIgnoredPath_IsKeptAllTheSame()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, ".gitignore"), "*.secret\n");
        Directory.CreateDirectory(Path.Combine(folder.Path, "bin"));
        File.WriteAllText(Path.Combine(folder.Path, "bin", "tool"), "before");
        await using RunHost host = await FolderHost.StartSharedAsync(folder.Path, static request => request.Turn switch
        {
            0 => FolderHost.Write("bin/tool", "after"),
            1 => FolderHost.Write("a.secret", "after"),
            _ => ChatReply.Say("done"),
        });
        Run run = await host.RunAsync();

        RestoreReport report = await host.Get<RunFolder>().RestoreAsync(run.Id, new RestoreRequest(0));

        Assert.That(report.Restored.Select(static one => one.Path), Is.EqualTo(new[] { "a.secret", "bin/tool" }));
        Assert.That(File.ReadAllText(Path.Combine(folder.Path, "bin", "tool")), Is.EqualTo("before"));
        Assert.That(File.Exists(Path.Combine(folder.Path, "a.secret")), Is.False);
    }

    [Test]
    public async Task Commands_MoreThanAMinuteTakes_LeaveWhatTheyChangedToTheNextWalk()
    {
        using var folder = new TemporaryFolder();
        await using RunHost host = await FolderHost.StartSharedAsync(
            folder.Path, static _ => ChatReply.Say("done"), null, ("Workspace:Snapshots", "all"));
        Run run = await host.RunAsync();
        // However long the walks take, the minute does not pass.
        var snapshots = new FolderSnapshots(
            host.Get<SnapshotLog>(), host.Get<SnapshotContents>(), host.Get<IWriteGroups>(), host.Get<IOptions<RunOptions>>(),
            new VirtualTime(DateTimeOffset.UtcNow));
        var workspace = new Workspace(folder.Path);
        for (int call = 0; call <= FolderBounds.WalksPerMinute; call++)
        {
            CallCapture command = snapshots.Of(workspace, new CallPlace(run.Id, 1, call), null)!;
            await command.BeginAsync(default);
            command.Enter();
            await File.WriteAllTextAsync(Path.Combine(folder.Path, "file"), $"{call}");
            await command.FinishAsync(isDone: true, default);
            command.Leave();
        }

        CallCapture last = snapshots.Of(workspace, new CallPlace(run.Id, 1, 100), null)!;
        await last.BeginAsync(default);

        IReadOnlyList<RunChangeEntry> entries = (await host.Get<RunFolder>().ChangesAsync(run.Id)).Entries;
        Assert.That(entries.Count(static entry => entry.Changes.Count > 0 && entry.Call is not null),
            Is.EqualTo(FolderBounds.WalksPerMinute));
        RunChangeEntry beyond = entries.Single(static entry => entry.Call == FolderBounds.WalksPerMinute);
        Assert.That(beyond.Skipped.Single().Why, Does.Contain("50 commands within a minute"));
        Assert.That(entries[^1].Changes.Single().By, Is.EqualTo(new[] { $"{run.Id}/1/{FolderBounds.WalksPerMinute}" }),
            "the next walk names it");
    }

    [Test]
    public async Task Walk_OfManyFilesForWhichThereIsNoRoom_IsEnteredInPartsThatAStoreTakes()
    {
        const int Files = 3_000;
        using var folder = new TemporaryFolder();
        await using RunHost host = await FolderHost.StartSharedAsync(
            folder.Path, static _ => ChatReply.Say("done"), null, ("Workspace:Snapshots", "all"));
        Run run = await host.RunAsync();
        FolderSnapshots snapshots = host.Get<FolderSnapshots>();
        FolderState state = await snapshots.StateAsync(run.Id, default);
        state.TryTakeRoom("all", FolderBounds.Tree);
        CallCapture command = snapshots.Of(new Workspace(folder.Path), new CallPlace(run.Id, 1, 0), null)!;
        await command.BeginAsync(default);
        command.Enter();
        string[] others = [.. Enumerable.Range(100, 200).Select(number => $"{run.Id}.{number}/1/0")];
        foreach (string other in others)
        {
            state.BeginCommand(other);
        }

        for (int number = 0; number < Files; number++)
        {
            await File.WriteAllTextAsync(Path.Combine(folder.Path, $"{new string('x', 200)}{number}"), "x");
        }

        await command.FinishAsync(isDone: true, default);

        IReadOnlyList<SnapshotEntry> entries = await snapshots.EntriesAsync(run.Id, default);
        SkippedPath[] skipped = [.. entries.SelectMany(static entry => entry.Skipped ?? [])];
        Assert.That(entries.SelectMany(static entry => entry.Changes).Select(static change => change.Path).Distinct().Count(),
            Is.EqualTo(Files));
        Assert.That(skipped, Has.Length.EqualTo(FolderBounds.Named + 1));
        Assert.That(skipped[^1].Why, Does.Contain($"{Files - FolderBounds.Named} more"));
        Assert.That(entries.SelectMany(static entry => entry.Changes).Select(static change => change.By!.Count),
            Is.All.EqualTo(FolderBounds.Candidates));
        Assert.That(entries[^1].Changes[0].By, Does.Contain($"{run.Id}/1/0").And.Contain(others[0]));
    }

    [Test]
    public void Room_OfATree_IsBounded()
    {
        var state = new FolderState("root");

        Assert.That(state.TryTakeRoom("a", FolderBounds.Tree - 10), Is.True);
        Assert.That((state.HasRoom(11), state.TryTakeRoom("b", 11)), Is.EqualTo((false, false)));
        Assert.That((state.HasRoom(10), state.TryTakeRoom("a", FolderBounds.Tree), state.TryTakeRoom("c", 10)),
            Is.EqualTo((true, true, true)));
        Assert.That(state.HasRoom(0), Is.True);
    }

    [TestCase("/", true)]
    [TestCase("~", true)]
    [TestCase("~/..", true)]
    [TestCase("~/project", false)]
    public void IsTooWide_OfARootOrAHome_IsTrue(string folder, bool expected)
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

        folder = folder.Replace("~", home, StringComparison.Ordinal);
        Assert.That(RunFolders.IsTooWide(folder), Is.EqualTo(expected));
        Assert.That(
            RunFolders.ModeOf(new RunOptions { Snapshots = SnapshotMode.All, Workspace = "x" }, folder),
            Is.EqualTo(expected ? SnapshotMode.Writes : SnapshotMode.All));
    }
}
