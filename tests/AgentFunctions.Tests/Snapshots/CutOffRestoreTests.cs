using AgentFunctions.Gateway.Folders;
using AgentFunctions.Runs;
using AgentFunctions.Snapshots;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;

namespace AgentFunctions.Tests.Snapshots;

/// <summary>What happens while a restore writes: the end of the process, and somebody who saves a file.</summary>
[CancelAfter(300_000)]
internal sealed class CutOffRestoreTests
{
    private static readonly string[] Files = ["a.txt", "b.txt", "c.txt"];

    [TestCase("writes")]
    [TestCase("all")]
    public async Task Rewind_ThatIsCutOff_RestoresTheRestWhenItIsRepeated(string mode)
    {
        using var folder = new TemporaryFolder();
        var reads = new BlobReads();
        await using RunHost host = await StartAsync(folder, reads, mode);
        Run run = await host.RunAsync();
        var request = new RewindRequest(0) { Conversation = false };
        CutOff(reads, 2);
        Assert.That(() => RewindAsync(host, run, request), Throws.InvalidOperationException);
        Assert.That(Texts(folder), Is.EqualTo(new[] { "of the user", "of the agent", "of the agent" }));
        CutOff(reads, 1);
        await host.RestartAsync();
        Assert.That(() => RewindAsync(host, run, request), Throws.InvalidOperationException, "and cut off again");
        reads.Before = static _ => { };
        await host.RestartAsync();
        folder.Write("c.txt", "of somebody else");

        RestoreReport report = (await RewindAsync(host, run, request)).Files!;

        Assert.That(Texts(folder), Is.EqualTo(new[] { "of the user", "of the user", "of somebody else" }));
        Assert.That(report.Restored.Select(static one => one.Path), Is.EqualTo(new[] { "a.txt", "b.txt" }));
        Assert.That(report.Conflicts.Select(static one => (one.Path, one.By)),
            Is.EqualTo(new[] { ("c.txt", FolderHistory.Outsider) }));
    }

    [Test]
    public async Task Restore_OfAFileThatIsSavedMeanwhile_LeavesItAndSaysSo()
    {
        using var folder = new TemporaryFolder();
        var reads = new BlobReads();
        await using RunHost host = await StartAsync(folder, reads, "writes");
        Run run = await host.RunAsync();
        reads.Before = _ => folder.Write("b.txt", "saved meanwhile");

        RestoreReport report = await host.Get<RunFolder>().RestoreAsync(run.Id, new RestoreRequest(0));
        reads.Before = static _ => { };
        RestoreReport again = await host.Get<RunFolder>().RestoreAsync(run.Id, new RestoreRequest(0));

        Assert.That(Texts(folder), Is.EqualTo(new[] { "of the user", "saved meanwhile", "of the user" }));
        Assert.That(report.Restored.Select(static one => one.Path), Is.EqualTo(new[] { "a.txt", "c.txt" }));
        Assert.That(report.Skipped, Is.EqualTo(new[] { new SkippedPath("b.txt", FolderWriter.Changed) }));
        Assert.That(again.Conflicts.Select(static one => (one.Path, one.By)),
            Is.EqualTo(new[] { ("b.txt", FolderHistory.Outsider) }), "it is whoever saved it's");
    }

    private static Task<RunHost> StartAsync(TemporaryFolder folder, BlobReads reads, string mode)
    {
        foreach (string file in Files)
        {
            folder.Write(file, "of the user");
        }

        return FolderHost.StartSharedWithAsync(
            folder.Path, reads.Install,
            static request => request.Turn < Files.Length
                ? FolderHost.Write(Files[request.Turn], "of the agent")
                : ChatReply.Say("done"),
            ("Workspace:Snapshots", mode));
    }

    private static void CutOff(BlobReads reads, int read)
    {
        int count = 0;
        reads.Before = _ =>
        {
            if (++count == read)
            {
                throw new InvalidOperationException("The process ends.");
            }
        };
    }

    private static Task<RewindReport> RewindAsync(RunHost host, Run run, RewindRequest request) =>
        host.Get<RunRewind>().RewindAsync(run.Id, request, Caller.Local, "the-key");

    private static IEnumerable<string> Texts(TemporaryFolder folder) =>
        Files.Select(file => File.ReadAllText(Path.Combine(folder.Path, file)));
}
