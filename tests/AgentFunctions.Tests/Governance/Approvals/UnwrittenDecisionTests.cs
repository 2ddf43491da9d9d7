using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Governance.Approvals;

/// <summary>A decision whose host was killed once it had stored it: audit log and journal have it all the same, once.</summary>
[CancelAfter(300_000)]
internal sealed class UnwrittenDecisionTests
{
    private const string Two = "rules: [{name: two, when: {tool: pay}, then: ask, approval: {roles: [lead], count: 2}}]";

    private static readonly Caller Ben = new("ben") { Roles = ["lead"], Door = new CallerDoor("mcp", "task-7") };
    private static readonly Caller Cleo = new("cleo") { Roles = ["lead"] };

    /// <summary>What brings what is missing: the next decision, the same one again, or the run that goes on.</summary>
    [TestCase("another")]
    [TestCase("again")]
    [TestCase("run")]
    [TestCase("cancel")]
    public async Task Decision_HostKilledOnceItIsStored_IsWrittenDownOnce(string then, CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await GovernedRun.StartAsync(
            Two, [ChatReplyCall.Of("pay", new { })],
            [AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, static () => "paid")]);
        Run run = await governed.Host.SubmitAsync();
        Approval asked = await governed.ApprovalOfAsync(run.Id, cancellationToken);

        await StoreAsync(governed, asked, Ben, cancellationToken);
        switch (then)
        {
            case "again":
                await governed.Desk.DecideAsync(asked.Id, Ben, true, null, null, cancellationToken);
                goto default;
            case "run":
                await StoreAsync(governed, asked, Cleo, cancellationToken);
                await governed.Desk.WakeDecidedAsync(cancellationToken);
                break;
            case "cancel":
                await governed.Host.Steering.CancelAsync(run.Id, Caller.Local, null, null, cancellationToken);
                break;
            default:
                await governed.Desk.DecideAsync(asked.Id, Cleo, true, null, null, cancellationToken);
                break;
        }

        await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        string[] deciders = then == "cancel" ? ["ben"] : ["ben", "cleo"];
        AuditEntry[] written =
            [.. (await governed.AuditAsync(run.Id)).Where(static entry => entry.Type == AuditTypes.ApprovalDecided)];
        Assert.That(written.Select(static entry => entry.Actor), Is.EqualTo(deciders));
        Assert.That((written[0].Door, written[0].DoorRequest), Is.EqualTo(("mcp", "task-7")));
        string?[] told = await governed.Host.Get<Journal>().ReadAsync(run.Id, cancellationToken: cancellationToken)
            .Where(static entry => entry.Event.Type == JournalEventTypes.ApprovalDecided)
            .Select(static entry => entry.Event.Text).ToArrayAsync(cancellationToken);
        Assert.That(told, Is.EqualTo(deciders.Select(static who => $"{who} approved")));
    }

    /// <summary>Stores a decision, and does nothing of what comes behind that.</summary>
    private static async Task StoreAsync(GovernedRun governed, Approval asked, Caller caller, CancellationToken cancellationToken)
    {
        VoteTrace trace = await governed.Host.Get<ApprovalRecords>().TraceAsync(asked, caller.Door, cancellationToken);
        var vote = new ApprovalVote(caller.Id, true, null, governed.Host.Get<TimeProvider>().GetUtcNow());
        var decision = new ApprovalDecision(caller, vote, trace, null, null);
        await governed.Host.Get<ApprovalStore>().ChangeAsync(
            asked.Id, before => decision.CountIn(before, null), cancellationToken);
    }
}
