using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Folders;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;

namespace AgentFunctions.Tests.Snapshots;

[CancelAfter(300_000)]
internal sealed class RewindTests
{
    private const string GoOn = "Go on in another way.";

    [Test]
    public async Task Fork_WhereRunsHaveFolders_GetsOneAsItWasAtTheTurn()
    {
        await using RunHost host = await FolderHost.StartAsync(Script);
        Run run = await host.RunAsync();
        string folder = await FolderOfAsync(host, run.Id);

        Run fork = await host.Get<RunForking>().ForkAsync(run.Id, new ForkRequest { Turn = 1, Message = GoOn });
        fork = await host.Reader.WaitForEndAsync(fork.Id);

        string other = await FolderOfAsync(host, fork.Id);
        Assert.That((fork.Status, other == folder), Is.EqualTo((RunStatus.Completed, false)));
        Assert.That((File.ReadAllText(Path.Combine(other, "a.txt")), File.Exists(Path.Combine(other, "b.txt"))),
            Is.EqualTo(("one", false)));
        Assert.That((File.ReadAllText(Path.Combine(folder, "a.txt")), File.Exists(Path.Combine(folder, "b.txt"))),
            Is.EqualTo(("two", true)), "the first run's stays as it is");
    }

    [Test]
    public async Task Fork_ThatShares_WorksInTheSameFolderAndSaysSo()
    {
        await using RunHost host = await FolderHost.StartAsync(Script);
        Run run = await host.RunAsync();

        Run fork = await host.Get<RunForking>()
            .ForkAsync(run.Id, new ForkRequest { Turn = 1, Message = GoOn, Workspace = ForkFolder.Share });
        await host.Reader.WaitForEndAsync(fork.Id);

        Assert.That(await FolderOfAsync(host, fork.Id), Is.EqualTo(await FolderOfAsync(host, run.Id)));
        Assert.That((await host.JournalAsync(fork.Id)).Single(static one => one.Type == JournalEventTypes.RunNoted).Text,
            Does.Contain(run.Id));
        Assert.That(
            async () => await host.Get<RunFolder>().RestoreAsync(fork.Id, new RestoreRequest(0)),
            Throws.TypeOf<AgentException>().With.Message.Contain("began after turn 1"));
    }

    [Test]
    public async Task Fork_WithAFolderWhereRunsShareOne_IsRefused()
    {
        using var folder = new TemporaryFolder();
        await using RunHost host = await FolderHost.StartSharedAsync(folder.Path, Script);
        Run run = await host.RunAsync();

        Assert.That(
            async () => await host.Get<RunForking>().ForkAsync(run.Id, new ForkRequest { Workspace = ForkFolder.Restore }),
            Throws.TypeOf<AgentException>().With.Message.Contain("use share"));
    }

    [Test]
    public async Task Rewind_OfALiveRun_EndsItAndGoesOnFromTheTurnInItsFolder()
    {
        await using RunHost host = await FolderHost.StartAsync(request => request.Last("user") == GoOn || request.Turn < 3
            ? Script(request)
            : ChatReply.Say("never") with { Before = static token => Task.Delay(Timeout.Infinite, token) });
        Run run = await host.SubmitAsync();
        await host.UntilAsync(run.Id, static now => now.Turns == 3);
        string folder = await FolderOfAsync(host, run.Id);

        RewindReport report = await host.Get<RunRewind>()
            .RewindAsync(run.Id, new RewindRequest(1) { Message = GoOn }, Caller.Local, "the-key");
        Run next = await host.Reader.WaitForEndAsync(report.Run.Id);

        Assert.That((next.Status, next.ForkedFrom),
            Is.EqualTo((RunStatus.Completed, new ForkOrigin(run.Id, 1) { IsRewind = true })));
        Assert.That((await host.Reader.GetAsync(run.Id)).Status, Is.EqualTo(RunStatus.Cancelled));
        Assert.That(await FolderOfAsync(host, next.Id), Is.EqualTo(folder));
        Assert.That((File.ReadAllText(Path.Combine(folder, "a.txt")), File.Exists(Path.Combine(folder, "b.txt"))),
            Is.EqualTo(("one", false)));
        Assert.That((await host.JournalAsync(run.Id)).Last(static one => one.Type == JournalEventTypes.RunSuperseded).Run,
            Is.EqualTo(next.Id));
        Assert.That(report.Files!.Restored.Select(static one => one.Path), Is.EqualTo(new[] { "a.txt", "b.txt" }));

        File.WriteAllText(Path.Combine(folder, "a.txt"), "of the new run");
        RewindReport again = await host.Get<RunRewind>()
            .RewindAsync(run.Id, new RewindRequest(1) { Message = GoOn }, Caller.Local, "the-key");
        Assert.That((again.Run.Id, File.ReadAllText(Path.Combine(folder, "a.txt"))), Is.EqualTo((next.Id, "of the new run")),
            "a repeated request does nothing twice");
        Assert.That(again.Files!.Restored, Is.EqualTo(report.Files.Restored), "and is answered as the first");
        Assert.That((await host.JournalAsync(run.Id)).Count(static one => one.Type == JournalEventTypes.RunSuperseded),
            Is.EqualTo(1));
    }

    [Test]
    public async Task Rewind_OfTheFolderUnderItsKeyAgain_IsAnsweredAsTheFirstAndRestoresNothing()
    {
        await using RunHost host = await FolderHost.StartAsync(Script);
        Run run = await host.RunAsync();
        string file = Path.Combine(await FolderOfAsync(host, run.Id), "a.txt");
        var request = new RewindRequest(1) { Conversation = false };

        RewindReport first = await host.Get<RunRewind>().RewindAsync(run.Id, request, Caller.Local, "the-key");
        File.WriteAllText(file, "of somebody else");
        RewindReport again = await host.Get<RunRewind>().RewindAsync(run.Id, request, Caller.Local, "the-key");

        Assert.That(first.Files!.Restored.Select(static one => one.Path), Is.EqualTo(new[] { "a.txt", "b.txt" }));
        Assert.That((again.Files!.Restored, again.Files.DryRun), Is.EqualTo((first.Files.Restored, false)));
        Assert.That(File.ReadAllText(file), Is.EqualTo("of somebody else"));
        Assert.That(
            async () => await host.Get<RunRewind>()
                .RewindAsync(run.Id, request with { Overwrite = true }, Caller.Local, "the-key"),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.IdempotencyKeyReused));
    }

    [Test]
    public async Task Rewind_OfTheFolderOrTheConversationAlone_LeavesTheOther()
    {
        await using RunHost host = await FolderHost.StartAsync(Script);
        Run run = await host.RunAsync();
        string file = Path.Combine(await FolderOfAsync(host, run.Id), "a.txt");

        RewindReport talk = await host.Get<RunRewind>()
            .RewindAsync(run.Id, new RewindRequest(1) { Files = false, Message = GoOn }, Caller.Local);
        await host.Reader.WaitForEndAsync(talk.Run.Id);
        Assert.That((File.ReadAllText(file), talk.Run.Id == run.Id), Is.EqualTo(("two", false)));

        RewindReport files = await host.Get<RunRewind>()
            .RewindAsync(run.Id, new RewindRequest(1) { Conversation = false }, Caller.Local);
        Assert.That((File.ReadAllText(file), files.Run.Id == run.Id), Is.EqualTo(("one", true)));
        Assert.That(
            async () => await host.Get<RunRewind>()
                .RewindAsync(run.Id, new RewindRequest(1) { Files = false, Conversation = false }, Caller.Local),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.InvalidInput));
    }

    private static ChatReply Script(ChatRequest request) => request.Last("user") == GoOn
        ? ChatReply.Say("done")
        : request.Turn switch
        {
            0 => FolderHost.Write("a.txt", "one"),
            1 => FolderHost.Write("a.txt", "two"),
            2 => FolderHost.Shell("echo x > b.txt"),
            _ => ChatReply.Say("done"),
        };

    private static async Task<string> FolderOfAsync(RunHost host, string run) =>
        (await host.Get<RunStore>().GetAsync(run)).Workspace!;
}
