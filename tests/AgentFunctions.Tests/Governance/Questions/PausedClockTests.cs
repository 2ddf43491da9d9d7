using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.Swarm;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Governance.Questions;

/// <summary>
/// The time of a run stands still while it can do nothing but wait for answers. Each history is replayed at the end.
/// </summary>
[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class PausedClockTests : IDisposable
{
    private static readonly string[] OneItem = ["a"];

    private readonly TemporaryFolder _folder = new();
    private readonly VirtualTime _time = new(new DateTimeOffset(2026, 5, 4, 8, 0, 0, TimeSpan.Zero));

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task Asked_LongerThanTheRunMayTake_GoesOnWithTheTimeThatWasLeft(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(request => request.Turn == 0 ? Ask() : ChatReply.Say("done"), pauses: true);
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, cancellationToken);
        await PassAsync(host, run.Id, 3, cancellationToken);
        await host.RestartAsync();
        Run waiting = await PassAsync(host, run.Id, 3, cancellationToken);
        await host.Steering.GrantAsync(run.Id, new Budget { WallClock = TimeSpan.FromHours(1) },
            cancellationToken: cancellationToken);

        await AnswerAsync(host, asked, cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result?.Text, Is.EqualTo("done"));
        Assert.That(waiting.Budget!.Spent.WallClock, Is.LessThan(TimeSpan.FromMinutes(1)));
        Assert.That(run.Budget!.Spent.WallClock, Is.LessThan(TimeSpan.FromMinutes(1)));
        Assert.That(run.Budget.Granted.WallClock, Is.EqualTo(TimeSpan.FromHours(2)));
    }

    [Test]
    public async Task Answered_TimeThatWasLeftRunsOut_EndsTheRun(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(
            request => request.Turn == 0 ? Ask() : request.Turn == 1 ? ChatReply.Call("pay", new { }) : ChatReply.Say("done"),
            pauses: true);
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, cancellationToken);
        await PassAsync(host, run.Id, 3, cancellationToken);
        await AnswerAsync(host, asked, cancellationToken);
        await host.UntilAsync(run.Id, static run => run.WaitingFor?.Kind == "approval", cancellationToken);

        run = await EndAsync(host, run.Id, cancellationToken);

        Assert.That((run.Status, run.Error?.Code), Is.EqualTo((RunStatus.BudgetExhausted, nameof(ErrorCode.TimeLimitReached))));
    }

    [TestCase(false, "ask_person", TestName = "Asked_WhereTheAgentDoesNotSaySo_TimeCounts")]
    [TestCase(true, "pay", TestName = "Asked_BesideAnApproval_TimeCounts")]
    public async Task Asked_TimeCounts(bool pauses, string beside, CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(
            request => request.Turn == 0
                ? new ChatReply
                {
                    Calls = [new ChatReplyCall("c0", "ask_person", """{"question":"Which?"}"""),
                    new ChatReplyCall("c1", beside, """{"question":"What?"}""")]
                }
                : ChatReply.Say("done"),
            pauses);
        Run run = await host.SubmitAsync();
        await host.UntilAsync(run.Id, static run => run.Waits.Count == 2, cancellationToken);

        run = await EndAsync(host, run.Id, cancellationToken);

        Assert.That(run.Status, Is.EqualTo(RunStatus.BudgetExhausted));
    }

    [Test]
    public async Task Asked_BySubAgent_ItsLeadDoesNotGiveItUp(CancellationToken cancellationToken)
    {
        await using RunHost host = await RunHost.StartAsync(
            services => services.AddSingleton<TimeProvider>(_time)
                .ConfigureSwarm(static options => options.StepTimeout = TimeSpan.FromDays(1)),
            request => SwarmScene.IsLead(request)
                ? request.Turn switch
                {
                    0 => ChatReply.Call("spawn", new { items = OneItem, template = "Paint {item}." }),
                    _ when request.Results[^1].Contains("painted", StringComparison.Ordinal) =>
                        ChatReply.Say(request.Results[^1]),
                    _ when request.Results[^1].Contains("1 completed", StringComparison.Ordinal) =>
                        ChatReply.Call("results", new { }),
                    < 6 => ChatReply.Call("wait", new { }),
                    _ => ChatReply.Say(request.Results[^1]),
                }
                : request.Turn == 0 ? Ask() : ChatReply.Say("painted"),
            [],
            agent => agent.WithTools("ask_person").WithDelegation(Delegation.Native).WithPausedClock());
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, cancellationToken);
        await host.UntilAsync(run.Id, static lead => lead.WaitingFor?.Kind == "subAgents", cancellationToken);
        await PassAsync(host, asked.RunId, 5, cancellationToken);

        await AnswerAsync(host, asked, cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result?.Text, Does.Contain("painted"));
    }

    private static ChatReply Ask() => ChatReply.Call("ask_person", new { question = "Which?" });

    private static Task AnswerAsync(RunHost host, Question asked, CancellationToken cancellationToken) =>
        host.Get<QuestionService>().AnswerAsync(
        asked.Id, new Caller("user:bo") { Roles = ["approver"] }, JsonElement.Parse("""{"answer":"this"}"""), cancellationToken);

    private static Task<Question> PendingAsync(RunHost host, CancellationToken cancellationToken) => Poll.ForAsync(
        async () =>
        {
            Question? asked = (await host.Get<QuestionService>()
                .ListPendingAsync(null, cancellationToken)).SingleOrDefault(static question => question.Reminders > 0);
            return asked is not null && (await host.Reader.GetAsync(asked.RunId, cancellationToken)).Status == RunStatus.Waiting
                ? asked
                : null;
        },
        cancellationToken);

    /// <summary>Lets time pass while the run waits, until it has ended.</summary>
    private Task<Run> EndAsync(RunHost host, string runId, CancellationToken cancellationToken) =>
        host.Reader.WaitForEndAsync(runId, cancellationToken)
        .WhileAsync(async () =>
        {
            if ((await host.Reader.GetAsync(runId, cancellationToken)).Status == RunStatus.Waiting)
            {
                _time.Advance(TimeSpan.FromMinutes(30));
            }
        });

    /// <summary>Lets hours pass while the run waits.</summary>
    private async Task<Run> PassAsync(RunHost host, string runId, int hours, CancellationToken cancellationToken)
    {
        DateTimeOffset until = _time.GetUtcNow().AddHours(hours);
        Run? run = null;
        await Poll.UntilAsync(
            async () =>
            {
                run = await host.Reader.GetAsync(runId, cancellationToken);
                if (run.Status == RunStatus.Waiting && _time.GetUtcNow() < until)
                {
                    _time.Advance(TimeSpan.FromMinutes(30));
                }

                Assert.That(run.IsEnded, Is.False, run.Error?.Message);
                return run.Status == RunStatus.Waiting && _time.GetUtcNow() >= until;
            },
            cancellationToken);
        return run!;
    }

    private Task<RunHost> StartAsync(Func<ChatRequest, ChatReply> script, bool pauses) => RunHost.StartAsync(
        services => services.AddSingleton<TimeProvider>(_time), script,
        [AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, static () => "paid")],
        agent => agent.WithTools("ask_person", "pay").WithMaxDuration(TimeSpan.FromHours(1)).WithPausedClock(pauses),
        ("Governance:PolicyPath", _folder.Write("policy.yaml", "rules: [{name: pay, when: {tool: pay}, then: ask}]")));
}
