using AgentFunctions.Agents;
using AgentFunctions.Durability;
using AgentFunctions.Governance;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Governance;
using AgentFunctions.Tests.Loop;
using AgentFunctions.Tools.Workspaces;
using Microsoft.Extensions.DependencyInjection;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

[CancelAfter(120_000)]
internal sealed class SharedWorkTests
{
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
            agent => agent.WithInstructions(LeadInstructions).WithTools("post_to_board", "read_board").WithDelegation(Delegation.Kimi));

        Run run = await host.RunAsync();
        Run other = await host.RunAsync("Something else.");

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(host.LeadResults(2)[1], Does.Contain("[0] 2-0: the key is under the mat"));
        Assert.That(other.Result?.Text, Does.Contain("(the board is empty)"));
    }

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
        var time = new ManualTime();
        var leases = new PathLeases(host.Get<RunStore>(), new RunLineage(host.Get<RunStore>()), host.Get<IRecordStore>(), host.Get<IOrchestrationClient>(), time);
        string first = run.Id + ".2-0";
        string second = run.Id + ".2-1";

        await leases.TakeAsync(first, "notes.txt", default);
        await leases.TakeAsync(first, "notes.txt", default);
        await leases.TakeAsync(second, "other.txt", default);
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        Assert.That(async () => await leases.TakeAsync(second, "notes.txt", soon.Token), Throws.InstanceOf<OperationCanceledException>(), "waits while the other has it");

        time.Advance(PathLeases.Length);
        await leases.TakeAsync(second, "notes.txt", default);
        Assert.That(
            async () => await leases.TakeAsync(first, "notes.txt", default),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.PathLeaseLost).And.Message.Contains("Read it again"));

        await host.Steering.CancelAsync(run.Id);
        await host.Reader.WaitForEndAsync(run.Id);
        Assert.That(async () => await leases.TakeAsync(first, "notes.txt", default), Throws.Nothing, "the other has ended, and this one was told");
    }
}
