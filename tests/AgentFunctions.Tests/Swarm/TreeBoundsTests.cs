using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

[CancelAfter(300_000)]
internal sealed class TreeBoundsTests
{
    private static readonly AgentTool Hang = AgentTool.Create(
        "hang", "Waits for ever.", ToolEffect.None, static (CancellationToken token) => Task.Delay(Timeout.Infinite, token));

    [Test]
    public async Task Child_PassesItsTime_IsEndedWithItsPartialResultAndTheTreeGoesOn()
    {
        await using RunHost host = await StartAsync(
            Delegation.Kimi,
            request => request.Turn switch { 0 => Create(), 1 => Assign("slow", "quick"), _ => ChatReply.Say("done") },
            request => GoalOf(request) == "slow"
                ? ChatReply.Call("hang", new { }) with { Text = "half of it" }
                : ChatReply.Say("all of it"),
            [Hang],
            bounds => bounds.MaxDuration = TimeSpan.FromSeconds(40));

        Run run = await host.RunAsync();

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, "done")));
        Assert.That(host.LeadResults(2)[0], Does.Contain("budgetExhausted").And.Contain("time").And.Contain("half of it"));
        Assert.That(host.LeadResults(2)[1], Is.EqualTo("all of it"));
        Assert.That(await host.AliveAsync(), Is.Empty);
    }

    [Test]
    public async Task Result_LongerThanTheBound_IsCutAndNamesTheWhole()
    {
        await using RunHost host = await StartAsync(
            Delegation.Kimi,
            request => request.Turn switch
            {
                0 => Create(),
                1 => Assign("tell"),
                2 => ChatReply.Call("recall", new { artifact = "answer-2-0.txt", offset = 3_000 }),
                _ => ChatReply.Say("done"),
            },
            _ => ChatReply.Say($"{new string('ä', 4_000)}the end"),
            options: bounds => bounds.MaxResultBytes = 500);

        Run run = await host.RunAsync();

        string shown = host.LeadResults(2)[0];
        Assert.That(System.Text.Encoding.UTF8.GetByteCount(shown), Is.LessThanOrEqualTo(500));
        Assert.That(shown, Does.StartWith("ää").And.Contain($"transcript of run {run.Id}.2-0"));
        Assert.That(host.LeadResults(3)[0], Does.StartWith("ää").And.Contain("the end\n"), "the lead can read the rest");
        Assert.That((await host.Reader.GetAsync(run.Id + ".2-0")).Result!.Text, Has.Length.EqualTo(4_007));
    }

    [Test]
    public async Task Spawn_WithPriorities_TheUrgentStartFirstAndNeverBeforeTheirLeadsOwn()
    {
        await using RunHost host = await StartAsync(
            Delegation.Native,
            request => request.Turn switch
            {
                0 => new ChatReply
                {
                    Calls =
                    [
                        .. new[] { "low", "normal", "high" }.Select(
                            static priority => ChatReplyCall.Of("spawn",
                                new { items = new[] { priority }, template = "Be {item}", priority })),
                    ],
                },
                1 => ChatReply.Call("wait", new { }),
                _ => ChatReply.Say("done"),
            },
            _ => ChatReply.Say("been"),
            options: bounds => bounds.MaxConcurrent = 1);

        Run run = await host.RunAsync(request: new() { Priority = RunPriority.High });
        Run plain = await host.RunAsync();

        string[] order = [.. host.Model.Requests.Where(request => !IsLead(request)).Select(GoalOf)];
        Assert.That(order[..3], Is.EqualTo(new[] { "Be high", "Be normal", "Be low" }));
        RunStore runs = host.Get<RunStore>();
        Assert.That((await runs.GetAsync(run.Id + ".1-2-0")).Priority, Is.EqualTo(RunPriority.High));
        Assert.That((await runs.GetAsync(plain.Id + ".1-2-0")).Priority, Is.EqualTo(RunPriority.Normal),
            "never more urgent than its lead");
        Assert.That(order[3..], Is.EqualTo(new[] { "Be normal", "Be high", "Be low" }));
    }

    [Test]
    public async Task Spawn_WithWeights_SplitsTheBudgetByThem()
    {
        await using RunHost host = await StartAsync(
            Delegation.Native,
            request => request.Turn switch
            {
                0 => new ChatReply
                {
                    Calls =
                    [
                        ChatReplyCall.Of("spawn", new { items = new[] { "heavy" }, template = "Work", weight = 3 }),
                        ChatReplyCall.Of("spawn", new { items = new[] { "light" }, template = "Work", weight = 1 }),
                    ],
                },
                1 => ChatReply.Call("wait", new { }),
                _ => ChatReply.Say("done"),
            },
            _ => ChatReply.Say("worked"),
            options: bounds => bounds.MaxSteps = 1_000);

        Run run = await host.RunAsync(request: new() { Budget = new Budget { Steps = 83, Tokens = 800_000 } });

        Budget heavy = (await host.Reader.GetAsync(run.Id + ".1-0-0")).Budget!.Granted;
        Budget light = (await host.Reader.GetAsync(run.Id + ".1-1-0")).Budget!.Granted;
        // 80 steps are left after the first turn: half of them for those that the lead does not wait for.
        Assert.That((heavy.Steps, light.Steps), Is.EqualTo((30, 10)));
        Assert.That((double)heavy.Tokens! / light.Tokens!.Value, Is.EqualTo(3).Within(0.01));
    }

    [Test]
    public async Task ResumeAndFork_OfASubAgent_GiveItNothingThatItsTreeLacks()
    {
        await using RunHost host = await StartAsync(
            Delegation.Kimi,
            request => request.Turn switch { 0 => Create(), 1 => Assign("fail"), _ => ChatReply.Say("done") },
            _ => ChatReply.Error(401, "no such key", "invalid_api_key"));
        Run run = await host.RunAsync(request: new() { Budget = new Budget { Steps = 50 } });
        string child = run.Id + ".2-0";

        Assert.That(
            () => host.Steering.ResumeAsync(child),
            Throws.TypeOf<AgentException>().With.Property("Code")
                .EqualTo(ErrorCode.RunStateForbids).And.Message.Contains(run.Id));
        Assert.That(
            () => host.Get<RunForking>().ForkAsync(child, new ForkRequest { Turn = 0 }),
            Throws.TypeOf<AgentException>().With.Property("Code")
                .EqualTo(ErrorCode.RunStateForbids).And.Message.Contains("went back to its lead"));
    }

    [Test]
    public async Task HandOffs_DownToTheLastLevel_NeverPassTheTreesBounds()
    {
        // Everybody hands all of its work to two others of the same kind, as long as anybody may.
        int most = 0;
        RunHost? started = null;
        ChatReply Counted(ChatRequest request) => Halve(request) with
        {
            Before = async _ =>
            {
                if (started is not null)
                {
                    AwaitedChildrenTests.InterlockedMax(ref most,
                        (await started.AliveAsync()).Count(static state => state.InstanceId.Contains('.')));
                }
            },
        };
        await using RunHost host = started = await StartAsync(
            Delegation.Native, Halve, Counted,
            options: bounds => (bounds.MaxSubAgents, bounds.MaxDepth, bounds.MaxConcurrent) = (12, 10, 4));

        Run run = await host.RunAsync(request: new() { Budget = new Budget { Steps = 200 } });

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        string[] ids = [.. (await host.AllAsync()).Select(state => state.InstanceId)];
        Assert.That(ids, Has.Length.LessThanOrEqualTo(13));
        Assert.That(run.SubAgents.Total, Is.EqualTo(ids.Length - 1));
        Assert.That(most, Is.InRange(2, 4), "at work at a time, on all levels together");
        Assert.That(run.Steps, Is.LessThanOrEqualTo(200));
        Assert.That(await host.AliveAsync(), Is.Empty);
    }

    private static ChatReply Halve(ChatRequest request) => request.Turn switch
    {
        0 when request.Tools.Contains("spawn") =>
            ChatReply.Call("spawn", new { items = new[] { "left", "right" }, template = $"{GoalOf(request)} {{item}}" }),
        1 when request.Tools.Contains("wait") => ChatReply.Call("wait", new { }),
        _ => ChatReply.Say("handed on"),
    };
}
