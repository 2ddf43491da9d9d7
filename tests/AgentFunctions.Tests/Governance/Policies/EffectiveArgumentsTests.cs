using System.Text.Json;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Tools;
using static AgentFunctions.Tests.Governance.Policies.Actions;

namespace AgentFunctions.Tests.Governance.Policies;

/// <summary>A policy judges what the tool will do: defaults, forms of numbers, and what cannot be told.</summary>
public sealed class EffectiveArgumentsTests
{
    [TestCase("""{}""", true)]
    [TestCase("""{"amount": 500}""", true)]
    [TestCase("""{"amount": 5e2}""", true)]
    [TestCase("""{"amount": "500.0"}""", true)]
    [TestCase("""{"amount": 50}""", false)]
    public void Decide_ADefaultThatIsLeftOut_IsJudgedAsWritten(string arguments, bool denied)
    {
        AgentTool pay = AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, (double amount = 500) => amount);

        Assert.That(Denies("amount: {above: 100}", pay, arguments), Is.EqualTo(denied));
    }

    [TestCase("is: 5", "5.0", true)]
    [TestCase("is: '5.0'", "5", true)]
    [TestCase("is: 5", "5e0", true)]
    [TestCase("is: 5", "50", false)]
    [TestCase("not: 5", "5.00", false)]
    [TestCase("is: '1000000'", "1e6", true)]
    [TestCase("above: 4", "5e0", true)]
    public void Decide_FormsOfANumber_AreOneNumber(string condition, string number, bool holds) => Assert.That(
        Policy($"rules: [{{name: rule, when: {{arguments: {{n: {{{condition}}}}}}}, then: deny, reason: no}}]")
            .Decide(Call("x", arguments: $$"""{"n":{{number}}}""")).Rule == "rule",
        Is.EqualTo(holds));

    // What the tool does with a value that is left out, or that is of another kind, nobody can tell.
    [TestCase("path: {under: secrets}", """{}""", true)]
    [TestCase("path: {under: secrets}", """{"path": "docs"}""", false)]
    [TestCase("path: {under: secrets}", """{"path": "../ws/secrets"}""", true)]
    [TestCase("limit: {above: 10}", """{"limit": "many"}""", true)]
    [TestCase("other: {above: 10}", """{}""", false)]
    [TestCase("options.depth: {above: 3}", """{"options": {}}""", true)]
    [TestCase("options.depth: {above: 3}", """{"options": {"depth": 2}}""", false)]
    [TestCase("known: {above: 3}", """{}""", false)]
    public void Decide_AValueThatCannotBeTold_IsForbiddenByARuleThatForbids(string condition, string arguments, bool denied)
    {
        const string Schema = """
            {"type": "object", "properties": {
              "path": {"type": "string"}, "limit": {}, "known": {"type": "number", "default": 2},
              "options": {"$ref": "#/$defs/options"}},
             "$defs": {"options": {"type": "object", "properties": {"depth": {"type": "integer"}}}}}
            """;
        ActionContext action = Call("mcp__files__find", arguments: arguments) with { Schema = JsonElement.Parse(Schema) };

        Assert.That(Deny(condition).Decide(action).Verdict == PolicyVerdict.Deny, Is.EqualTo(denied));
        Assert.That(
            Policy($"rules: [{{name: rule, when: {{arguments: {{{condition}}}}}, then: allow}}]").Decide(action).Rule,
            Is.Not.EqualTo("rule"), "a rule that allows does not guess");
    }

    [Test]
    public void Decide_AMemberThatStandsTwice_IsJudgedByBoth() =>
        Assert.That(Deny("to.mail: {is: 'x@evil.example'}")
            .Decide(Call("x", arguments: """{"to":{"mail":"x@evil.example","mail":"a@b.example"}}""")).Rule, Is.EqualTo("rule"));

    [Test]
    public void Decide_AChange_KeepsTheRestAsTheModelWroteIt()
    {
        AgentTool pay = AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent,
            (double amount = 500, string note = "x") => amount);
        PolicyDecision decision = Policy("rules: [{name: cap, when: {tool: pay}, then: allow, atMost: {amount: 50}}]")
            .Decide(Call("pay", arguments: "{}").Of(pay, null));

        Assert.That(decision.Arguments!.Value.GetRawText(), Is.EqualTo("""{"amount":50}"""));
    }

    private static Policy Deny(string condition) =>
        Policy($"rules: [{{name: rule, when: {{arguments: {{{condition}}}}}, then: deny, reason: no}}]");

    private static bool Denies(string condition, AgentTool tool, string arguments) =>
        Deny(condition).Decide(Call(tool.Name, tool.Effect, arguments).Of(tool, null)).Rule == "rule";
}
