using System.Text;
using AgentFunctions.Gateway.Folders;
using AgentFunctions.Runs;
using AgentFunctions.Snapshots;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.Tools;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Tests.Snapshots;

/// <summary>A process that ends between a write and its entry: the entry is made when the call is taken up.</summary>
[CancelAfter(300_000)]
internal sealed class SnapshotCrashTests
{
    [Test]
    public async Task Capture_CutOffAfterTheWrite_EntersItWhenTakenUp()
    {
        using var folder = new TemporaryFolder();
        await using RunHost host = await FolderHost.StartSharedAsync(folder.Path, static _ => ChatReply.Say("done"));
        string file = Path.Combine(folder.Path, "a.txt");
        string run = await CutOffAsync(host, file);

        CallCapture again = CaptureOf(host, file, run, 1);
        await again.ResumeAsync(default);
        await again.FinishAsync(isDone: true, default);
        await again.FinishAsync(isDone: true, default);

        FolderChange change = (await host.Get<RunFolder>().ChangesAsync(run)).Entries.Single().Changes.Single();
        Assert.That((change.Before!.Hash, change.After!.Hash), Is.EqualTo((HashOf("before"), HashOf("after"))));
        RestoreReport report = await host.Get<RunFolder>().RestoreAsync(run, new RestoreRequest(0));
        Assert.That((report.Conflicts.Count, File.ReadAllText(file)), Is.EqualTo((0, "before")));
    }

    [Test]
    public async Task Capture_CutOffAndOvertaken_StandsBeforeWhatOthersWroteSince()
    {
        using var folder = new TemporaryFolder();
        await using RunHost host = await FolderHost.StartSharedAsync(folder.Path, static _ => ChatReply.Say("done"));
        string file = Path.Combine(folder.Path, "a.txt");
        string run = await CutOffAsync(host, file);
        CallCapture other = CaptureOf(host, file, run, 2);
        await other.BeginAsync(default);
        await other.WriteAsync(file, "of the other"u8.ToArray(), () => File.WriteAllText(file, "of the other"), default);

        CallCapture again = CaptureOf(host, file, run, 1);
        await again.ResumeAsync(default);
        await again.FinishAsync(isDone: true, default);

        IReadOnlyList<RunChangeEntry> entries = (await host.Get<RunFolder>().ChangesAsync(run)).Entries;
        Assert.That(
            entries.Select(static entry => (entry.Call, entry.Changes.Single().Before!.Hash, entry.Changes.Single().After!.Hash)),
            Is.EqualTo(new (int?, string?,
                string?)[] { (1, HashOf("before"), HashOf("after")), (2, HashOf("after"), HashOf("of the other")) }));
    }

    [TestCase("before", ReconciliationVerdict.DidNotTakeEffect, false)]
    [TestCase("after", ReconciliationVerdict.TookEffect, false)]
    [TestCase("of a person", ReconciliationVerdict.TookEffect, true)]
    public async Task WriteFile_TakenUp_IsNotRepeatedOverWhatAPersonWrote(
        string now, ReconciliationVerdict verdict, bool isRefused)
    {
        using var bench = new ToolBench();
        await using RunHost host = await FolderHost.StartSharedAsync(bench.Root, static _ => ChatReply.Say("done"));
        string file = Path.Combine(bench.Root, "a.txt");
        string run = await CutOffAsync(host, file);
        await File.WriteAllTextAsync(file, now);

        CallCapture again = CaptureOf(host, file, run, 1);
        await again.ResumeAsync(default);
        Reconciliation found = await ReconcileAsync(bench, again);
        await again.FinishAsync(isDone: !isRefused, default);

        Assert.That((found.Verdict, found.Result is ToolOutcome { IsError: true }), Is.EqualTo((verdict, isRefused)));
        RestoreReport report = await host.Get<RunFolder>().RestoreAsync(run, new RestoreRequest(0));
        Assert.That(report.Conflicts.Select(static one => one.Path), Is.EqualTo(isRefused ? ["a.txt"] : Array.Empty<string>()));
        Assert.That(await File.ReadAllTextAsync(file), Is.EqualTo(isRefused ? now : "before"));
    }

    [Test]
    public async Task WriteFile_TakenUpAfterItWasEntered_IsNotRepeatedEither()
    {
        using var bench = new ToolBench();
        await using RunHost host = await FolderHost.StartSharedAsync(bench.Root, static _ => ChatReply.Say("done"));
        string file = Path.Combine(bench.Root, "a.txt");
        Run run = await host.RunAsync();
        CallCapture first = CaptureOf(host, file, run.Id, 1);
        await first.BeginAsync(default);
        await first.WriteAsync(file, "after"u8.ToArray(), () => File.WriteAllText(file, "after"), default);
        await host.RestartAsync();
        await File.WriteAllTextAsync(file, "of a person");

        CallCapture again = CaptureOf(host, file, run.Id, 1);
        await again.ResumeAsync(default);

        Assert.That((await ReconcileAsync(bench, again)).Result, Is.InstanceOf<ToolOutcome>()
            .With.Property("Text").Contain("changed by somebody else"));
    }

    [Test]
    public async Task Command_TakenUp_IsNotKnownToHaveMadeWhatIsFound()
    {
        using var folder = new TemporaryFolder();
        await using RunHost host = await FolderHost.StartSharedAsync(
            folder.Path, static _ => ChatReply.Say("done"), null, ("Workspace:Snapshots", "all"));
        string file = folder.Write("a.txt", "before");
        Run run = await host.RunAsync();
        await CommandOf(host, folder, run).BeginAsync(default);
        await host.RestartAsync();
        await File.WriteAllTextAsync(file, "of the weekend");

        CallCapture again = CommandOf(host, folder, run);
        await again.ResumeAsync(default);
        again.Enter();
        await again.FinishAsync(isDone: false, default);
        again.Leave();

        RunChangeEntry entry = (await host.Get<RunFolder>().ChangesAsync(run.Id)).Entries.Single();
        Assert.That((entry.Call, entry.Changes.Single().By), Is.EqualTo((1, new[] { $"{run.Id}/1/1" })));
        RestoreReport report = await host.Get<RunFolder>().RestoreAsync(run.Id, new RestoreRequest(0));
        Assert.That(report.Conflicts.Single().By, Does.Contain("a call that a crash cut off").And.Contain("outside"));
        Assert.That(await File.ReadAllTextAsync(file), Is.EqualTo("of the weekend"));
    }

    [Test]
    public async Task Capture_OfACallThatChangedNothing_EntersNothing()
    {
        using var folder = new TemporaryFolder();
        await using RunHost host = await FolderHost.StartSharedAsync(
            folder.Path, static request => request.Turn == 0
                ? ChatReply.Call("edit_file", new { path = "a.txt", old_text = "none", new_text = "x" })
                : request.Turn == 1 ? ChatReply.Call("read_file", new { path = "a.txt" }) : ChatReply.Say("done"));
        File.WriteAllText(Path.Combine(folder.Path, "a.txt"), "text");

        Run run = await host.RunAsync();

        Assert.That((await host.Get<RunFolder>().ChangesAsync(run.Id)).Entries, Is.Empty);
    }

    /// <summary>Has the first call of a run write a file, and ends the process before that is entered.</summary>
    /// <returns>The run.</returns>
    private static async Task<string> CutOffAsync(RunHost host, string file)
    {
        Run run = await host.RunAsync();
        File.WriteAllText(file, "before");
        await CaptureOf(host, file, run.Id, 1).BeginAsync(default);
        File.WriteAllText(file, "after");
        await host.RestartAsync();
        return run.Id;
    }

    private static CallCapture CommandOf(RunHost host, TemporaryFolder folder, Run run) =>
        host.Get<FolderSnapshots>().Of(new Workspace(folder.Path), new CallPlace(run.Id, 1, 1), null)!;

    private static Task<Reconciliation> ReconcileAsync(ToolBench bench, CallCapture capture)
    {
        ToolContext context = bench.Context();
        context.Features.Set(capture);
        ToolCall call = ToolInvoker.Prepare(
            bench.Tools, ToolBench.Call("write_file", new { path = "a.txt", content = "after" }), context, out _)!;
        return bench.Invoker.ReconcileAsync(call);
    }

    private static CallCapture CaptureOf(RunHost host, string file, string run, int call) => host.Get<FolderSnapshots>().Of(
        new Workspace(Path.GetDirectoryName(file)!), new CallPlace(run, 1, call), [Path.GetFileName(file)])!;

    private static string HashOf(string text) => SnapshotContents.HashOf(Encoding.UTF8.GetBytes(text));
}
