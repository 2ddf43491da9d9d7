using AgentFunctions.Gateway;
using AgentFunctions.Gateway.KillSwitch;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Governance.KillSwitch;

[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class KillSwitchTests
{
    private static readonly Caller Operator = new("olga") { Roles = [CallerRoles.Operator] };
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [TestCase(KillScope.All, "")]
    [TestCase(KillScope.Agent, "worker")]
    [TestCase(KillScope.Label, "team=payments")]
    public async Task Engage_RunAtWork_EndsItAndRefusesNewOnesUntilReleased(KillScope scope, string name)
    {
        await using GovernedRun governed = await StartAsync();
        Run run = await governed.Host.SubmitAsync("Work.", Labelled);
        await _entered.Task;

        KillReport report = await governed.Host.Get<KillOrders>().EngageAsync(scope, name, Operator, "gone mad");
        run = await governed.Host.Reader.WaitForEndAsync(run.Id);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Cancelled));
        Assert.That(report.Runs, Is.EqualTo(new[] { run.Id }));
        Assert.That(report.Begun.Select(begun => begun.Tool), Is.EqualTo(new[] { "hang" }),
            "what may have taken effect is listed");
        Assert.That(
            () => governed.Host.SubmitAsync("Again.", Labelled),
            Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(ErrorCode.Stopped));

        await governed.Host.Get<KillOrders>().ReleaseAsync(scope, name, Operator);
        governed.Script = _ => ChatReply.Say("calm");
        Assert.That((await governed.Host.RunAsync("Again.", Labelled)).Status, Is.EqualTo(RunStatus.Completed));
        Assert.That((await governed.AuditAsync()).Select(entry => entry.Type),
            Does.Contain(AuditTypes.KillEngaged).And.Contain(AuditTypes.KillReleased));
    }

    [Test]
    public async Task Engage_CallerGivesUpOnceItIsStored_IsCarriedOutAndWrittenDown()
    {
        using var caller = new LeavingCaller("kill/") { IsAboutToLeave = true };
        await using RunHost host = await RunHost.StartAsync(
            caller.Install, _ => ChatReply.Say("never") with
            {
                Before = token =>
                {
                    _entered.TrySetResult();
                    return Task.Delay(Timeout.Infinite, token);
                },
            });
        Run run = await host.SubmitAsync("Work.");
        await _entered.Task;

        await host.Get<KillOrders>().EngageAsync(KillScope.All, "", Operator, "gone mad", caller.Token);
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That(caller.Token.IsCancellationRequested);
        Assert.That(run.Status, Is.EqualTo(RunStatus.Cancelled));
        Assert.That(await host.Get<AuditLog>().ReadAsync().CountAsync(static entry => entry.Type == AuditTypes.KillEngaged),
            Is.EqualTo(1));
    }

    [Test]
    public async Task Engage_Tool_StopsTheCallInFlightAndTheNextButNotTheRun()
    {
        await using GovernedRun governed = await StartAsync();
        Run run = await governed.Host.SubmitAsync("Work.", Labelled);
        await _entered.Task;

        await governed.Host.Get<KillOrders>().EngageAsync(KillScope.Tool, "hang", Operator);
        run = await governed.Host.Reader.WaitForEndAsync(run.Id);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(governed.Host.Model.Requests[1].Results[^1],
            Does.Contain("olga stopped tool 'hang'").And.Contain("not known"));
        Assert.That(run.Result!.Text, Does.Contain("Nothing was done"), "the second call was refused before it began");
    }

    private static RunRequest Labelled => new() { Labels = new Dictionary<string, string> { ["team"] = "payments" } };

    private Task<GovernedRun> StartAsync() => GovernedRun.StartAsync(
        null, [ChatReplyCall.Of("hang", new { }), ChatReplyCall.Of("hang", new { })],
        [
            AgentTool.Create("hang", "Hangs.", ToolEffect.NotIdempotent, async (CancellationToken cancellationToken) =>
            {
                _entered.TrySetResult();
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }),
        ]);
}
