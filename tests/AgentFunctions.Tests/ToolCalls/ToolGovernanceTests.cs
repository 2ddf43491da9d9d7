using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.ToolCalls;

[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ToolGovernanceTests
{
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
    public async Task Call_DeniedByARule_DoesNotHappenAndTheModelReadsWhy()
    {
        await using GovernedRun governed = await GovernedRun.StartAsync(
            "rules: [{name: no-eve, when: {arguments: {to: {is: eve}}}, then: deny, reason: Eve is not a supplier.}, {name: rest, when: {tool: '*'}, then: allow}]",
            [ChatReplyCall.Of("pay", new { to = "eve", amount = 5 }), ChatReplyCall.Of("pay", new { to = "bob", amount = 6 })],
            [Pay]);

        Run run = await governed.Host.RunAsync();

        Assert.That(_paid, Is.EqualTo(new[] { "bob:6" }));
        Assert.That(run.Result!.Text, Is.EqualTo("Result: paid 6 to bob"));
        Assert.That(governed.Host.Model.Requests[1].Results[^1], Does.Contain("no-eve").And.Contain("Eve is not a supplier."));
        IReadOnlyList<AuditEntry> audit = await governed.AuditAsync(run.Id);
        Assert.That(
            audit.Where(entry => entry.Type == AuditTypes.CallDecided).Select(entry => (entry.Rule, entry.Verdict)),
            Is.EqualTo(new[] { ("no-eve", (PolicyVerdict?)PolicyVerdict.Deny), ("rest", PolicyVerdict.Allow) }));
        Assert.That(audit.Select(entry => entry.Type), Does.Contain(AuditTypes.CallFinished).And.Contain(AuditTypes.RunEnded));
    }

    [Test]
    public async Task Call_AllowedWithChanges_HappensWithTheChangedArguments()
    {
        await using GovernedRun governed = await GovernedRun.StartAsync(
            "rules: [{name: cap, when: {tool: pay}, then: allow, atMost: {amount: 10}}]",
            [ChatReplyCall.Of("pay", new { to = "bob", amount = 500 })], [Pay]);

        await governed.Host.RunAsync();

        Assert.That(_paid, Is.EqualTo(new[] { "bob:10" }));
    }

    [Test]
    public async Task Call_LimitPerTree_ParallelCallsDoNotPassItTogether()
    {
        const string Policy = """
            rules:
              - name: three
                when: {tool: pay, history: {call: {tool: pay}, within: 1h, atLeast: 3}}
                then: deny
                reason: Three payments an hour.
              - {name: rest, when: {tool: '*'}, then: allow}
            """;
        await using GovernedRun governed = await GovernedRun.StartAsync(Policy, [], [Pay]);
        governed.Script = request => request.Turn == 0
            ? new ChatReply
            {
                Calls = [.. Enumerable.Range(0, 10).Select(i => ChatReplyCall.Of("pay",
                new { to = "bob", amount = i }))]
            }
            : ChatReply.Say("done");

        await governed.Host.RunAsync();

        Assert.That(_paid, Has.Count.EqualTo(3));
    }

    [Test]
    public async Task Call_NoPolicyConfigured_WorksUnattended()
    {
        await using GovernedRun governed = await GovernedRun.StartAsync(null,
            [ChatReplyCall.Of("pay", new { to = "bob", amount = 1 })], [Pay]);

        Run run = await governed.Host.RunAsync();

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(_paid, Has.Count.EqualTo(1));
    }
}
