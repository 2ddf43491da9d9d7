using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Governance.Approvals;

/// <summary>Whoever decides closes the page at once: the decision is written down all the same, and the run hears of it.</summary>
[CancelAfter(300_000)]
internal sealed class LeavingDeciderTests
{
    [Test]
    public async Task Decide_CallerGivesUpOnceItIsStored_IsWrittenDownAndTheRunGoesOn(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        using var caller = new LeavingCaller("approvals/");
        string policy = folder.Write(
            "policy.yaml", "rules: [{name: ask, when: {tool: pay}, then: ask, approval: {roles: [lead]}}]");
        await using RunHost host = await RunHost.StartAsync(
            caller.Install,
            static request => request.Turn == 0 ? ChatReply.Call("pay", new { }) : ChatReply.Say(request.Results[^1]),
            [AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, static () => "paid")], null,
            ("Governance:PolicyPath", policy));
        Run run = await host.SubmitAsync();
        JournalEvent asked = await host.EventAsync(
            run.Id, static happened => happened.Type == JournalEventTypes.ApprovalRequested, cancellationToken);
        await Poll.ForAsync(
            () => host.Get<ApprovalService>().GetAsync(asked.Approval!, null, cancellationToken),
            static approval => approval.Reminders > 0, cancellationToken);

        caller.IsAboutToLeave = true;
        await host.Get<ApprovalService>().DecideAsync(
            asked.Approval!, new Caller("lee") { Roles = ["lead"] }, true, null, null, caller.Token);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(caller.Token.IsCancellationRequested);
        Assert.That(run.Result?.Text, Does.Contain("paid"));
        Assert.That(
            await host.Get<AuditLog>().ReadAsync(run.Id, 0, cancellationToken)
                .CountAsync(static entry => entry is { Type: AuditTypes.ApprovalDecided, Actor: "lee" }, cancellationToken),
            Is.EqualTo(1));
    }
}
