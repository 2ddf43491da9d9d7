using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Testing;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Loop;

/// <summary>A run may end more than once, and hear of something while its end is told.</summary>
[CancelAfter(300_000)]
internal sealed class RunEndTests
{
    private static readonly AgentTool Echo = AgentTool.Create(
        "echo", "Repeats a text.", ToolEffect.None, (string text) => $"you said {text}");

    [Test]
    public async Task Run_FailsAgainInTheSameTurn_TellsEachEnd(CancellationToken cancellationToken)
    {
        await using RunHost host = await RunHost.StartAsync(
            static request => request.Index == 0
                ? ChatReply.Call("echo", new { text = "a" })
                : new ChatReply { Status = 401, RawBody = """{"error":{"message":"no such key"}}""" },
            [Echo], null, ("Governance:Network:Allow:0", "127.0.0.1:1"));
        Run run = await host.RunAsync("Work.", new RunRequest { CallbackUrl = "http://127.0.0.1:1/told" });
        Assert.That(run.Status, Is.EqualTo(RunStatus.Failed));

        await host.Steering.ResumeAsync(run.Id, cancellationToken: cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That((run.Status, run.Turns), Is.EqualTo((RunStatus.Failed, 1)));
        Assert.That(
            (await host.JournalAsync(run.Id)).Where(static e => e.Type == JournalEventTypes.RunEnded)
                .Select(static e => (e.Turn, e.Attempt)),
            Is.EqualTo(new (int?, int?)[] { (1, null), (1, 1) }));
        IEnumerable<string> callbacks = (await host.Get<IOrchestrationClient>()
            .QueryAsync(new OrchestrationQuery { InstanceIdPrefix = "callback." }, cancellationToken)).Items
            .Select(static state => state.InstanceId);
        Assert.That(callbacks, Is.EquivalentTo((string[])[$"callback.{run.Id}.1", $"callback.{run.Id}.1-1"]));
        foreach (string id in callbacks)
        {
            await host.Get<IOrchestrationClient>().TerminateAsync(id, "over", cancellationToken: cancellationToken);
        }
    }

    [Test]
    public async Task Grant_WhileTheEndIsTold_LetsTheRunGoOn(CancellationToken cancellationToken)
    {
        var giver = new Giver(static (steering, id) => steering.GrantAsync(id, new Budget { Steps = 20 }));
        await using RunHost host = await StartAsync(giver);

        Run run = await host.RunAsync("Work.", new RunRequest { Budget = new Budget { Steps = 3 } });

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, "said 2")));
        Assert.That(
            (await host.JournalAsync(run.Id)).Where(static e => e.Type == JournalEventTypes.RunEnded)
                .Select(static e => (e.Code, e.Attempt)),
            Is.EqualTo(new (string?, int?)[] { ("budgetExhausted", null), ("completed", 1) }));
    }

    [Test]
    public async Task Grant_DuringTheLastCall_LetsTheRunGoOnBeforeItsEnd(CancellationToken cancellationToken)
    {
        RunHost? used = null;
        string id = "";
        await using RunHost host = used = await RunHost.StartAsync(
            request =>
            {
                if (request.Index == 1)
                {
                    used!.Steering.GrantAsync(Volatile.Read(ref id), new Budget { Steps = 20 }).Wait(cancellationToken);
                }

                return request.Index == 0 ? ChatReply.Call("hold", new { }) : ChatReply.Say($"said {request.Index}");
            },
            [AgentTool.Create("hold", "Waits.", ToolEffect.None, () => Poll.UntilAsync(() => Volatile.Read(ref id) != "", cancellationToken))]);
        Run run = await host.SubmitAsync("Work.", new RunRequest { Budget = new Budget { Steps = 3 } });
        Volatile.Write(ref id, run.Id);

        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, "said 2")));
        Assert.That((await host.JournalAsync(run.Id)).Count(static e => e.Type == JournalEventTypes.RunEnded), Is.EqualTo(1));
    }

    [Test]
    public async Task Grant_OfWhatDoesNotHelp_LeavesTheEnd(CancellationToken cancellationToken)
    {
        var giver = new Giver(static (steering, id) => steering.GrantAsync(id, new Budget { WallClock = TimeSpan.FromHours(1) }));
        await using RunHost host = await StartAsync(giver);

        Run run = await host.RunAsync("Work.", new RunRequest { Budget = new Budget { Steps = 3 } });

        Assert.That(run.Status, Is.EqualTo(RunStatus.BudgetExhausted));
        Assert.That((await host.JournalAsync(run.Id)).Count(static e => e.Type == JournalEventTypes.RunEnded), Is.EqualTo(1));
    }

    [Test]
    public async Task Message_WhileTheEndOfABudgetIsTold_IsShownOnceThereIsMore(CancellationToken cancellationToken)
    {
        var giver = new Giver(static (steering, id) => steering.SendAsync(id, "And the rest?"));
        await using RunHost host = await StartAsync(giver);
        Run run = await host.RunAsync("Work.", new RunRequest { Budget = new Budget { Steps = 3 } });
        Assert.That(run.Status, Is.EqualTo(RunStatus.BudgetExhausted));

        await host.Steering.GrantAsync(run.Id, new Budget { Steps = 20 }, cancellationToken: cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That((await host.TranscriptAsync(run.Id)).Count(static entry => entry.Message.Text == "And the rest?"),
            Is.EqualTo(1));
    }

    [Test]
    public async Task ModelAway_ForLong_KeepsTheHistoryShort(CancellationToken cancellationToken)
    {
        const int Refusals = 150;
        await using AgentTestHost host = await AwayAsync(Refusals, TimeSpan.FromMinutes(10), cancellationToken);
        Run run = await host.SubmitAsync("Work.", cancellationToken: cancellationToken);

        run = await host.WaitForEndAsync(run.Id, TimeSpan.FromDays(7), cancellationToken);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        int events = await host.Get<IOrchestrationClient>().ReadHistoryAsync(run.Id, cancellationToken)
            .CountAsync(cancellationToken);
        Assert.That(events, Is.LessThan(4 * Refusals), "of the last execution: a wait is five events or so");
    }

    [Test]
    public async Task ModelAway_WhoNamesNoPause_IsAskedAgainAfterASecond(CancellationToken cancellationToken)
    {
        await using AgentTestHost host = await AwayAsync(3, TimeSpan.Zero, cancellationToken);
        Run run = await host.SubmitAsync("Work.", cancellationToken: cancellationToken);

        run = await host.WaitForEndAsync(run.Id, TimeSpan.FromDays(1), cancellationToken);

        JournalEvent told = (await host.JournalAsync(run.Id, cancellationToken))
            .First(static e => e.Type == JournalEventTypes.StepRetrying);
        Assert.That((run.Status, told.Until - told.At), Is.EqualTo((RunStatus.Completed, TimeSpan.FromSeconds(1))));
        Assert.That(run.UpdatedAt - run.CreatedAt, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(3)), "on the host's own clock");
    }

    /// <summary>A host whose model takes no call for so many times, and names a pause.</summary>
    private static Task<AgentTestHost> AwayAsync(int refusals, TimeSpan pause, CancellationToken cancellationToken)
    {
        int calls = 0;
        var model = new ScriptedModel(_ => Interlocked.Increment(ref calls) <= refusals
            ? throw new AgentException(ErrorCode.ModelRateLimited, "too many requests") { RetryAfter = pause }
            : ScriptedTurn.Says("there"));
        return AgentTestHost.StartAsync(
            model, static services => services.AddAgent(Agent.Create("worker").WithInstructions("Work.").Build()), null,
            cancellationToken);
    }

    private static Task<RunHost> StartAsync(Giver giver) => RunHost.StartAsync(
        services => services.AddSingleton<IRunEndObserver>(giver.With),
        static request => request.Index == 0 ? ChatReply.Call("echo", new { text = "a" }) : ChatReply.Say($"said {request.Index}"),
        [Echo]);

    /// <summary>Does something while the first end of a run is told.</summary>
    private sealed class Giver(Func<RunSteering, string, Task> give) : IRunEndObserver
    {
        private IServiceProvider? _services;
        private int _times;

        public Giver With(IServiceProvider services)
        {
            _services = services;
            return this;
        }

        public Task RunEndedAsync(RunRecord run, CancellationToken cancellationToken) => Interlocked.Increment(ref _times) == 1
            ? give(_services!.GetRequiredService<RunSteering>(), run.Id)
            : Task.CompletedTask;
    }
}
