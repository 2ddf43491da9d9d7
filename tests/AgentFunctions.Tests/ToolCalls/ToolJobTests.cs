using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.ToolCalls;

/// <summary>Tools that start work which goes on elsewhere, as the model and the run see them.</summary>
[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ToolJobTests
{
    private readonly List<string> _started = [];
    private readonly Queue<Func<Reconciliation>> _looks = new();

    [Test]
    public async Task Job_ThatTakesSeveralLooks_IsStartedOnceAndItsResultReachesTheModel()
    {
        Look(() => Reconciliation.StillRunning, () => throw new IOException("nobody there"),
            () => Reconciliation.TookEffect("42 rows"));

        Run run = await RunAsync();

        Assert.That((run.Status, run.Result!.Text), Is.EqualTo((RunStatus.Completed, "Result: 42 rows")));
        Assert.That(_started, Is.EqualTo(new[] { $"{run.Id}/1/0" }));
        Assert.That(run.Steps, Is.EqualTo(3));
    }

    [Test]
    public async Task Job_WhoseStartNeverHappened_IsStartedAgainUnderTheSameKey()
    {
        Look(() => Reconciliation.DidNotTakeEffect, () => Reconciliation.TookEffect("42 rows"));

        Run run = await RunAsync();

        Assert.That(run.Result!.Text, Is.EqualTo("Result: 42 rows"));
        Assert.That(_started, Is.EqualTo(new[] { $"{run.Id}/1/0", $"{run.Id}/1/0" }));
    }

    [Test]
    public async Task Job_ThatNeverEnds_IsGivenUp()
    {
        Look(() => Reconciliation.StillRunning);

        Run run = await RunAsync(giveUpAfter: TimeSpan.FromMilliseconds(1));

        Assert.That(run.Result!.Text, Does.Contain("outcome is unknown").And.Contain("given up"));
        Assert.That(_started, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Job_ThatCannotBeStarted_TellsTheModelAtOnce()
    {
        Run run = await RunAsync(start: static () => throw new AgentException(ErrorCode.ToolFailed, "no such table"));

        Assert.That(run.Result!.Text, Is.EqualTo("Result: Error: no such table"));
    }

    [Test]
    public async Task Job_WhoseStartIsAllThereIs_EndsWithoutALook()
    {
        Run run = await RunAsync(told: Reconciliation.TookEffect("42 rows"));

        Assert.That((run.Result!.Text, run.Steps), Is.EqualTo(("Result: 42 rows", 3)));
        Assert.That(_started, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Job_WhoseOutcomeIsUnknownAtOnce_IsNotLookedAtAgain()
    {
        Look(() => throw new IOException("nobody there"), () => Reconciliation.Unknown);

        Run run = await RunAsync(unknownAtOnce: true);

        Assert.That(run.Result!.Text, Does.Contain("outcome is unknown"));
        Assert.That((_started.Count, _looks.Count), Is.EqualTo((1, 0)));
    }

    [TestCase(10, 60)]
    [TestCase(3_600, 360)]
    public void PauseAt_GrowsWithTheAgeOfTheWork(int seconds, int pause)
    {
        var job = new ToolJob((_, _, _) => Task.FromResult(Reconciliation.StillRunning));

        Assert.That(job.PauseAt(TimeSpan.FromSeconds(seconds)), Is.EqualTo(TimeSpan.FromSeconds(pause)));
    }

    private void Look(params IEnumerable<Func<Reconciliation>> answers)
    {
        foreach (Func<Reconciliation> answer in answers)
        {
            _looks.Enqueue(answer);
        }
    }

    private async Task<Run> RunAsync(TimeSpan? giveUpAfter = null, Action? start = null, Reconciliation? told = null,
        bool unknownAtOnce = false)
    {
        Task<object> Start(ToolContext context)
        {
            start?.Invoke();
            _started.Add(context.IdempotencyKey);
            return Task.FromResult<object>(told is null ? "started" : told);
        }

        var tool = new AgentTool(AgentTool.CreateFunction("export", "Exports a table.", Start), ToolEffect.NotIdempotent)
        {
            Job = new ToolJob((_, _, _) => Task.FromResult(_looks.Dequeue()()))
            {
                PollInterval = TimeSpan.FromMilliseconds(20),
                Timeout = giveUpAfter ?? TimeSpan.FromHours(1),
                UnknownAtOnce = unknownAtOnce,
            },
        };
        await using RunHost host = await RunHost.StartAsync(
            request => request.Turn == 0 ? ChatReply.Call("export", new { }) : ChatReply.Say($"Result: {request.Last("tool")}"),
            [tool]);
        return await host.RunAsync();
    }
}
