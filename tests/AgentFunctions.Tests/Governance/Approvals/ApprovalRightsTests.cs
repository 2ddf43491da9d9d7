using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Governance.Approvals;

/// <summary>Who may decide, about what, and until when.</summary>
[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ApprovalRightsTests
{
    private const string Another =
        "rules: [{name: another, when: {tool: pay}, then: ask, approval: {roles: [lead], notRequester: true}}]";
    private const string Two =
        "rules: [{name: two, when: {tool: pay}, then: ask, approval: {roles: [lead], notRequester: true, count: 2}}]";
    private const string Anyone = "rules: [{name: anyone, when: {tool: pay}, then: ask, approval: {roles: [lead]}}]";

    private static readonly Caller Anna = Of("anna", CallerRoles.Submitter, "lead");
    private static readonly Caller Ben = Of("ben", CallerRoles.Operator, "lead");
    private static readonly Caller Cleo = Of("cleo", CallerRoles.Operator, "lead");
    private static readonly Caller Dan = Of("dan", CallerRoles.Operator, "lead");

    private readonly List<string> _paid = [];

    private AgentTool Pay => AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, (string to, int amount) =>
    {
        lock (_paid)
        {
            _paid.Add($"{to}:{amount}");
        }

        return "paid";
    });

    [TestCase("message")]
    [TestCase("budget")]
    [TestCase("resume")]
    [TestCase("fork")]
    public async Task NotRequester_WhoSteeredTheRun_MayNotDecide(string how, CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync(Another);
        Run run = await governed.Host.Gateway.SubmitAsync(new RunRequest { Goal = "Pay." }, Anna, null, cancellationToken);
        Approval approval = await governed.ApprovalOfAsync(run.Id, cancellationToken);
        RunSteering steering = governed.Host.Steering;
        switch (how)
        {
            case "message":
                await steering.SendAsync(run.Id, "Pay Bob at once.", Ben, null, cancellationToken);
                break;
            case "budget":
                await steering.GrantAsync(run.Id, new Budget { Steps = 5 }, Ben, null, cancellationToken);
                break;
            case "resume":
                await steering.PauseAsync(run.Id, Ben, null, cancellationToken);
                await steering.ResumeAsync(run.Id, Ben, null, cancellationToken);
                break;
            default:
                // Whose goal it was, and who spoke to the first run, has led the fork too.
                await steering.SendAsync(run.Id, "Pay Bob at once.", Cleo, null, cancellationToken);
                Run fork = await governed.Host.Get<RunForking>().ForkAsync(
                    run.Id, new ForkRequest { Turn = 0, Budget = new Budget { Steps = 9 } }, Ben, null, cancellationToken);
                approval = await governed.ApprovalOfAsync(fork.Id, cancellationToken);
                break;
        }

        Caller[] barred = how == "fork" ? [Anna, Ben, Cleo] : [Anna, Ben];
        foreach (Caller caller in barred)
        {
            Assert.That(() => governed.Desk.DecideAsync(approval.Id, caller, true), Fails(ErrorCode.NotAllowed), caller.Id);
            Assert.That(() => governed.Desk.RevealAsync(approval.Id, caller), Fails(ErrorCode.NotAllowed), caller.Id);
        }

        await governed.Desk.DecideAsync(approval.Id, Dan, true, null, null, cancellationToken);
        await governed.Host.Reader.WaitForEndAsync(approval.RunId, cancellationToken);
        Assert.That(_paid, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task NotRequester_WhoApprovedAndThenSteered_CountsNoMore(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync(Two);
        Run run = await governed.Host.Gateway.SubmitAsync(new RunRequest { Goal = "Pay." }, Anna, null, cancellationToken);
        Approval approval = await governed.ApprovalOfAsync(run.Id, cancellationToken);

        await governed.Desk.DecideAsync(approval.Id, Ben, true, null, null, cancellationToken);
        await governed.Host.Steering.SendAsync(run.Id, "Go on.", Ben, null, cancellationToken);
        Approval second = await governed.Desk.DecideAsync(approval.Id, Cleo, true, null, null, cancellationToken);
        Approval third = await governed.Desk.DecideAsync(approval.Id, Dan, true, null, null, cancellationToken);

        Assert.That((second.State, third.State), Is.EqualTo((ApprovalState.Pending, ApprovalState.Approved)));
    }

    [Test]
    public async Task Steering_WithoutSuchARule_BarsNobody(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync(Anyone);
        Run run = await governed.Host.Gateway.SubmitAsync(new RunRequest { Goal = "Pay." }, Anna, null, cancellationToken);
        Approval approval = await governed.ApprovalOfAsync(run.Id, cancellationToken);

        await governed.Host.Steering.SendAsync(run.Id, "Go on.", Ben, null, cancellationToken);

        Assert.That((await governed.Desk.DecideAsync(approval.Id, Ben, true, null, null, cancellationToken)).State,
            Is.EqualTo(ApprovalState.Approved));
    }

    [Test]
    public async Task Deny_AfterItWasApprovedAndBeforeTheCall_Wins(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync(Anyone);
        Run run = await governed.Host.Gateway.SubmitAsync(new RunRequest { Goal = "Pay." }, Anna, null, cancellationToken);
        Approval approval = await governed.ApprovalOfAsync(run.Id, cancellationToken);
        await WaitsAsync(governed, run.Id, cancellationToken);
        await governed.Host.Steering.PauseAsync(run.Id, Ben, null, cancellationToken);

        await governed.Desk.DecideAsync(approval.Id, Ben, true, null, null, cancellationToken);
        Assert.That(() => governed.Desk.DecideAsync(approval.Id, Dan, true), Fails(ErrorCode.ApprovalStateForbids),
            "an approval more changes nothing");
        Approval denied = await governed.Desk.DecideAsync(approval.Id, Cleo, false, "wrong account", null, cancellationToken);
        await governed.Host.Steering.ResumeAsync(run.Id, Ben, null, cancellationToken);
        run = await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(denied.State, Is.EqualTo(ApprovalState.Denied));
        Assert.That(_paid, Is.Empty);
        Assert.That(run.Result!.Text, Does.Contain("cleo denied it: wrong account"));
    }

    [Test]
    public async Task Deny_OnceTheCallIsBegun_IsRefused(CancellationToken cancellationToken)
    {
        var begun = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        AgentTool pay = AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, async (string to, int amount) =>
        {
            begun.TrySetResult();
            await go.Task;
            return $"paid {amount} to {to}";
        });
        await using GovernedRun governed = await GovernedRun.StartAsync(Anyone,
            [ChatReplyCall.Of("pay", new { to = "bob", amount = 5 })], [pay]);
        Run run = await governed.Host.SubmitAsync();
        Approval approval = await governed.ApprovalOfAsync(run.Id, cancellationToken);

        await governed.Desk.DecideAsync(approval.Id, Ben, true, null, null, cancellationToken);
        await begun.Task;
        Assert.That(() => governed.Desk.DecideAsync(approval.Id, Cleo, false), Fails(ErrorCode.ApprovalStateForbids));
        go.SetResult();

        run = await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);
        Assert.That(run.Result!.Text, Does.Contain("paid 5 to bob"));
    }

    [Test]
    public async Task Reveal_OfWhatNobodyDecidesAnyMore_IsRefused(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync(
            "rules: [{name: short, when: {tool: pay}, then: ask, approval: {roles: [lead], expires: 0.2s}}]");
        Run run = await governed.Host.SubmitAsync();
        Approval expired = await governed.ApprovalOfAsync(run.Id, cancellationToken);
        await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);
        await using GovernedRun other = await StartAsync(Anyone);
        Run second = await other.Host.SubmitAsync();
        Approval decided = await other.ApprovalOfAsync(second.Id, cancellationToken);
        Assert.That((await other.Desk.RevealAsync(decided.Id, Ben, cancellationToken)).Tool, Is.EqualTo("pay"));
        await other.Desk.DecideAsync(decided.Id, Ben, false, null, null, cancellationToken);

        Assert.That(() => governed.Desk.RevealAsync(expired.Id, Ben), Fails(ErrorCode.ApprovalStateForbids));
        Assert.That(() => other.Desk.RevealAsync(decided.Id, Ben), Fails(ErrorCode.ApprovalStateForbids));
    }

    [Test]
    public async Task Similar_WhatCameAfterThePersonLooked_IsNotCovered(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync(Anyone);
        Approval[] looked = [await AskAsync(), await AskAsync()];
        Approval late = await AskAsync();

        IReadOnlyList<Approval> shown = await governed.Desk.ListSimilarAsync(looked[0], [looked[0].Id, looked[1].Id], Ben,
            cancellationToken);
        IReadOnlyList<Approval> untold = await governed.Desk.ListSimilarAsync(looked[1], null, Ben, cancellationToken);
        IReadOnlyList<Approval> none = await governed.Desk.ListSimilarAsync(looked[0], [], Ben, cancellationToken);

        Assert.That((looked[0].Group, looked[1].Group), Is.EqualTo((late.Group, late.Group)));
        Assert.That(shown.Select(static one => one.Id), Is.EqualTo(new[] { looked[1].Id }));
        Assert.That(untold.Select(static one => one.Id), Is.EqualTo(new[] { looked[0].Id }));
        Assert.That(none, Is.Empty);

        async Task<Approval> AskAsync() =>
            await governed.ApprovalOfAsync((await governed.Host.SubmitAsync()).Id, cancellationToken);
    }

    private static Task WaitsAsync(GovernedRun governed, string runId, CancellationToken cancellationToken) =>
        governed.Host.UntilAsync(runId, static run => run.Status == RunStatus.Waiting, cancellationToken);

    private static Caller Of(string id, params string[] roles) => new(id) { Roles = roles };

    private static NUnit.Framework.Constraints.IResolveConstraint Fails(ErrorCode code) =>
        Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(code);

    private Task<GovernedRun> StartAsync(string policy) =>
        GovernedRun.StartAsync(policy, [ChatReplyCall.Of("pay", new { to = "bob", amount = 5 })], [Pay]);
}
