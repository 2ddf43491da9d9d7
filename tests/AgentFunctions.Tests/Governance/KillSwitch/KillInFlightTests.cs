using System.Collections.Concurrent;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.KillSwitch;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Keys;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.Swarm;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Governance.KillSwitch;

/// <summary>
/// A tree whose lead and two sub-agents are in the middle of a payment each, and a run of another agent in the middle of its own:
/// what is killed ends at once and stays dead over a restart, what is not goes on.
/// </summary>
[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class KillInFlightTests
{
    private static readonly Caller Operator = new("olga") { Roles = [CallerRoles.Operator] };

    private readonly SemaphoreSlim _begun = new(0);
    private readonly ConcurrentQueue<string> _cancelled = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _calm;

    [TestCase(KillScope.Run, "tree", true)]
    [TestCase(KillScope.Agent, "worker", true)]
    [TestCase(KillScope.Label, "team=payments", true)]
    [TestCase(KillScope.All, "", false)]
    public async Task Engage_TreeInFlight_CancelsListsAndStaysOverARestart(KillScope scope, string name, bool spares,
        CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync();
        (Run tree, Run other) = await InFlightAsync(host, cancellationToken);
        name = name == "tree" ? tree.Id : name;

        KillReport report = await host.Get<KillOrders>().EngageAsync(scope, name, Operator, "gone mad", cancellationToken);
        tree = await host.Reader.WaitForEndAsync(tree.Id, cancellationToken);

        Assert.That(tree.Status, Is.EqualTo(RunStatus.Cancelled));
        Assert.That(report.Runs, Is.EquivalentTo(spares ? [tree.Id] : new[] { tree.Id, other.Id }));
        Assert.That(report.Begun.Count(begun => begun.Tool == "pay"), Is.EqualTo(2),
            "what the sub-agents had begun may have taken effect");
        Assert.That(report.Begun.Where(begun => begun.Tool == "pay").Select(begun => begun.RunId),
            Is.All.StartsWith(tree.Id).And.All.Not.EqualTo(tree.Id));
        Assert.That(report.Begun.Count(begun => begun.Tool == "idle"), Is.EqualTo(spares ? 0 : 1));
        await Poll.UntilAsync(() => _cancelled.Count >= (spares ? 2 : 3), cancellationToken);

        await host.RestartAsync();

        Assert.That((await host.Get<KillOrders>().ListAsync(cancellationToken)).Single().Reason, Is.EqualTo("gone mad"));
        Assert.That(() => host.Steering.SendAsync(tree.Id, "Go on."), Stopped, "a message takes nothing up again");
        Assert.That(await host.Get<Inbox>().ReadAsync(tree.Id, 0, 10, cancellationToken), Is.Empty,
            "and the refused one is not kept");
        if (scope != KillScope.Run)
        {
            Assert.That(() => SubmitAsync(host, "worker", SwarmScene.Goal), Stopped);
        }

        int asked = host.Model.Count;
        _idle.TrySetResult();
        other = await host.Reader.WaitForEndAsync(other.Id, cancellationToken);
        Assert.That(other.Status, Is.EqualTo(spares ? RunStatus.Completed : RunStatus.Cancelled));
        Assert.That(host.Model.Requests.Skip(asked).Count(request => SwarmScene.GoalOf(request) != "Idle."), Is.Zero,
            "nothing of the tree is alive");
        await foreach (AuditEntry entry in host.Get<AuditLog>().ReadAsync(null, cancellationToken: cancellationToken))
        {
            Assert.That(entry is { Type: AuditTypes.CallFinished, Tool: "pay", Failed: not true }, Is.False,
                "no payment counts as made");
        }

        _calm = true;
        await host.Get<KillOrders>().ReleaseAsync(scope, name, Operator, cancellationToken);
        Run again = await SubmitAsync(host, "worker", SwarmScene.Goal);
        Assert.That((await host.Reader.WaitForEndAsync(again.Id, cancellationToken)).Status, Is.EqualTo(RunStatus.Completed));
    }

    [Test]
    public async Task Engage_ToolInFlight_StopsItEverywhereAndTheRunsGoOn(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync();
        (Run tree, Run other) = await InFlightAsync(host, cancellationToken);

        KillReport report = await host.Get<KillOrders>()
            .EngageAsync(KillScope.Tool, "pay", Operator, cancellationToken: cancellationToken);
        tree = await host.Reader.WaitForEndAsync(tree.Id, cancellationToken);
        await host.RestartAsync();
        _idle.TrySetResult();
        other = await host.Reader.WaitForEndAsync(other.Id, cancellationToken);

        Assert.That((tree.Status, other.Status), Is.EqualTo((RunStatus.Completed, RunStatus.Completed)));
        Assert.That((report.Runs.Count, report.Begun.Count), Is.EqualTo((0, 2)));
        await Poll.UntilAsync(() => _cancelled.Count(static tool => tool == "pay") == 2, cancellationToken);
        Run late = await SubmitAsync(host, "worker", "Pay at once.");
        late = await host.Reader.WaitForEndAsync(late.Id, cancellationToken);
        Assert.That(host.Model.Requests[^1].Results[^1], Does.Contain("olga stopped tool 'pay'").And.Contain("Nothing was done"));
    }

    [Test]
    public async Task Engage_SubAgents_EndsThemAndTheLeadHears(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync();
        (Run tree, _) = await InFlightAsync(host, cancellationToken);

        await foreach (RunRecord child in host.Get<RunStore>().ListDescendantsAsync(tree.Id, cancellationToken))
        {
            KillReport report = await host.Get<KillOrders>()
                .EngageAsync(KillScope.Run, child.Id, Operator, cancellationToken: cancellationToken);
            Assert.That((report.Runs.Single(), report.Begun.Single().RunId), Is.EqualTo((child.Id, child.Id)),
                "that one and no other");
        }

        tree = await host.Reader.WaitForEndAsync(tree.Id, cancellationToken);
        _idle.TrySetResult();

        Assert.That(tree.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(host.LeadResults(2)[^1], Does.Contain("olga"), "why its sub-agent ended");
    }

    /// <summary>The order of a host that died before it could carry it out, or of another host that shares the store.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task Order_GivenElsewhere_IsCarriedOutHere(bool restarts, CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync();
        (Run tree, _) = await InFlightAsync(host, cancellationToken);
        var order = new KillOrder(restarts ? KillScope.Run : KillScope.Tool, restarts ? tree.Id : "pay", "olga", null,
            DateTimeOffset.UtcNow);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(order, KillSwitchJsonContext.Default.KillOrder);
        await host.Get<IRecordStore>().PutAsync(
            "kill/elsewhere", await RecordSeal.Of(host.Get<TreeKeys>(), "kill-orders")
                .CloseAsync("kill/elsewhere", json, cancellationToken), default, cancellationToken);
        if (restarts)
        {
            await host.RestartAsync();
        }

        tree = await host.Reader.WaitForEndAsync(tree.Id, cancellationToken);
        _idle.TrySetResult();

        Assert.That(tree.Status, Is.EqualTo(restarts ? RunStatus.Cancelled : RunStatus.Completed));
        await Poll.UntilAsync(() => _cancelled.Count(static tool => tool == "pay") >= 2, cancellationToken);
    }

    private static NUnit.Framework.Constraints.IResolveConstraint Stopped =>
        Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(ErrorCode.Stopped);

    private static Task<Run> SubmitAsync(RunHost host, string agent, string goal) => host.Gateway.SubmitAsync(new RunRequest
    {
        Goal = goal,
        Agent = agent,
        Labels = agent == "worker" ? new Dictionary<string, string> { ["team"] = "payments" } : null,
    });

    private async Task<(Run Tree, Run Other)> InFlightAsync(RunHost host, CancellationToken cancellationToken)
    {
        Run tree = await SubmitAsync(host, "worker", SwarmScene.Goal);
        Run other = await SubmitAsync(host, "other", "Idle.");
        for (int call = 0; call < 3; call++)
        {
            await _begun.WaitAsync(cancellationToken);
        }

        return (tree, other);
    }

    private Task<RunHost> StartAsync() => RunHost.StartAsync(
        services => services.AddAgent(Agent.Create("other").WithInstructions("Idle.").Build()),
        request => (SwarmScene.GoalOf(request), request.Turn) switch
        {
            _ when _calm => ChatReply.Say("calm"),
            (SwarmScene.Goal, 0) => SwarmScene.Create(),
            (SwarmScene.Goal, 1) => SwarmScene.Assign("pay one", "pay two"),
            ("Idle.", 0) => ChatReply.Call("idle", new { }),
            ("pay one" or "pay two" or "Pay at once.", 0) => ChatReply.Call("pay", new { }),
            _ => ChatReply.Say("done"),
        },
        [Hanging("pay", Task.Delay(Timeout.Infinite)), Hanging("idle", _idle.Task)],
        agent => agent.WithInstructions(SwarmScene.LeadInstructions).WithDelegation(Delegation.Kimi));

    private AgentTool Hanging(string name, Task end) =>
        AgentTool.Create(name, "Hangs.", ToolEffect.Idempotent, async (CancellationToken cancellationToken) =>
    {
        _begun.Release();
        try
        {
            await end.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            _cancelled.Enqueue(name);
            throw;
        }
    });
}
