using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using static AgentFunctions.Tests.Governance.Policies.Actions;

namespace AgentFunctions.Tests.Governance.Policies;

/// <summary>Rules on where the run stands: what is left, what is next, what the call itself touches.</summary>
[CancelAfter(300_000)]
internal sealed class PolicyContextTests
{
    [TestCase("usd: {below: 2}", true)]
    [TestCase("usd: {below: 1.5}", false)]
    [TestCase("usd: {above: 1, below: 2}", true)]
    [TestCase("steps: {above: 10}", false)]
    [TestCase("wallClock: {below: 30m}", true)]
    [TestCase("wallClock: {below: 5m}", false)]
    [TestCase("tokens: {below: 1000}", false)]
    [TestCase("tokens: {above: 1000}", true)]
    [TestCase("usd: {below: 2}, steps: {below: 5}", false)]
    public void Decide_BudgetLeft_HoldsForEveryPartThatIsNamed(string condition, bool holds)
    {
        Policy policy = Policy($"rules: [{{name: rule, when: {{budgetLeft: {{{condition}}}}}, then: allow}}]");
        var left = new Budget { Usd = 1.5m, Steps = 10, WallClock = TimeSpan.FromMinutes(10) };

        Assert.That(policy.Decide(Call("x") with { BudgetLeft = left }).Rule == "rule", Is.EqualTo(holds));
    }

    [TestCase("deploy*", true)]
    [TestCase("test*", false)]
    public void Decide_PlanStep_IsTheNextOne(string pattern, bool holds)
    {
        Policy policy = Policy($"rules: [{{name: rule, when: {{planStep: '{pattern}'}}, then: allow}}]");

        Assert.That(policy.ReadsPlan, Is.True);
        Assert.That(policy.Decide(Call("x") with { PlanStep = "Deploy to the north" }).Rule == "rule", Is.EqualTo(holds));
        Assert.That(policy.Decide(Call("x")).Rule, Does.StartWith("default:"), "a run without a plan is at no step");
    }

    [Test]
    public void Decide_Data_LooksAtTheCallItself()
    {
        Policy policy = Policy("""
            data: [{label: confidential, when: {arguments: {path: {under: hr}}}}]
            risks: [{risk: high, when: {data: confidential}}]
            rules: [{name: careful, when: {data: confidential, risk: high}, then: ask}]
            """);

        Assert.That(policy.Decide(Call("read", ToolEffect.None, """{"path":"hr/pay.csv"}""")).Rule, Is.EqualTo("careful"));
        Assert.That(policy.Decide(Call("read", ToolEffect.None, """{"path":"src/a.cs"}""")).Verdict,
            Is.EqualTo(PolicyVerdict.Allow));
    }

    [TestCase("budgetLeft: {}", "p.yaml:1", "no part of the budget is named")]
    [TestCase("budgetLeft: {euro: {below: 1}}", "p.yaml:1", "euro")]
    [TestCase("budgetLeft: {usd: {}}", "p.yaml:1", "'usd' has no bound")]
    [TestCase("budgetLeft: {wallClock: {below: soon}}", "p.yaml:1", "is not a duration")]
    public void Load_BrokenBudget_SaysWhereAndWhatToWrite(string condition, string place, string words) => Assert.That(
        () => PolicyFile.Parse($"rules: [{{name: a, when: {{{condition}}}, then: allow}}]", "p.yaml"),
        Throws.TypeOf<AgentException>().With.Message.StartsWith(place).And.Message.Contains(words));

    [Test]
    public async Task Run_BudgetAndPlan_AreThoseOfTheRecordedRun()
    {
        int published = 0;
        AgentTool publish = AgentTool.Create("publish", "Publishes.", ToolEffect.NotIdempotent,
            () => $"published {Interlocked.Increment(ref published)}");
        await using GovernedRun governed = await GovernedRun.StartAsync(
            """
            rules:
              - {name: plan-first, when: {tool: publish}, unless: {planStep: "publish*"}, then: deny, reason: Publish when the plan says so.}
              - {name: nearly-gone, when: {tool: publish, budgetLeft: {steps: {below: 32}}}, then: deny, reason: Too little is left to mend it.}
              - {name: rest, when: {tool: "*"}, then: allow}
            """,
            [
                ChatReplyCall.Of("publish", new { }),
                ChatReplyCall.Of("update_plan", new { items = new[] { new { text = "Publish the notes", done = false } } }),
                ChatReplyCall.Of("publish", new { }),
                ChatReplyCall.Of("publish", new { }),
            ],
            [publish]);

        // Of 38 steps 33 are left at the second call of publish, and 31 at the third.
        await governed.Host.RunAsync("Publish.", new RunRequest { Budget = new Budget { Steps = 38 } });

        string[] results = [.. governed.Host.Model.Requests.Skip(1).Select(request => request.Results[^1])];
        Assert.That(results[0], Does.Contain("plan-first"));
        Assert.That(results[2], Is.EqualTo("published 1"));
        Assert.That(results[3], Does.Contain("nearly-gone").And.Contain("Too little is left"));
        Assert.That(published, Is.EqualTo(1));
    }

    [Test]
    public async Task Run_ResultLimit_CutsWhatTheModelIsShown()
    {
        AgentTool read = AgentTool.Create("read", "Reads.", ToolEffect.None, () => new string('x', 5_000));
        await using GovernedRun governed = await GovernedRun.StartAsync(
            "rules: [{name: little, when: {tool: read}, then: allow, resultLimit: 400}]", [ChatReplyCall.Of("read", new { })],
            [read]);

        Run run = await governed.Host.RunAsync();

        Assert.That(governed.Host.Model.Requests[1].Results[^1], Has.Length.LessThan(800).And.Contain("characters left out"));
        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
    }
}
