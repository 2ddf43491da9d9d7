using System.Text.Json;
using AgentFunctions.AspNetCore.Doors.Mcp;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Tests.Governance.Approvals;

/// <summary>A yes counts for the arguments that the person was shown, and for no others.</summary>
[CancelAfter(300_000)]
internal sealed class SeenArgumentsTests
{
    private const string Two =
        "rules: [{name: two, when: {tool: pay}, then: ask, approval: {roles: [lead], count: 2}}]";

    private static readonly Caller Ben = new("ben") { Roles = ["lead"] };
    private static readonly Caller Cleo = new("cleo") { Roles = ["lead"] };
    private static readonly JsonElement Changed = JsonElement.Parse("""{"to":"eve","amount":5000}""");

    [TestCase(false)]
    [TestCase(true)]
    public async Task Approve_ArgumentsThatAnotherHasChanged_TakesALookAtThem(bool sendsTheOldHash,
        CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync();
        Run run = await governed.Host.SubmitAsync();
        Approval shown = await governed.ApprovalOfAsync(run.Id, cancellationToken);

        Approval edited = await governed.Desk.DecideAsync(
            shown.Id, Ben, true, null, Changed, shown.CallHash, cancellationToken);
        AgentException refused = Assert.ThrowsAsync<AgentException>(() => governed.Desk.DecideAsync(
            shown.Id, Cleo, true, callHash: sendsTheOldHash ? shown.CallHash : null, cancellationToken: cancellationToken))!;
        Approval seen = await governed.Desk.GetAsync(shown.Id, Cleo, cancellationToken);
        await governed.Desk.DecideAsync(shown.Id, Cleo, true, callHash: seen.CallHash, cancellationToken: cancellationToken);
        run = await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(edited.State, Is.EqualTo(ApprovalState.Pending));
        Assert.That(refused.Code, Is.EqualTo(ErrorCode.ApprovalStateForbids));
        Assert.That(refused.Message, Does.Contain("callHash").And.Contains(sendsTheOldHash ? "was shown" : "changed by ben"));
        Assert.That((seen.Votes.Count, seen.CallHash), Is.EqualTo((1, edited.CallHash)));
        Assert.That(seen.CallHash, Is.Not.EqualTo(shown.CallHash));
        Assert.That(run.Result!.Text, Is.EqualTo("Result: paid 5000 to eve"));
    }

    [Test]
    public async Task Deny_TheCallAsItWasAsked_CountsThoughAnotherHasChangedIt(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync();
        Run run = await governed.Host.SubmitAsync();
        Approval shown = await governed.ApprovalOfAsync(run.Id, cancellationToken);
        await governed.Desk.DecideAsync(shown.Id, Ben, true, null, Changed, shown.CallHash, cancellationToken);

        Approval denied = await governed.Desk.DecideAsync(
            shown.Id, Cleo, false, callHash: shown.CallHash, cancellationToken: cancellationToken);
        run = await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(denied.State, Is.EqualTo(ApprovalState.Denied));
        Assert.That(run.Result!.Text, Does.Not.Contain("paid"));
    }

    [Test]
    public async Task Approve_TheSameArgumentsSentAlong_CountsBesideTheOther(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync();
        Run run = await governed.Host.SubmitAsync();
        Approval shown = await governed.ApprovalOfAsync(run.Id, cancellationToken);

        await governed.Desk.DecideAsync(shown.Id, Ben, true, null, Changed, shown.CallHash, cancellationToken);
        // It is sent again, since the answer was lost.
        await governed.Desk.DecideAsync(shown.Id, Ben, true, null, Changed, shown.CallHash, cancellationToken);
        Approval second = await governed.Desk.DecideAsync(shown.Id, Cleo, true, null, Changed, cancellationToken);

        Assert.That(second.State, Is.EqualTo(ApprovalState.Approved));
        Assert.That(second.Votes.Select(static vote => vote.By), Is.EqualTo(new[] { "ben", "cleo" }));
    }

    [Test]
    public async Task Edit_OfArgumentsThatAnotherHasChanged_TakesALookAtThem(CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync();
        Run run = await governed.Host.SubmitAsync();
        Approval shown = await governed.ApprovalOfAsync(run.Id, cancellationToken);
        JsonElement patch = JsonElement.Parse("""{"amount":6}""");

        await governed.Desk.DecideAsync(shown.Id, Ben, true, null, Changed, shown.CallHash, cancellationToken);
        JsonElement over = await governed.Desk.MergeAsync(shown.Id, Cleo, patch, shown.CallHash, cancellationToken);

        Assert.That(() => governed.Desk.MergeAsync(shown.Id, Cleo, patch, null, cancellationToken),
            Throws.InstanceOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.ApprovalStateForbids));
        Assert.That(() => governed.Desk.DecideAsync(shown.Id, Cleo, true, null, over, shown.CallHash, cancellationToken),
            Throws.InstanceOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.ApprovalStateForbids));
        Assert.That((await governed.Desk.GetAsync(shown.Id, Cleo, cancellationToken)).Votes.Select(static vote => vote.By),
            Is.EqualTo(new[] { "ben" }));
    }

    [TestCase("decline", ApprovalState.Denied)]
    [TestCase("accept", ApprovalState.Pending)]
    public async Task Elicitation_AnswerToTheFormBeforeAChange_CountsAsANoAlone(
        string action, ApprovalState expected, CancellationToken cancellationToken)
    {
        await using GovernedRun governed = await StartAsync();
        Run run = await governed.Host.SubmitAsync();
        Approval shown = await governed.ApprovalOfAsync(run.Id, cancellationToken);
        await governed.Desk.DecideAsync(shown.Id, Ben, true, null, Changed, shown.CallHash, cancellationToken);
        Approval changed = await governed.Desk.GetAsync(shown.Id, Cleo, cancellationToken);
        InputResponse answer = JsonSerializer.Deserialize<InputResponse>(
            $$$"""{"action":"{{{action}}}","content":{"approve":true}}""", McpJsonUtilities.DefaultOptions)!;

        await new Elicitation(governed.Desk, governed.Host.Get<QuestionService>()).AnswerAsync(
            [new OpenQuestion { Approval = changed, MayAnswer = true }], [new(shown.Id, answer)], Cleo, cancellationToken);

        Assert.That((await governed.Desk.GetAsync(shown.Id, Cleo, cancellationToken)).State, Is.EqualTo(expected));
    }

    private static Task<GovernedRun> StartAsync() => GovernedRun.StartAsync(
        Two, [ChatReplyCall.Of("pay", new { to = "bob", amount = 50 })],
        [AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, static (string to, int amount) => $"paid {amount} to {to}")]);
}
