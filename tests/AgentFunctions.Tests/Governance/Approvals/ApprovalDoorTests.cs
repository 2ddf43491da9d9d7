using System.Text.Json;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Governance.Approvals;

/// <summary>
/// What a protocol beside the HTTP API needs: who may decide now, decisions that are safe to repeat, and a trace of the door.
/// </summary>
[CancelAfter(300_000)]
internal sealed class ApprovalDoorTests
{
    private const string Two =
        "rules: [{name: two, when: {tool: pay}, then: ask, approval: {roles: [lead], notRequester: true, count: 2}}]";

    private static readonly Caller Anna = Of("anna", CallerRoles.Submitter,
        "lead") with
    { Door = new CallerDoor("mcp", "task-7") };
    private static readonly Caller Ben = Of("ben", "lead") with { Door = new CallerDoor("openai", "resp_8") };
    private static readonly Caller Cleo = Of("cleo", CallerRoles.Operator, "lead");
    private static readonly Caller Dan = Of("dan", CallerRoles.Viewer);

    [Test]
    public async Task MayBeDecidedBy_FourEyes_IsTrueForWhoeverCountsNow(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync(Two);
        Run run = await governed.Host.Gateway.SubmitAsync(new RunRequest { Goal = "Pay." }, Anna, null, cancellationToken);
        await governed.ApprovalOfAsync(run.Id, cancellationToken);
        await governed.Host.Steering.SendAsync(run.Id, "Pay now.", Cleo, null, cancellationToken);

        Approval open = (await governed.Desk.ListOfTreeAsync(run.Id, null, cancellationToken)).Single();
        await governed.Desk.DecideAsync(open.Id, Ben, true, null, null, cancellationToken);
        Approval voted = (await governed.Desk.ListOfTreeAsync(run.Id, null, cancellationToken)).Single();

        Assert.That(new[] { Anna, Ben, Cleo, Dan }.Select(open.MayBeDecidedBy), Is.EqualTo(new[] { false, true, false, false }));
        Assert.That(voted.MayBeDecidedBy(Ben), Is.False, "one vote each");
        Assert.That(await governed.Desk.ListOfTreeAsync(run.Id, Of("eve", CallerRoles.Submitter), cancellationToken), Is.Empty);
        Assert.That(await governed.Desk.ListOfTreeAsync("another", null, cancellationToken), Is.Empty);
    }

    [Test]
    public async Task Decide_OutOfBandByADoor_IsRefusedAndByTheApiTaken(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync(
            Two.Replace("count: 2", "inBand: false", StringComparison.Ordinal));
        Run run = await governed.Host.Gateway.SubmitAsync(new RunRequest { Goal = "Pay." }, Anna, null, cancellationToken);
        Approval open = await governed.ApprovalOfAsync(run.Id, cancellationToken);

        foreach (bool approves in new[] { true, false })
        {
            Assert.That(
                () => governed.Desk.DecideAsync(open.Id, Ben, approves, null, null, cancellationToken),
                Throws.InstanceOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.NotAllowed)
                    .And.Message.Contains("'two'").And.Message.Contains("openai"));
        }

        Approval pending = (await governed.Desk.ListOfTreeAsync(run.Id, null, cancellationToken)).Single();
        await governed.Desk.DecideAsync(open.Id, Ben with { Door = null }, true, null, null, cancellationToken);
        run = await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);
        Assert.That((pending.MayBeDecidedBy(Ben), pending.MayBeDecidedBy(Ben with { Door = null })), Is.EqualTo((false, true)));
        Assert.That(pending.Votes, Is.Empty);
        Assert.That(run.Result!.Text, Is.EqualTo("Result: paid 5 to bob"));
    }

    [Test]
    public async Task Decide_WithTheSameArgumentsAgain_IsOneDecision(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync(Two.Replace(", count: 2", "", StringComparison.Ordinal));
        Run run = await governed.Host.Gateway.SubmitAsync(new RunRequest { Goal = "Pay." }, Anna, null, cancellationToken);
        Approval approval = await governed.ApprovalOfAsync(run.Id, cancellationToken);
        JsonElement edited = JsonSerializer.SerializeToElement(new { to = "bob", amount = 3 });

        await governed.Desk.DecideAsync(approval.Id, Ben, true, null, edited, cancellationToken);
        run = await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);
        await governed.Desk.DecideAsync(approval.Id, Ben, true, null, edited, cancellationToken);

        Assert.That(run.Result!.Text, Is.EqualTo("Result: paid 3 to bob"));
        Assert.That(
            () => governed.Desk.DecideAsync(approval.Id, Ben, true, null,
                JsonSerializer.SerializeToElement(new { to = "eve", amount = 3 }), cancellationToken),
            Throws.InstanceOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.ApprovalStateForbids));
        AuditEntry[] decided =
            [.. (await governed.AuditAsync(run.Id)).Where(static entry => entry.Type == AuditTypes.ApprovalDecided)];
        Assert.That(decided.Select(static entry => (entry.Actor, entry.Door, entry.DoorRequest)),
            Is.EqualTo(new[] { ("ben", "openai", "resp_8") }));
    }

    [Test]
    public async Task Audit_OfWhatCameByADoor_NamesItAndItsRequest(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync(Two);
        Run run = await governed.Host.Gateway.SubmitAsync(new RunRequest { Goal = "Pay." }, Anna, null, cancellationToken);
        await governed.ApprovalOfAsync(run.Id, cancellationToken);
        await governed.Host.Steering.SendAsync(run.Id, "Never mind.", Anna, null, cancellationToken);
        await governed.Host.Steering.CancelAsync(run.Id, Anna, null, null, cancellationToken);
        await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        AuditEntry[] acts = [.. (await governed.AuditAsync(run.Id)).Where(static entry =>
            entry.Type is AuditTypes.RunSubmitted or AuditTypes.MessageSent or AuditTypes.RunCommanded)];
        Assert.That(acts.Select(static entry => entry.Type),
            Is.EqualTo(new[] { AuditTypes.RunSubmitted, AuditTypes.MessageSent, AuditTypes.RunCommanded }));
        Assert.That(acts.Select(static entry => (entry.Door, entry.DoorRequest)), Is.All.EqualTo(("mcp", "task-7")));
    }

    private static Caller Of(string id, params string[] roles) => new(id) { Roles = roles };

    private static Task<GovernedRun> StartAsync(string policy) => GovernedRun.StartAsync(
        policy, [ChatReplyCall.Of("pay", new { to = "bob", amount = 5 })],
        [AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, static (string to, int amount) => $"paid {amount} to {to}")]);
}
