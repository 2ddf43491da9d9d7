using AgentFunctions.Agents;
using AgentFunctions.Durability;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Swarm;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SharedWorkTests
{
    private volatile string _root = "";

    [Test]
    public async Task Blackboard_NoteOfOneSubAgent_IsReadByAnotherAndByNobodyElse()
    {
        var posted = new TaskCompletionSource();
        await using RunHost host = await RunHost.StartAsync(
            static _ => { },
            request => IsLead(request)
                ? request.Turn switch { 0 => Create(), 1 => Assign("write", "read"), _ => ChatReply.Say("done") }
                : (GoalOf(request), request.Turn) switch
                {
                    ("write", 0) => ChatReply.Call("post_to_board", new { text = "the key is under the mat" }),
                    ("write", _) => ChatReply.Say("written") with
                    {
                        Before = _ =>
                        {
                            posted.TrySetResult();
                            return Task.CompletedTask;
                        },
                    },
                    (_, 0) => ChatReply.Call("read_board", new { }) with { Before = token => posted.Task.WaitAsync(token) },
                    _ => ChatReply.Say($"read: {request.Last("tool")}"),
                },
            [Echo],
            agent => agent.WithInstructions(LeadInstructions).WithTools("post_to_board", "read_board")
                .WithDelegation(Delegation.Kimi));

        Run run = await host.RunAsync();
        Run other = await host.RunAsync("Something else.");

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(host.LeadResults(2)[1], Does.Contain("[0] 2-0: the key is under the mat"));
        Assert.That(other.Result?.Text, Does.Contain("(the board is empty)"));
    }

    [Test]
    public async Task Artifact_OfASibling_IsReadWithinTheTreeAndNowhereElse()
    {
        var made = new TaskCompletionSource<string>();
        AgentTool survey = AgentTool.Create("survey", "Tells much.", ToolEffect.None,
            () => $"the treasure is here {new string('.', 200_000)}");
        await using RunHost host = await RunHost.StartAsync(
            static _ => { },
            request => IsLead(request)
                ? request.Turn switch { 0 => Create(), 1 => Assign("make", "read"), _ => ChatReply.Say("done") }
                : (GoalOf(request), request.Turn) switch
                {
                    ("make", 0) => ChatReply.Call("survey", new { }),
                    ("make", _) => ChatReply.Say("made") with
                    {
                        Before = _ =>
                        {
                            made.TrySetResult(request.Last("tool"));
                            return Task.CompletedTask;
                        },
                    },
                    (var goal, 0) => ChatReply.Call("read_shared_artifact",
                        new { run = goal.Split(' ').ElementAtOrDefault(1) ?? MakerOf(), name = "t1-c0-survey.txt" }) with
                    {
                        Before = token => made.Task.WaitAsync(token),
                    },
                    _ => ChatReply.Say($"read: {request.Last("tool")}"),
                },
            [survey],
            agent => agent.WithInstructions(LeadInstructions).WithTools("survey", "read_shared_artifact")
                .WithDelegation(Delegation.Kimi));
        Run run = await host.SubmitAsync();
        _root = run.Id;
        run = await host.Reader.WaitForEndAsync(run.Id);
        Run stranger = await host.RunAsync($"Take {MakerOf()}");

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(host.LeadResults(2)[1], Does.StartWith("read: the treasure is here"));
        Assert.That(stranger.Result?.Text, Does.Contain($"there is no run '{MakerOf()}' in this tree"));
    }

    private string MakerOf() => _root + ".2-0";

    [Test]
    public async Task Lease_TwoSubAgentsAndOneFile_AreSerialisedAndALostLeaseIsToldOnce()
    {
        var begun = new SemaphoreSlim(0);
        await using RunHost host = await StartAsync(
            Delegation.Kimi,
            request => request.Turn switch { 0 => Create(), 1 => Assign("a", "b"), _ => ChatReply.Say("done") },
            _ => ChatReply.Say("never") with
            {
                Before = token =>
                {
                    begun.Release();
                    return Task.Delay(Timeout.Infinite, token);
                },
            });
        Run run = await host.SubmitAsync();
        await begun.WaitAsync();
        await begun.WaitAsync();
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 5, 6, 12, 0, 0, TimeSpan.Zero));
        var leases = new PathLeases(host.Get<RunStore>(), new RunLineage(host.Get<RunStore>()), host.Get<IRecordStore>(),
            host.Get<IOrchestrationClient>(), time);
        string first = run.Id + ".2-0";
        string second = run.Id + ".2-1";

        await leases.TakeAsync(first, "notes.txt", default);
        await leases.TakeAsync(first, "notes.txt", default);
        await leases.TakeAsync(second, "other.txt", default);
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        Assert.That(async () => await leases.TakeAsync(second, "notes.txt", soon.Token),
            Throws.InstanceOf<OperationCanceledException>(), "waits while the other has it");

        time.Advance(PathLeases.Length);
        await leases.TakeAsync(second, "notes.txt", default);
        Assert.That(
            async () => await leases.TakeAsync(first, "notes.txt", default),
            Throws.TypeOf<AgentException>().With.Property("Code")
                .EqualTo(ErrorCode.PathLeaseLost).And.Message.Contains("Read it again"));

        await host.Steering.CancelAsync(run.Id);
        await host.Reader.WaitForEndAsync(run.Id);
        Assert.That(async () => await leases.TakeAsync(first, "notes.txt", default), Throws.Nothing,
            "the other has ended, and this one was told");
    }

    [Test]
    public async Task WriteFile_OfTwoSubAgentsToOneFile_TheSecondWaitsUntilTheFirstHasEnded()
    {
        var firstWrote = new TaskCompletionSource();
        var firstMayEnd = new TaskCompletionSource();
        var wasRead = new TaskCompletionSource();
        int secondSteps = 0;
        (string, int) atTheEnd = default;
        var time = new VirtualTime(new DateTimeOffset(2026, 5, 4, 8, 0, 0, TimeSpan.Zero));
        using var folder = new TemporaryFolder();
        await using RunHost host = await RunHost.StartAsync(
            services => services.AddSingleton<TimeProvider>(time)
                .Configure<RunOptions>(options => options.Workspace = folder.Path).AddWorkspaceTools(),
            request => IsLead(request)
                ? request.Turn switch { 0 => Create(), 1 => Assign("first", "second"), _ => ChatReply.Say("done") }
                : (GoalOf(request), request.Turn) switch
                {
                    (var goal, 0) => ChatReply.Call("write_file", new { path = "notes.txt", content = goal }) with
                    {
                        Before = token => goal == "second" ? firstWrote.Task.WaitAsync(token) : Task.CompletedTask,
                    },
                    ("first", _) => ChatReply.Say(request.Last("tool")) with
                    {
                        Before = async token =>
                        {
                            firstWrote.TrySetResult();
                            await firstMayEnd.Task.WaitAsync(token);
                            atTheEnd = (await File.ReadAllTextAsync(Path.Combine(folder.Path, "notes.txt"), token),
                                Volatile.Read(ref secondSteps));
                            wasRead.SetResult();
                        },
                    },
                    _ => ChatReply.Say(request.Last("tool")) with { Before = _ => Task.FromResult(Interlocked.Increment(ref secondSteps)) },
                },
            [],
            agent => agent.WithInstructions(LeadInstructions).WithTools("write_file").WithDelegation(Delegation.Kimi));
        Run run = await host.SubmitAsync();
        await Poll.UntilAsync(
            async () => (await host.JournalAsync(run.Id
                + ".2-1")).Any(static happened => happened.Type == JournalEventTypes.ToolStarted),
            TestContext.CurrentContext.CancellationToken);

        // Time for several looks at the lease, and far from its end.
        for (int look = 0; look < 10; look++)
        {
            time.Advance(TimeSpan.FromSeconds(0.5));
        }

        firstMayEnd.SetResult();
        // The lease of the first one would run out if the clock went on before that.
        await wasRead.Task;
        Task<Run> ended = host.Reader.WaitForEndAsync(run.Id);
        await Poll.UntilEndAsync(ended, () => time.Advance(TimeSpan.FromSeconds(0.5)),
            TestContext.CurrentContext.CancellationToken);
        run = await ended;
        Assert.That(atTheEnd, Is.EqualTo(("first", 0)));
        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(host.LeadResults(2), Has.All.Contains("Wrote notes.txt"));
        Assert.That(File.ReadAllText(Path.Combine(folder.Path, "notes.txt")), Is.EqualTo("second"));
    }
}
