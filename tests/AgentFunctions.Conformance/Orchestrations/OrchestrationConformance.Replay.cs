using System.Collections.Concurrent;
using AgentFunctions.Durability;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Conformance.Orchestrations;

/// <summary>Replays: what they repeat, what they keep silent about, and what they find.</summary>
public abstract partial class OrchestrationConformance
{
    [Test]
    public async Task NewGuid_Replayed_IsTheSame()
    {
        var seen = new ConcurrentBag<string>();
        string id = await BeginAsync(async context =>
        {
            Guid first = context.NewGuid();
            Guid second = context.NewGuid();
            seen.Add($"{first} {second}");
            await context.WaitForExternalEventAsync<int>("go");
            return first != second;
        });
        await Until(id, state => state.Status == OrchestrationStatus.Running);
        await Host.ForgetAsync();
        await Client.RaiseEventAsync(id, "go", 1, Cancel);
        Assert.That(Output<bool>(await EndOf(id)), Is.True);
        Assert.That(seen.Distinct().Count(), Is.EqualTo(1));
        Assert.That(seen, Has.Count.GreaterThan(1), "nothing was replayed");
    }

    [Test]
    public async Task NewGuid_OfTwoInstances_Differs()
    {
        Registry.AddOrchestrator<int, Guid>("main", (context, _) => Task.FromResult(context.NewGuid()));
        await StartHostAsync();
        Guid first = Output<Guid>(await EndOf(await Client.ScheduleAsync("main", 0, null, Cancel)));
        Guid second = Output<Guid>(await EndOf(await Client.ScheduleAsync("main", 0, null, Cancel)));
        Assert.That(first, Is.Not.EqualTo(second));
    }

    [Test]
    public async Task IsReplaying_TellsOldTurnsFromNewOnes()
    {
        var seen = new ConcurrentQueue<string>();
        string id = await BeginAsync(async context =>
        {
            seen.Enqueue($"start {context.IsReplaying}");
            await context.WaitForExternalEventAsync<int>("go");
            seen.Enqueue($"end {context.IsReplaying}");
            return 1;
        });
        await Until(id, state => state.Status == OrchestrationStatus.Running);
        await Host.ForgetAsync();
        await Client.RaiseEventAsync(id, "go", 1, Cancel);
        await EndOf(id);
        Assert.That(seen, Is.EqualTo(new[] { "start False", "start True", "end False" }));
    }

    [Test]
    public async Task ReplaySafeLogger_Replayed_SaysEverythingOnce()
    {
        var logged = new ConcurrentQueue<string>();
        LogSink.Value = logged;
        string id = await BeginAsync(async context =>
        {
            ILogger logger = context.CreateReplaySafeLogger("test");
            Say(logger, "one");
            await context.WaitForExternalEventAsync<int>("go");
            Say(logger, "two");
            await context.WaitForExternalEventAsync<int>("go");
            Say(logger, "three");
            return 1;
        });
        await Until(id, state => state.Status == OrchestrationStatus.Running);
        for (int round = 0; round < 2; round++)
        {
            await Host.ForgetAsync();
            await Client.RaiseEventAsync(id, "go", 1, Cancel);
        }

        await EndOf(id);
        Assert.That(logged, Is.EqualTo(new[] { "one", "two", "three" }));
    }

    [Test]
    public async Task Activity_AfterForgetting_IsNotRunAgain()
    {
        int calls = 0;
        Registry.AddActivity<int, int>("count", (_, _) => Task.FromResult(Interlocked.Increment(ref calls)));
        string id = await BeginAsync(async context =>
        {
            int first = await context.CallActivityAsync<int>("count", 0);
            context.SetCustomStatus("counted");
            await context.WaitForExternalEventAsync<int>("go");
            return first;
        });
        await UntilStatusIs(id, "counted");
        await Host.ForgetAsync();
        await Client.RaiseEventAsync(id, "go", 1, Cancel);
        Assert.That(Output<int>(await EndOf(id)), Is.EqualTo(1));
        Assert.That(calls, Is.EqualTo(1));
    }

    [Test]
    public async Task ChangedCode_OtherActivity_FailsAndNamesBoth()
    {
        FailureDetails failure = await ChangeAsync(
            context => context.CallActivityAsync<int>("old", 1),
            context => context.CallActivityAsync<int>("new", 1));
        Assert.That(failure.Message, Does.Contain("'old'").And.Contain("'new'"));
    }

    [Test]
    public async Task ChangedCode_StepMissing_FailsAndNamesIt()
    {
        FailureDetails failure = await ChangeAsync(context => context.CallActivityAsync<int>("old", 1), _ => Task.CompletedTask);
        Assert.That(failure.Message, Does.Contain("'old'"));
    }

    [Test]
    public async Task ChangedCode_OtherKindOfStep_FailsAndNamesIt()
    {
        FailureDetails failure = await ChangeAsync(
            context => context.CallActivityAsync<int>("old", 1),
            context => context.CreateTimerAsync(context.CurrentTime));
        Assert.That(failure.Message, Does.Contain("'old'").And.Contain("timer"));
    }

    [Test]
    public async Task ChangedCode_SubOrchestrationForActivity_FailsAndNamesBoth()
    {
        FailureDetails failure = await ChangeAsync(
            context => context.CallActivityAsync<int>("old", 1),
            context => context.CallSubOrchestratorAsync<int>("new", 1));
        Assert.That(failure.Message, Does.Contain("'old'").And.Contain("'new'"));
    }

    [Test]
    public async Task ForeignAwait_OnItsOwn_FailsAndSaysSo()
    {
        OrchestrationState state = await RunAsync(async _ =>
        {
            await Task.Delay(5, CancellationToken.None);
            return 1;
        });
        Assert.That(state.Status, Is.EqualTo(OrchestrationStatus.Failed));
        Assert.That(state.Failure!.IsCausedBy(ErrorCode.NonDeterminism), Is.True);
        Assert.That(state.Failure.Message, Does.Contain("Task.Delay"));
    }

    [Test]
    public async Task ForeignAwait_BesideAWait_FailsAndSaysSo()
    {
        OrchestrationState state = await RunAsync(async context =>
        {
            using var cancel = new CancellationTokenSource();
            Task timer = context.CreateTimerAsync(context.CurrentTime.AddHours(1), cancel.Token);
            await Task.WhenAny(timer, Task.Delay(20, CancellationToken.None));
            cancel.Cancel();
            return 1;
        });
        Assert.That(state.Status, Is.EqualTo(OrchestrationStatus.Failed));
        Assert.That(state.Failure!.IsCausedBy(ErrorCode.NonDeterminism), Is.True);
    }

    /// <summary>Where the loggers of hosts send what orchestrators of this test say.</summary>
    protected static AsyncLocal<ConcurrentQueue<string>?> LogSink { get; } = new();

    // Runs up to a wait with one code, and on with another.
    private async Task<FailureDetails> ChangeAsync(Func<IOrchestrationContext, Task> before,
        Func<IOrchestrationContext, Task> after)
    {
        bool isChanged = false;
        Registry.AddActivity<int, int>("old", (_, value) => Task.FromResult(value));
        Registry.AddActivity<int, int>("new", (_, value) => Task.FromResult(value));
        Registry.AddOrchestrator<int, int>("other", (context, _) => context.WaitForExternalEventAsync<int>("go"));
        string id = await BeginAsync(async context =>
        {
            await (Volatile.Read(ref isChanged) ? after : before)(context);
            context.SetCustomStatus("waiting");
            return await context.WaitForExternalEventAsync<int>("go");
        });
        string other = await Client.ScheduleAsync("other", 0, null, Cancel);
        await UntilStatusIs(id, "waiting");
        Volatile.Write(ref isChanged, true);
        await Host.ForgetAsync();
        await Client.RaiseEventAsync(id, "go", 1, Cancel);
        OrchestrationState state = await EndOf(id);
        Assert.That(state.Status, Is.EqualTo(OrchestrationStatus.Failed));
        Assert.That(state.Failure!.IsCausedBy(ErrorCode.NonDeterminism), Is.True, state.Failure.Message);
        await Client.RaiseEventAsync(other, "go", 2, Cancel);
        Assert.That(Output<int>(await EndOf(other)), Is.EqualTo(2), "the others go on");
        return state.Failure;
    }

#pragma warning disable CA2254, CA1848, CA1873 // A test says what it says.
    private static void Say(ILogger logger, string words) => logger.LogInformation(words);
#pragma warning restore CA2254, CA1848, CA1873
}
