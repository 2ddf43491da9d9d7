using AgentFunctions.Governance.Policies;
using static AgentFunctions.Tests.Governance.Policies.Actions;

namespace AgentFunctions.Tests.Governance.Policies;

/// <summary>Of several values one that fits is enough to restrict; to free, all must fit.</summary>
public sealed class PolicyValuesTests
{
    private const string To = "arguments: {to: {is: '*@corp.example'}}";

    private const string Amounts = "arguments: {payments.*.amount: {below: 101}}";

    [TestCase(To, """{"to":["a@corp.example","b@corp.example"]}""", true)]
    [TestCase(To, """{"to":["a@corp.example","x@evil.example"]}""", false)]
    [TestCase(To, """{"to":[["a@corp.example"],["x@evil.example"]]}""", false)]
    [TestCase(To, """{"to":["a@corp.example",null]}""", false)]
    [TestCase(To, """{"to":[]}""", false)]
    [TestCase(To, """{}""", false)]
    [TestCase(Amounts, """{"payments":[{"amount":1},{"amount":100}]}""", true)]
    [TestCase(Amounts, """{"payments":[{"amount":1},{"amount":500}]}""", false)]
    [TestCase(Amounts, """{"payments":[{"amount":1},{}]}""", false)]
    [TestCase(Amounts, """{"payments":[{"amount":1},500]}""", false)]
    [TestCase(Amounts, """{"payments":[{"amount":1,"amount":500}]}""", false)]
    [TestCase(Amounts, """{"payments":[]}""", false)]
    [TestCase("arguments: {to: {not: '*@evil.example'}}", """{"to":["a@corp.example","x@evil.example"]}""", false)]
    [TestCase("arguments: {to.mail: {not: '*@evil.example'}}", """{"to":[{"mail":"a@corp.example"},{}]}""", true)]
    [TestCase("arguments: {to: {exists: true}}", """{"to":["a@corp.example","x@evil.example"]}""", true)]
    [TestCase("arguments: {path: {under: src}}", """{"path":["src/a.cs","hr/list.txt"]}""", false)]
    [TestCase("host: '*.corp.example'", """{"url":"https://a.corp.example/x"}""", true)]
    [TestCase("host: '*.corp.example'", """{"url":"https://a.corp.example/x","copy":"https://evil.example"}""", false)]
    [TestCase("host: '*.corp.example'", """{}""", false)]
    [TestCase("hostOutside: '*.corp.example'", """{"url":"https://evil.example"}""", true)]
    [TestCase("hostOutside: '*.corp.example'", """{"url":["https://evil.example","https://a.corp.example"]}""", false)]
    public void Decide_ARuleFrees_OnlyIfAllValuesFit(string condition, string arguments, bool fits)
    {
        ActionContext call = Call("x", arguments: arguments);

        Assert.Multiple(() =>
        {
            Assert.That(Policy($"rules: [{{name: ours, when: {{{condition}}}, then: allow}}]").Decide(call).Rule == "ours",
                Is.EqualTo(fits));
            Assert.That(
                Policy($"rules: [{{name: no, when: {{tool: x}}, unless: {{{condition}}}, then: deny, reason: no}}]")
                    .Decide(call).Rule == "no",
                Is.EqualTo(!fits));
        });
    }

    [TestCase(To)]
    [TestCase("host: '*.example'")]
    public void Decide_ARuleRestricts_IfOneValueFits(string condition)
    {
        ActionContext call = Call("x", arguments: """{"to":["a@corp.example","x@evil.test"]}""");

        Assert.Multiple(() =>
        {
            Assert.That(Policy($"rules: [{{name: no, when: {{{condition}}}, then: deny, reason: no}}]").Decide(call).Rule,
                Is.EqualTo("no"));
            Assert.That(
                Policy($"rules: [{{name: all, when: {{tool: x}}, unless: {{{condition}}}, then: allow}}]").Decide(call).Rule,
                Is.Not.EqualTo("all"));
        });
    }
}
