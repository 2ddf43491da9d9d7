using System.Text.Json;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Governance.Approvals;

[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ApprovalTests
{
    private const string AskForAll = "rules: [{name: ask-all, when: {tool: pay}, then: ask, approval: {roles: [lead]}}]";

    private static readonly Caller Lead = new("lee") { Roles = ["lead"] };
    private readonly List<string> _paid = [];

    private AgentTool Pay => AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, (string to, int amount) =>
    {
        lock (_paid)
        {
            _paid.Add($"{to}:{amount}");
        }

        return $"paid {amount} to {to}";
    });

    [Test]
    public async Task Approve_WaitingCall_IsMadeOnceAndSaysWhoAllowedIt(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync(AskForAll);
        Run run = await governed.Host.SubmitAsync();
        Approval approval = await governed.ApprovalOfAsync(run.Id, cancellationToken);
        await WaitsAsync(governed, run.Id, approval.Id, cancellationToken);
        Assert.That(_paid, Is.Empty);

        await governed.Desk.DecideAsync(approval.Id, Lead, true, "fine", null, cancellationToken);
        await governed.Desk.DecideAsync(approval.Id, Lead, true, "fine", null, cancellationToken);
        run = await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        Assert.That(_paid, Is.EqualTo(new[] { "bob:5" }));
        AuditEntry decided = (await governed.AuditAsync(run.Id)).Single(entry => entry.Type == AuditTypes.CallDecided);
        Assert.That((decided.ApprovalId, decided.Reason), Is.EqualTo((approval.Id, "approved by lee")));
        Assert.That(await governed.Desk.ListAsync(null, cancellationToken), Is.Empty);
    }

    [Test]
    public async Task Deny_WithComment_CallIsNotMadeAndTheModelReadsTheComment(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync(AskForAll);
        Run run = await governed.Host.SubmitAsync();
        Approval approval = await governed.ApprovalOfAsync(run.Id, cancellationToken);

        await governed.Desk.DecideAsync(approval.Id, Lead, false, "Ask Carol first.", null, cancellationToken);
        run = await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(_paid, Is.Empty);
        Assert.That(run.Result!.Text, Does.Contain("Ask Carol first."));
    }

    [Test]
    public async Task Approve_WithOtherArguments_CallsWithThose(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync(AskForAll);
        Run run = await governed.Host.SubmitAsync();
        Approval approval = await governed.ApprovalOfAsync(run.Id, cancellationToken);

        await governed.Desk.DecideAsync(approval.Id, Lead, true, null, JsonElement.Parse("""{"to":"bob","amount":1}"""),
            cancellationToken);
        await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(_paid, Is.EqualTo(new[] { "bob:1" }));
    }

    [Test]
    public async Task Approve_EditedIntoWhatARuleForbids_IsRefused(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync("""
            rules:
              - {name: never-eve, when: {arguments: {to: {is: eve}}}, then: deny, reason: never}
              - {name: ask-all, when: {tool: pay}, then: ask, approval: {roles: [lead]}}
            """);
        Run run = await governed.Host.SubmitAsync();
        Approval approval = await governed.ApprovalOfAsync(run.Id, cancellationToken);

        await governed.Desk.DecideAsync(approval.Id, Lead, true, null, JsonElement.Parse("""{"to":"eve","amount":1}"""),
            cancellationToken);
        run = await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(_paid, Is.Empty);
        Assert.That(run.Result!.Text, Does.Contain("never-eve"));
    }

    [TestCase("roles: [cfo]")]
    [TestCase("roles: [lead, cfo], count: 2")]
    public async Task Approve_EditedIntoWhatOthersDecideAbout_IsRefused(string terms, CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync("""
            rules:
              - {name: large, when: {arguments: {amount: {above: 100}}}, then: ask, approval: {TERMS}}
              - {name: ask-all, when: {tool: pay}, then: ask, approval: {roles: [lead]}}
            """.Replace("TERMS", terms, StringComparison.Ordinal));
        Run run = await governed.Host.SubmitAsync();
        Approval approval = await governed.ApprovalOfAsync(run.Id, cancellationToken);

        await governed.Desk.DecideAsync(approval.Id, Lead, true, null, JsonElement.Parse("""{"to":"bob","amount":1000}"""),
            cancellationToken);
        run = await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(_paid, Is.Empty);
        Assert.That(run.Result!.Text, Does.Contain("large").And.Contain("cfo"));
    }

    [TestCase(1_000, "bob:50")]
    [TestCase(20, "bob:20")]
    public async Task Approve_EditedIntoWhatIsAllowedWithABound_TheBoundHolds(int amount, string paid,
        CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync("""
            rules:
              - {name: ask-five, when: {arguments: {amount: {is: "5"}}}, then: ask, approval: {roles: [lead]}}
              - {name: capped, when: {tool: pay}, then: allow, atMost: {amount: 50}}
            """);
        Run run = await governed.Host.SubmitAsync();
        Approval approval = await governed.ApprovalOfAsync(run.Id, cancellationToken);

        await governed.Desk.DecideAsync(
            approval.Id, Lead, true, null, JsonSerializer.SerializeToElement(new { to = "bob", amount }), cancellationToken);
        await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(_paid, Is.EqualTo(new[] { paid }));
    }

    [Test]
    public async Task Decide_WrongRoleOrRequesterOrTwice_Refused(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync(
            "rules: [{name: r, when: {tool: pay}, then: ask, approval: {roles: [lead], count: 2, notRequester: true}}]");
        Run run = await governed.Host.Gateway.SubmitAsync(
            new RunRequest { Goal = "Pay." }, new Caller("anna") { Roles = ["lead"] }, null, cancellationToken);
        Approval approval = await governed.ApprovalOfAsync(run.Id, cancellationToken);

        foreach (string role in (string[])[CallerRoles.Operator, CallerRoles.Viewer])
        {
            IReadOnlyList<Approval> seen = await governed.Desk.ListAsync(new Caller("otto") { Roles = [role] },
                cancellationToken);
            Assert.That(seen.Single().Id, Is.EqualTo(approval.Id), "who sees that the run waits sees for what");
        }

        Assert.Multiple(() =>
        {
            Assert.That(() => Decide(new Caller("otto") { Roles = [CallerRoles.Operator] }), Fails(ErrorCode.NotAllowed));
            Assert.That(() => Decide(new Caller("mallory") { Roles = ["submitter"] }), Fails(ErrorCode.ApprovalNotFound));
            Assert.That(() => Decide(new Caller("root") { Roles = ["admin"] }), Fails(ErrorCode.NotAllowed));
            Assert.That(() => Decide(new Caller("anna") { Roles = ["lead"] }), Fails(ErrorCode.NotAllowed));
        });
        await Decide(Lead);
        await Decide(Lead);
        Assert.That((await governed.Desk.GetAsync(approval.Id, null, cancellationToken)).State, Is.EqualTo(ApprovalState.Pending),
            "one person, two clicks");
        await Decide(new Caller("max") { Roles = ["lead"] });
        await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);
        Assert.That(_paid, Has.Count.EqualTo(1));
        Assert.That(() => governed.Desk.DecideAsync(approval.Id, Lead, false, null, null, cancellationToken),
            Fails(ErrorCode.ApprovalStateForbids));

        Task Decide(Caller caller) => governed.Desk.DecideAsync(approval.Id, caller, true, null, null, cancellationToken);
    }

    [Test]
    public async Task Expired_NobodyDecides_CountsAsDenied(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync(
            "rules: [{name: r, when: {tool: pay}, then: ask, approval: {expires: 0.3s}}]");
        Run run = await governed.Host.RunAsync();

        Assert.That(_paid, Is.Empty);
        Assert.That(run.Result!.Text, Does.Contain("nobody decided"));
        Assert.That(
            (await governed.AuditAsync(run.Id)).Count(static entry => entry.Type == AuditTypes.ApprovalExpired), Is.EqualTo(1));
    }

    [Test]
    public async Task Cancel_WaitingRun_WithdrawsTheQuestion(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync(AskForAll);
        Run run = await governed.Host.SubmitAsync();
        Approval approval = await governed.ApprovalOfAsync(run.Id, cancellationToken);

        await governed.Host.Steering.CancelAsync(run.Id, "local", null, cancellationToken);
        run = await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Cancelled));
        Assert.That((await governed.Desk.GetAsync(approval.Id, null, cancellationToken)).State,
            Is.EqualTo(ApprovalState.Withdrawn));
        Assert.That(() => governed.Desk.DecideAsync(approval.Id, Lead, true, null, null, cancellationToken),
            Fails(ErrorCode.ApprovalStateForbids));
        Assert.That(_paid, Is.Empty);
    }

    [Test]
    public async Task List_SeveralWait_RiskiestFirstAndSimilarOnesTogether(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync("""
            risks: [{risk: low, when: {arguments: {amount: {below: 10}}}}]
            rules: [{name: ask-all, when: {tool: pay}, then: ask}]
            """);
        governed.Script = request => request.Turn == 0
            ? new ChatReply
            {
                Calls = [ChatReplyCall.Of("pay", new { to = "a", amount = 1 }),
                ChatReplyCall.Of("pay", new { to = "b", amount = 99 })]
            }
            : ChatReply.Say("done");
        Run run = await governed.Host.SubmitAsync();
        await governed.ApprovalOfAsync(run.Id, cancellationToken);
        IReadOnlyList<Approval> waiting = await Poll.ForAsync(
            () => governed.Desk.ListAsync(null, cancellationToken), static open => open.Count >= 2, cancellationToken);

        Assert.That(waiting.Select(approval => approval.Arguments.GetProperty("to").GetString()), Is.EqualTo(new[] { "b", "a" }));
        Assert.That(waiting[0].Group, Is.EqualTo(waiting[1].Group));
        foreach (Approval approval in waiting)
        {
            await governed.Desk.DecideAsync(approval.Id, Caller.Local, true, null, null, cancellationToken);
        }

        await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);
        Assert.That(_paid, Is.EquivalentTo(new[] { "a:1", "b:99" }));
    }

    private static NUnit.Framework.Constraints.IResolveConstraint Fails(ErrorCode code) =>
        Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(code);

    /// <summary>The run shows what it waits for. Its status is written with the turn that begins to wait.</summary>
    private static async Task WaitsAsync(GovernedRun governed, string runId, string approvalId,
        CancellationToken cancellationToken)
    {
        Run run = await governed.Host.UntilAsync(runId, static run => run.Status == RunStatus.Waiting, cancellationToken);

        Assert.That((run.WaitingFor!.Kind, run.WaitingFor.Id), Is.EqualTo(("approval", approvalId)));
    }

    private Task<GovernedRun> StartAsync(string policy) =>
        GovernedRun.StartAsync(policy, [ChatReplyCall.Of("pay", new { to = "bob", amount = 5 })], [Pay]);
}
