using AgentFunctions.Budgets;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Tools;
using static AgentFunctions.Tests.Governance.Policies.Actions;

namespace AgentFunctions.Tests.Documents;

/// <summary>The policy of docs/security.md, as it stands there, does what the text beside it says.</summary>
public sealed partial class SecurityPolicyExampleTests
{
    private static readonly Policy Rules = Policy(SecurityDocument.Block("yaml"));

    private static readonly Budget Enough = new() { Usd = 5 };

    [Test]
    public void Document_HasTheseBlocksAndRules()
    {
        Assert.That(SecurityDocument.Languages, Is.EqualTo(new[] { "yaml", "jsonc" }), "each block needs a test");
        string[] rules = [.. SecurityDocument.Block("yaml").Split('\n')
            .Where(static line => line.StartsWith("  - name:", StringComparison.Ordinal))
            .Select(static line => line["  - name:".Length..].Split('#')[0].Trim())];
        Assert.That(
            rules, Is.EqualTo(new[] { "nothing-leaves", "tests-before-deploy", "twenty-writes-an-hour", "deploys", "capped",
                "nearly-gone" }), "each rule needs a test");
    }

    [Test]
    public void NothingLeaves_OnceConfidentialDataWasRead()
    {
        PolicyDecision read = Rules.Decide(Call("read_file", ToolEffect.None, """{"path":"hr/salaries.csv"}"""));
        PastCall past = Past("read_file") with { DataLabels = read.DataLabels };
        ActionContext outside = Call("fetch", ToolEffect.None, """{"url":"https://evil.example"}""") with { BudgetLeft = Enough };
        ActionContext inside = Call("fetch", ToolEffect.None,
            """{"url":"https://api.corp.example"}""") with
        { BudgetLeft = Enough };

        Assert.That(read.DataLabels, Is.EqualTo(new[] { "confidential" }));
        Assert.That(Rules.Decide(outside).Verdict, Is.EqualTo(PolicyVerdict.Allow));
        PolicyDecision denied = Rules.Decide(outside with { History = [past] });
        Assert.That((denied.Verdict, denied.Rule, denied.Reason),
            Is.EqualTo((PolicyVerdict.Deny, "nothing-leaves", "Confidential data stays here.")));
        Assert.That(Rules.Decide(inside with { History = [past] }).Verdict, Is.EqualTo(PolicyVerdict.Allow));
    }

    [Test]
    public void TestsBeforeDeploy_AndDeploysAreAskedAbout()
    {
        ActionContext deploy =
            Call("deploy") with { BudgetLeft = Enough, Labels = new Dictionary<string, string> { ["env"] = "prod" } };
        PastCall write = Past("edit_file", ToolEffect.Idempotent, 10);

        Assert.That(Rules.Decide(deploy).Rule, Is.EqualTo("tests-before-deploy"));
        Assert.That(Rules.Decide(deploy with { History = [Past("run_tests", minutesAgo: 12), write] }).Rule,
            Is.EqualTo("tests-before-deploy"));
        PolicyDecision asked = Rules.Decide(deploy with { History = [write, Past("run_tests", minutesAgo: 5)] });
        Assert.That((asked.Verdict, asked.Rule), Is.EqualTo((PolicyVerdict.Ask, "deploys")));
        ApprovalTerms terms = asked.Approval!;
        Assert.That((terms.Roles.Single(), terms.Count, terms.NotRequester), Is.EqualTo(("lead", 2, true)));
        Assert.That(
            (terms.Expires, terms.Remind, terms.EscalateAfter, terms.EscalateTo.Single()),
            Is.EqualTo((TimeSpan.FromHours(4), TimeSpan.FromMinutes(30), TimeSpan.FromHours(1), "head")));
        Assert.That(Rules.RiskOf(deploy), Is.EqualTo(RiskLevel.High));
    }

    [Test]
    public void TwentyWritesAnHour_AndNoMore()
    {
        ActionContext write = Call("write_file", ToolEffect.Idempotent) with { BudgetLeft = Enough, Reach = ToolReach.Workspace };
        PastCall[] nineteen = [.. Enumerable.Range(1, 19).Select(static i => Past("write_file", ToolEffect.Idempotent, i))];

        Assert.That(Rules.Decide(write with { History = [Past("write_file", ToolEffect.Idempotent, 61), .. nineteen] }).Verdict,
            Is.EqualTo(PolicyVerdict.Allow));
        Assert.That(Rules.Decide(write with { History = [Past("pay", ToolEffect.NotIdempotent, 59), .. nineteen] }).Rule,
            Is.EqualTo("twenty-writes-an-hour"));
    }

    [TestCase(80, 50)]
    [TestCase(20, 20)]
    public void Capped_PaysAtMostItsBound(int amount, int paid)
    {
        PolicyDecision decision =
            Rules.Decide(Call("pay", arguments: $$"""{"to":"bob","amount":{{amount}}}""") with { BudgetLeft = Enough });

        Assert.That((decision.Verdict, decision.Rule), Is.EqualTo((PolicyVerdict.Allow, "capped")));
        Assert.That(decision.Arguments?.GetProperty("amount").GetInt32() ?? amount, Is.EqualTo(paid));
    }

    [Test]
    public void NearlyGone_NothingThatCannotBeMendedIsBegun()
    {
        PolicyDecision decision =
            Rules.Decide(Call("pay", arguments: """{"amount":1}""") with { BudgetLeft = new Budget { Usd = 0.4m } });

        Assert.That((decision.Verdict, decision.Rule), Is.EqualTo((PolicyVerdict.Deny, "nearly-gone")),
            "a denial wins wherever it stands");
    }

    [Test]
    public void Defaults_AsTheTableSays()
    {
        IReadOnlyList<string[]> rows = SecurityDocument.Table("tools");
        string defaults = SecurityDocument.Span("defaults: ");
        (Policy Policy, int Column)[] columns =
        [
            (PolicySource.Load(Path.Combine(Repository.Root,
                DefaultPolicy().Match(SecurityDocument.Text).Groups[1].Value), []), 1),
            (Policy("rules: [{name: other, when: {tool: other}, then: deny, reason: no}]"), 2),
            (Policy(defaults), 3),
        ];
        (ToolReach Reach, bool IsOfCaller)[] reaches =
            [(ToolReach.Runtime, false), (ToolReach.Workspace, false), (ToolReach.Outside, true), (ToolReach.Outside, false)];
        Assert.That(rows, Has.Count.EqualTo(reaches.Length));
        foreach ((Policy policy, int column) in columns)
        {
            foreach ((int row, (ToolReach reach, bool isOfCaller)) in reaches.Index())
            {
                foreach (ToolEffect effect in Enum.GetValues<ToolEffect>())
                {
                    PolicyVerdict verdict =
                        policy.Decide(Call("x", effect) with { Reach = reach, IsClientTool = isOfCaller }).Verdict;
                    PolicyVerdict said = Said(rows[row][column], effect);
                    Assert.That(verdict, Is.EqualTo(said), $"{rows[row][0]}, {rows[row][column]}, {effect}");
                }
            }
        }
    }

    [Test]
    public void UnknownOutcomes_AreAskedAbout()
    {
        Policy policy = Policy(SecurityDocument.Span("unknownOutcomes: "));

        UnknownOutcomeRule rule = policy.AskAbout(Call("pay"))!;

        Assert.That((rule.Name, rule.Terms!.Roles.Single()), Is.EqualTo(("payments", "lead")));
        Assert.That(policy.AskAbout(Call("other")), Is.Null);
    }

    // By effect is what the example of 'defaults' says: none allow, the others ask.
    private static PolicyVerdict Said(string cell, ToolEffect effect) =>
        cell.StartsWith("allow", StringComparison.Ordinal)
            || (effect == ToolEffect.None && (cell.Contains("`none` allow", StringComparison.Ordinal) || cell == "by effect"))
            ? PolicyVerdict.Allow : PolicyVerdict.Ask;

    [System.Text.RegularExpressions.GeneratedRegex(@"\(\.\./(src/[^)]*default\.yaml)\)")]
    private static partial System.Text.RegularExpressions.Regex DefaultPolicy();
}
