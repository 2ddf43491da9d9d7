using AgentFunctions.Durability;
using AgentFunctions.Gateway.Erasure;
using AgentFunctions.Gateway.Folders;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Snapshots;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.Snapshots;

[CancelAfter(300_000)]
internal sealed class RestoreTests
{
    [Test]
    public async Task Restore_OfARunOfFortyTurns_BringsEveryTurnBackByteForByte()
    {
        var random = new Random(4711);
        var states = new Dictionary<int, IReadOnlyList<string>>();
        RunHost? host = null;
        string folder = "";
        await using RunHost started = host = await FolderHost.StartAsync(request =>
        {
            // The folder is as the turns so far have left it.
            folder = Directory.Exists(folder) ? folder : Directory.EnumerateDirectories(FolderOf(host!)).Single();
            states[request.Turn] = FolderHost.Contents(folder);
            return request.Turn < 40 ? Act(random, request.Turn) : ChatReply.Say("done");
        });
        Run run = await started.RunAsync();
        Assert.That((run.Status, run.Turns), Is.EqualTo((RunStatus.Completed, 41)), run.Error?.Message);
        states[41] = FolderHost.Contents(folder);

        foreach (int turn in Enumerable.Range(0, 41).OrderBy(_ => random.Next()).Take(10).Append(0).Append(41).ToList())
        {
            RestoreReport report = await started.Get<RunFolder>().RestoreAsync(run.Id, new RestoreRequest(turn));

            Assert.That(report.Conflicts, Is.Empty, $"turn {turn}");
            Assert.That(report.Skipped, Is.Empty, $"turn {turn}");
            Assert.That(FolderHost.Contents(folder), Is.EqualTo(states[turn]), $"turn {turn}");
            Assert.That((await started.Get<RunFolder>().FilesAsync(run.Id, turn)).Files, Has.Count.EqualTo(states[turn].Count),
                $"turn {turn}");
        }

        Assert.That((await started.JournalAsync(run.Id)).Count(static one => one.Type == JournalEventTypes.WorkspaceRestored),
            Is.GreaterThanOrEqualTo(10));
    }

    [Test]
    public async Task Restore_AsADryRun_TouchesNothingAndSaysWhat()
    {
        await using RunHost host = await FolderHost.StartAsync(
            request => request.Turn switch
            {
                0 => FolderHost.Write("a/b.txt", "one"),
                1 => FolderHost.Write("a/b.txt", "two"),
                _ => ChatReply.Say("done")
            });
        Run run = await host.RunAsync();
        string file = Path.Combine(FolderOf(host), run.Id, "a", "b.txt");

        RestoreReport report = await host.Get<RunFolder>().RestoreAsync(run.Id, new RestoreRequest(1) { DryRun = true });

        Assert.That((report.DryRun, report.Restored.Single().Path), Is.EqualTo((true, "a/b.txt")));
        Assert.That(File.ReadAllText(file), Is.EqualTo("two"));
        RunChanges changes = await host.Get<RunFolder>().ChangesAsync(run.Id, 1);
        Assert.That(changes.Entries.SelectMany(static entry => entry.Changes).Select(static change => change.Path),
            Is.EqualTo(new[] { "a", "a/b.txt" }));
        Assert.That((await host.Get<RunFolder>().ChangesAsync(run.Id)).Entries.Select(static entry => entry.Turn),
            Is.EqualTo(new int?[] { 1, 2 }));

        await host.Get<RunFolder>().RestoreAsync(run.Id, new RestoreRequest(0) { Paths = ["a/b.txt"] });
        Assert.That((File.Exists(file), Directory.Exists(Path.GetDirectoryName(file))), Is.EqualTo((false, true)),
            "only what was named");
        await host.Get<RunFolder>().RestoreAsync(run.Id, new RestoreRequest(3));
        Assert.That(File.ReadAllText(file), Is.EqualTo("two"), "a restore is undone by going to the last turn");
        Assert.That(
            async () => await host.Get<RunFolder>().RestoreAsync(run.Id, new RestoreRequest(4)),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.InvalidInput));
    }

    [Test]
    public async Task Restore_InASharedFolder_KeepsWhatOthersChangedSinceAndNamesIt()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "kept.txt"), "of the user");
        File.WriteAllText(Path.Combine(folder.Path, "mine.txt"), "of the user");
        await using RunHost host = await FolderHost.StartSharedAsync(
            folder.Path, request => request.Turn switch
            {
                0 => FolderHost.Write("kept.txt", "of the agent"),
                1 => FolderHost.Write("mine.txt", "of the agent"),
                _ => ChatReply.Say("done"),
            });
        Run run = await host.RunAsync();
        File.WriteAllText(Path.Combine(folder.Path, "kept.txt"), "of the user again");

        RestoreReport report = await host.Get<RunFolder>().RestoreAsync(run.Id, new RestoreRequest(0));

        Assert.That(report.Conflicts.Select(static one => one.Path), Is.EqualTo(new[] { "kept.txt" }));
        Assert.That(File.ReadAllText(Path.Combine(folder.Path, "kept.txt")), Is.EqualTo("of the user again"));
        Assert.That(File.ReadAllText(Path.Combine(folder.Path, "mine.txt")), Is.EqualTo("of the user"));
        await host.Get<RunFolder>().RestoreAsync(run.Id, new RestoreRequest(0) { Overwrite = true });
        Assert.That(File.ReadAllText(Path.Combine(folder.Path, "kept.txt")), Is.EqualTo("of the user"));
    }

    [Test]
    public async Task Restore_CallerLeavesOnceItIsInTheLog_IsCarriedThrough()
    {
        using var folder = new TemporaryFolder();
        using var caller = new LeavingCaller("snapshots/");
        File.WriteAllText(Path.Combine(folder.Path, "a.txt"), "of the user");
        File.WriteAllText(Path.Combine(folder.Path, "b.txt"), "of the user");
        await using RunHost host = await FolderHost.StartSharedAsync(
            folder.Path, caller, static request => request.Turn switch
            {
                0 => FolderHost.Write("a.txt", "of the agent"),
                1 => FolderHost.Write("b.txt", "of the agent"),
                _ => ChatReply.Say("done"),
            });
        Run run = await host.RunAsync();

        caller.IsAboutToLeave = true;
        RestoreReport report = await host.Get<RunFolder>().RestoreAsync(
            run.Id, new RestoreRequest(0), Caller.Local, caller.Token);

        Assert.That(caller.Token.IsCancellationRequested);
        Assert.That((report.Restored.Count, report.Conflicts.Count), Is.EqualTo((2, 0)));
        Assert.That(
            new[] { "a.txt", "b.txt" }.Select(name => File.ReadAllText(Path.Combine(folder.Path, name))),
            Is.All.EqualTo("of the user"));
        Assert.That(
            (await host.JournalAsync(run.Id)).Count(static one => one.Type == JournalEventTypes.WorkspaceRestored),
            Is.EqualTo(1));
    }

    [Test]
    public async Task Snapshots_ThatAreOff_KeepNothing()
    {
        await using RunHost host = await FolderHost.StartAsync(
            request => request.Turn == 0 ? FolderHost.Write("a.txt", "one") : ChatReply.Say("done"), null,
            ("Workspace:Snapshots", "off"));
        Run run = await host.RunAsync();

        Assert.That((await host.Get<RunFolder>().ChangesAsync(run.Id)).Entries, Is.Empty);
        Assert.That(
            async () => await host.Get<RunFolder>().RestoreAsync(run.Id, new RestoreRequest(0)),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.RunStateForbids));
    }

    [Test]
    public async Task Erase_OfARun_LeavesNothingOfItsSnapshots()
    {
        await using RunHost host = await FolderHost.StartAsync(
            request => request.Turn switch
            {
                0 => FolderHost.Write("a.txt", "the words of the file"),
                1 => FolderHost.Shell("echo of the shell > b.txt"),
                _ => ChatReply.Say("done")
            });
        Run run = await host.RunAsync();
        string[] hashes = [.. (await host.Get<RunFolder>().FilesAsync(run.Id)).Files.Values.Select(static image => image.Hash!)];
        Assert.That(hashes, Has.Length.EqualTo(2));
        Assert.That((await host.Get<IBlobStore>().GetAsync(hashes[0]))?.Length, Is.GreaterThan(0));

        await host.Get<RunErasure>().EraseAsync(new EraseRequest(run.Id, "test"), Caller.Local);
        await host.Get<IOrchestrationClient>().WaitForCompletionAsync(EraseFlow.InstanceIdOf(run.Id), default);

        foreach (string hash in hashes)
        {
            Assert.That(await host.Get<IBlobStore>().GetAsync(hash), Is.Null);
        }

        Assert.That(await host.Get<ILogStore>().GetLengthAsync($"snapshots/{run.Id}"), Is.Zero);
    }

    private static string FolderOf(RunHost host) => host.Get<IOptions<RunOptions>>().Value.WorkspaceRoot!;

    private static ChatReply Act(Random random, int turn) => random.Next(9) switch
    {
        0 => FolderHost.Write($"f{random.Next(5)}.txt", $"turn {turn}\n"),
        1 => FolderHost.Write($"deep/er/f{random.Next(5)}.txt", $"turn {turn}\n"),
        2 => FolderHost.Shell($"printf 'shell {turn}\\n' >> s{random.Next(3)}.txt"),
        3 => FolderHost.Shell($"rm -rf f{random.Next(5)}.txt deep/er"),
        4 => FolderHost.Shell($"ln -sfn f{random.Next(5)}.txt link{random.Next(2)}"),
        5 => FolderHost.Shell($"touch f1.txt; chmod {(random.Next(2) == 0 ? "755" : "600")} f1.txt"),
        6 => FolderHost.Shell($"rm -rf swap; {(random.Next(2) == 0 ? "mkdir -p swap/in; echo x > swap/in/a" : "echo file > swap")}"),
        7 => FolderHost.Shell($"head -c 3000 /dev/urandom > bytes{random.Next(2)}.bin"),
        _ => ChatReply.Call("read_file", new { path = "f0.txt" }),
    };
}
