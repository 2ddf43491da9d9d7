using AgentFunctions.Governance.Policies;

namespace AgentFunctions.Tests.Governance.Policies;

public sealed class PolicyFileTests
{
    [TestCase("[")]
    [TestCase("{a: ")]
    public void Parse_ValuesNestedTooDeep_IsRefusedWithTheLine(string opening)
    {
        string text = "rules:\n  - name: deep\n    when: " + string.Concat(Enumerable.Repeat(opening, 100_000));

        Assert.That(() => PolicyFile.Parse(text, "p.yaml"),
            Throws.InstanceOf<AgentException>().With.Message.StartsWith("p.yaml:3: values are nested too deep"));
    }

    [TestCase("rules:\n  - name: a\n    when: {tol: x}\n    then: allow", "p.yaml:3", "tool")]
    [TestCase("rules:\n  - name: a\n    when: {tool: x}\n    then: permit", "p.yaml:4", "allow, deny, ask")]
    [TestCase("rules:\n  - when: {tool: x}\n    then: allow", "p.yaml:2", "name")]
    [TestCase("rules:\n  - name: a\n    then: allow", "p.yaml:2", "when")]
    [TestCase("rules:\n  - name: a\n    when: {}\n    then: allow", "p.yaml:3", "condition")]
    [TestCase("rules:\n  - name: a\n    when: {tool: x}\n    then: deny", "p.yaml:2", "reason")]
    [TestCase("rules:\n  - name: a\n    when: {tool: x}\n    then: deny\n    reason: r\n    approval: {count: 2}", "p.yaml:6",
        "then: ask")]
    [TestCase("rules:\n  - name: a\n    when: {tool: '@none'}\n    then: allow", "p.yaml:3", "lists")]
    [TestCase("rules:\n  - name: a\n    when: {goal: '(?<!x)y'}\n    then: allow", "p.yaml:3", "look-around")]
    [TestCase("rules:\n  - name: a\n    when: {tool: []}\n    then: allow", "p.yaml:3", "at least one")]
    [TestCase("rules:\n  - name: a\n    when:\n      tool:\n    then: allow", "p.yaml:4", "value")]
    [TestCase("rules:\n  - name: a\n    when: {time: {zone: Mars/Olympus}}\n    then: allow", "p.yaml:3", "Europe/Berlin")]
    [TestCase("rules:\n  - name: a\n    when: {history: {within: soon, call: {}}}\n    then: allow", "p.yaml:3", "90s")]
    [TestCase("unknownOutcomes:\n  - name: a\n    when: {tool: x}", "p.yaml:2", "ask or tell")]
    [TestCase("unknownOutcomes:\n  - name: a\n    when: {tool: x}\n    then: tell\n    approval: {count: 2}", "p.yaml:5",
        "then: ask")]
    [TestCase("unknownOutcomes:\n  - name: a\n    when: {history: {call: {tool: x}}}\n    then: ask", "p.yaml:3",
        "the call itself")]
    [TestCase("unknownOutcomes:\n  - name: a\n    when: {planStep: pay}\n    then: ask", "p.yaml:3", "the call itself")]
    [TestCase("rules:\n  - name: a\n    when: {tool: x}\n    then: allow\n    atMost: {order.amount: 50}", "p.yaml:5",
        "then: deny")]
    [TestCase("rules:\n  - name: a\n    when: {tool: x}\n    then: allow\n    set: {'*': 50}", "p.yaml:5", "then: deny")]
    [TestCase("rule: []", "p.yaml:1", "rules")]
    [TestCase("a: &x [1]\nb: *x", "p.yaml:2", "aliases")]
    [TestCase("rules: [", "p.yaml:", "YAML")]
    [TestCase("- x", "p.yaml:1", "rules:")]
    public void Parse_Broken_NamesLineAndRemedy(string text, string place, string remedy)
    {
        AgentException error = Assert.Throws<AgentException>(() => PolicyFile.Parse(text, "p.yaml"))!;

        Assert.That(error.Code, Is.EqualTo(ErrorCode.InvalidInput));
        Assert.That(error.Message, Does.StartWith(place).And.Contain(remedy));
    }

    [Test]
    public void Load_TwoRulesOfOneName_Refused()
    {
        Assert.That(
            () => Actions.Policy("rules: [{name: a, when: {tool: x}, then: allow}, {name: a, when: {tool: y}, then: ask}]"),
            Throws.TypeOf<AgentException>().With.Message.Contains("'a'"));
    }
}
