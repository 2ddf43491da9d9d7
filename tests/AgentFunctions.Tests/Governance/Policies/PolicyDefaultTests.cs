using System.Text.Json;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;
using static AgentFunctions.Tests.Governance.Policies.Actions;

namespace AgentFunctions.Tests.Governance.Policies;

/// <summary>What holds where no rule matches, by how far the tool's effects reach.</summary>
public sealed class PolicyDefaultTests
{
    private const string OneRule = "rules: [{name: other, when: {tool: other}, then: deny, reason: no}]";

    [Test]
    public void Decide_NoRuleMatches_TheFirstPolicyFileLeavesTheToolsOfWorkspaceAndRuntimeAsTheyWere(
        [Values] ToolEffect effect, [Values(ToolReach.Workspace, ToolReach.Runtime)] ToolReach reach) =>
        Assert.That(Policy(OneRule).Decide(Call("x", effect) with { Reach = reach }).Verdict, Is.EqualTo(PolicyVerdict.Allow));

    [Test]
    public void Decide_DefaultsAreWritten_TheyHoldForTheWorkspaceToolsToo()
    {
        Policy policy = Policy("defaults: {idempotent: ask, none: ask}");

        Assert.That(policy.Decide(Call("write", ToolEffect.Idempotent) with { Reach = ToolReach.Workspace }).Verdict,
            Is.EqualTo(PolicyVerdict.Ask));
        Assert.That(policy.Decide(Call("update_plan", ToolEffect.None) with { Reach = ToolReach.Runtime }).Verdict,
            Is.EqualTo(PolicyVerdict.Allow));
    }

    [Test]
    public void DecideByTool_APolicyWithoutRules_DecidesAsAboutACall(
        [Values] ToolEffect effect, [Values] ToolReach reach, [Values] bool asksPerson,
        [Values("defaults: {idempotent: ask, none: deny}", "rules: []")] string yaml)
    {
        Policy policy = Policy(yaml);
        AgentTool tool = new AgentTool(AgentTool.CreateFunction("look", "Looks.", static (int amount) => amount), effect)
        {
            AsksPerson = asksPerson,
        }.WithReach(reach);

        PolicyDecision byCall = policy.Decide(Call("look", effect).Of(tool, null));

        Assert.That(policy.ReadsCalls, Is.False);
        Assert.That(JsonSerializer.Serialize(policy.DecideByTool(tool, effect)), Is.EqualTo(JsonSerializer.Serialize(byCall)));
    }

    [TestCase("when: {agent: worker}, then: ask", PolicyVerdict.Allow)]
    [TestCase("when: {effect: none}, then: ask", PolicyVerdict.Allow)]
    [TestCase("when: {tool: spawn}, then: ask", PolicyVerdict.Ask)]
    [TestCase("when: {agent: worker}, then: deny, reason: no", PolicyVerdict.Deny)]
    public void Decide_TheRuntimesOwnTools_AreAskedAboutOnlyWhereARuleNamesThem(string rule, PolicyVerdict verdict) =>
        Assert.That(
            Policy($"rules: [{{name: rule, {rule}}}]")
                .Decide(Call("spawn", ToolEffect.None) with { Reach = ToolReach.Runtime }).Verdict,
            Is.EqualTo(verdict));
}
