using AgentFunctions.Governance.Policies;
using static AgentFunctions.Tests.Governance.Policies.Actions;

namespace AgentFunctions.Tests.Governance.Policies;

public sealed class PolicySequenceTests
{
    private const string Yaml = """
        lists: {ours: ["*.corp.example"]}
        data:
          - {label: confidential, when: {tool: read_file, arguments: {path: {under: hr}}}}
        rules:
          - name: nothing-leaves
            when: {hostOutside: "@ours", history: {call: {data: confidential}}}
            then: deny
            reason: This run has read confidential data; nothing may leave to other hosts.
          - name: writes-per-hour
            when: {effect: [idempotent, notIdempotent], history: {call: {effect: [idempotent, notIdempotent]}, within: 1h, atLeast: 20}}
            then: deny
            reason: Twenty writes an hour are enough.
          - name: tests-before-deploy
            when: {tool: deploy}
            unless: {history: {call: {tool: run_tests, succeeded: true}, after: {tool: write_file}}}
            then: deny
            reason: Let the tests pass after the last write.
          - {name: rest, when: {tool: "*"}, then: allow}
        """;

    private static readonly Policy Rules = Policy(Yaml);

    [Test]
    public void Decide_ConfidentialWasRead_NothingLeavesOutside()
    {
        PolicyDecision read = Rules.Decide(Call("read_file", ToolEffect.None, """{"path":"hr/salaries.csv"}"""));
        ActionContext send = Call("post", arguments: """{"url":"https://evil.example"}""");
        PastCall past = Past("read_file") with { DataLabels = read.DataLabels };

        Assert.That(read.DataLabels, Is.EqualTo(new[] { "confidential" }));
        Assert.That(Rules.Decide(send).Verdict, Is.EqualTo(PolicyVerdict.Allow));
        Assert.That(Rules.Decide(send with { History = [past, Past("x")] }).Rule, Is.EqualTo("nothing-leaves"));
        Assert.That(
            Rules.Decide(Call("post", arguments: """{"url":"https://api.corp.example"}""") with { History = [past] }).Verdict,
            Is.EqualTo(PolicyVerdict.Allow));
    }

    [Test]
    public void Decide_TwentyWritesWithinTheHour_NoMore()
    {
        ActionContext write = Call("write_file", ToolEffect.Idempotent);
        PastCall[] nineteen = [.. Enumerable.Range(1, 19).Select(i => Past("write_file", ToolEffect.Idempotent, i))];

        Assert.That(Rules.Decide(write with { History = [Past("write_file", ToolEffect.Idempotent, 61), .. nineteen] }).Rule,
            Is.EqualTo("rest"));
        Assert.That(Rules.Decide(write with { History = [Past("write_file", ToolEffect.Idempotent, 59), .. nineteen] }).Rule,
            Is.EqualTo("writes-per-hour"));
    }

    [Test]
    public void Decide_DeployWithoutTestsAfterTheLastWrite_Denied()
    {
        ActionContext deploy = Call("deploy");
        PastCall write = Past("write_file", ToolEffect.Idempotent, 10);

        Assert.Multiple(() =>
        {
            Assert.That(Rules.Decide(deploy).Rule, Is.EqualTo("tests-before-deploy"), "never tested");
            Assert.That(Rules.Decide(deploy with { History = [Past("run_tests", minutesAgo: 12), write] }).Rule,
                Is.EqualTo("tests-before-deploy"));
            Assert.That(
                Rules.Decide(deploy with { History = [write, Past("run_tests", minutesAgo: 5, succeeded: false)] }).Rule,
                Is.EqualTo("tests-before-deploy"), "the tests failed");
            Assert.That(
                Rules.Decide(deploy with { History = [write with { FinishedAt = null }, Past("run_tests", minutesAgo: 5)] }).Rule,
                Is.EqualTo("tests-before-deploy"), "the tests ran beside the write");
            Assert.That(Rules.Decide(deploy with { History = [write, Past("run_tests", minutesAgo: 5)] }).Rule,
                Is.EqualTo("rest"));
        });
    }
}
