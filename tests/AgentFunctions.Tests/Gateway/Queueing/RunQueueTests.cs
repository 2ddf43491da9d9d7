using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using AgentFunctions.Diagnostics;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Options;
using AgentFunctions.Gateway.Queueing;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Gateway.Queueing;

[NonParallelizable]
[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class RunQueueTests
{
    private readonly SemaphoreSlim _answers = new(0);
    private readonly ConcurrentQueue<string> _begun = new();
    private readonly SemaphoreSlim _beginnings = new(0);

    [Test]
    public async Task Submit_OverTheLimits_QueuesAndStartsByPriorityThenFairShare(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(("Gateway:Concurrency:Total", "1"));
        var ids = new Dictionary<string, string>();
        async Task SubmitAsync(string goal, string caller, RunPriority priority = RunPriority.Normal) =>
            ids[goal] = (await host.Gateway.SubmitAsync(new RunRequest { Goal = goal, Priority = priority }, new Caller(caller),
                cancellationToken: cancellationToken)).Id;

        await SubmitAsync("a1", "anna");
        await _beginnings.WaitAsync(cancellationToken);
        await SubmitAsync("a2", "anna");
        await SubmitAsync("low", "ben", RunPriority.Low);
        await SubmitAsync("a3", "anna");
        await SubmitAsync("b1", "ben");
        await SubmitAsync("high", "anna", RunPriority.High);

        Assert.That((await host.Reader.GetAsync(ids["a2"], cancellationToken)).Status, Is.EqualTo(RunStatus.Queued));
        Assert.That(_begun, Is.EqualTo(new[] { "a1" }), "nothing else is at work");
        for (int run = 0; run < 6; run++)
        {
            _answers.Release();
            if (run < 5)
            {
                await _beginnings.WaitAsync(cancellationToken);
            }
        }

        foreach (string id in ids.Values)
        {
            Assert.That((await host.Reader.WaitForEndAsync(id, cancellationToken)).Status, Is.EqualTo(RunStatus.Completed));
        }

        Assert.That(_begun, Is.EqualTo(new[] { "a1", "high", "a2", "a3", "b1", "low" }));
    }

    [Test]
    public async Task Submit_PerCallerAndPerLabel_HoldsBackOnlyThoseOverTheirOwnLimit(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(
            ("Gateway:Concurrency:PerCaller", "2"), ("Gateway:Concurrency:Labels:0:Label", "team"),
            ("Gateway:Concurrency:Labels:0:Runs", "1"));
        Run[] runs =
        [
            await host.Gateway.SubmitAsync(Of("r1", "red"), new Caller("anna"), cancellationToken: cancellationToken),
            await host.Gateway.SubmitAsync(Of("r2", "red"), new Caller("ben"), cancellationToken: cancellationToken),
            await host.Gateway.SubmitAsync(Of("b1", "blue"), new Caller("anna"), cancellationToken: cancellationToken),
            await host.Gateway.SubmitAsync(Of("g1", "green"), new Caller("anna"), cancellationToken: cancellationToken),
            await host.Gateway.SubmitAsync(Of("g2", "green"), new Caller("ben"), cancellationToken: cancellationToken),
        ];
        for (int begun = 0; begun < 3; begun++)
        {
            await _beginnings.WaitAsync(cancellationToken);
        }

        Assert.That(_begun, Is.EquivalentTo(new[] { "r1", "b1", "g2" }), "r2: one of team red; g1: two of anna");
        _answers.Release(5);
        foreach (Run run in runs)
        {
            await host.Reader.WaitForEndAsync(run.Id, cancellationToken);
        }

        Assert.That(_begun, Has.Count.EqualTo(5));
    }

    [Test]
    public async Task Restart_RunsQueued_AreStartedInOrderAndACancelledOneIsLeftOut(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(("Gateway:Concurrency:Total", "1"), ("Gateway:Concurrency:MaxQueued", "3"));
        var runs = new List<Run>();
        foreach (string goal in new[] { "1", "2", "3", "4" })
        {
            runs.Add(await host.SubmitAsync(goal));
        }

        AgentException full = Assert.ThrowsAsync<AgentException>(() => host.SubmitAsync("5"))!;
        Assert.That((full.Code, full.RetryAfter), Is.EqualTo((ErrorCode.QuotaExceeded, TimeSpan.FromMinutes(1))));
        Assert.That(full.Message, Does.Contain("MaxQueued"));
        await _beginnings.WaitAsync(cancellationToken);
        await host.Steering.CancelAsync(runs[1].Id, cancellationToken: cancellationToken);
        Assert.That((await host.Reader.WaitForEndAsync(runs[1].Id, cancellationToken)).Status, Is.EqualTo(RunStatus.Cancelled));

        await host.RestartAsync();
        Assert.That((await host.Reader.GetAsync(runs[2].Id, cancellationToken)).Status, Is.EqualTo(RunStatus.Queued));
        _answers.Release(10);

        foreach (Run run in runs)
        {
            await host.Reader.WaitForEndAsync(run.Id, cancellationToken);
        }

        Assert.That(_begun.Distinct(), Is.EqualTo(new[] { "1", "3", "4" }));
        Run cancelled = await host.Reader.GetAsync(runs[1].Id, cancellationToken);
        Assert.That(cancelled.Budget!.Spent.WallClock, Is.EqualTo(TimeSpan.Zero), "waiting for a place is not the run's time");
    }

    [Test]
    public async Task Sweep_PlaceOfARunThatIsGone_IsGivenToTheNext(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(("Gateway:Concurrency:Total", "1"));
        Run first = await host.SubmitAsync("1");
        Run second = await host.SubmitAsync("2");
        await _beginnings.WaitAsync(cancellationToken);

        // Ended behind the loop's back, as an operator's tool would: nobody frees its place.
        await host.Get<Durability.IOrchestrationClient>().TerminateAsync(first.Id, null, cancellationToken: cancellationToken);
        await host.Get<RunQueue>().SweepAsync(true, cancellationToken);
        _answers.Release(2);

        Assert.That((await host.Reader.WaitForEndAsync(second.Id, cancellationToken)).Status, Is.EqualTo(RunStatus.Completed));
    }

    [Test]
    public async Task Message_PlaceIsFreeBeforeTheRunIsScheduled_HearsOfItOnceItIs([Values] bool dies,
        CancellationToken cancellationToken)
    {
        var meanwhile = new Interruption();
        await using RunHost host = await StartAsync(meanwhile.Install, ("Gateway:Concurrency:Total", "1"));
        Run ended = await host.SubmitAsync("1");
        _answers.Release();
        await host.Reader.WaitForEndAsync(ended.Id, cancellationToken);
        Run other = await host.SubmitAsync("2");
        await _beginnings.WaitAsync(cancellationToken);
        await _beginnings.WaitAsync(cancellationToken);
        // The message finds no place; the other run leaves before what has ended is scheduled anew.
        meanwhile.Before($"start {ended.Id}", () => host.Get<RunQueue>().LeaveAsync(other.Id, cancellationToken));
        if (dies)
        {
            meanwhile.After($"start {ended.Id}", static () => throw new IOException("cut off"));
        }

        try
        {
            await host.Steering.SendAsync(ended.Id, "Go on.", cancellationToken: cancellationToken);
        }
        catch (IOException) when (dies)
        {
            await host.Get<RunQueue>().SweepAsync(false, cancellationToken);
        }

        _answers.Release(2);
        Run again = await host.Reader.WaitForEndAsync(ended.Id, cancellationToken);
        Assert.That((again.Status, again.Turns), Is.EqualTo((RunStatus.Completed, 2)));
    }

    [Test]
    public async Task Fork_PreparedForLongerThanTheQueueWaits_StillGetsItsPlace([Values] bool hadOne,
        CancellationToken cancellationToken)
    {
        var meanwhile = new Interruption();
        var time = new VirtualTime(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using RunHost host = await StartAsync(
            services =>
            {
                services.AddSingleton<TimeProvider>(time);
                meanwhile.Install(services);
            },
            ("Gateway:Concurrency:Total", hadOne ? "2" : "1"));
        Run source = await host.SubmitAsync("1");
        _answers.Release();
        await host.Reader.WaitForEndAsync(source.Id, cancellationToken);
        Run other = await host.SubmitAsync("2");
        await _beginnings.WaitAsync(cancellationToken);
        await _beginnings.WaitAsync(cancellationToken);
        meanwhile.Before("append transcripts/", async () =>
        {
            time.Advance(TimeSpan.FromSeconds(90));
            await host.Get<RunQueue>().SweepAsync(true, cancellationToken);
        });

        Run fork = await host.Get<RunForking>().ForkAsync(source.Id, new ForkRequest(), cancellationToken: cancellationToken);

        (_, int active, IReadOnlyList<QueuedRun> waiting) = await host.Get<RunQueue>().LookAsync(cancellationToken);
        Assert.That((active, waiting.Count), Is.EqualTo(hadOne ? (2, 0) : (1, 1)));
        _answers.Release(2);
        await host.Reader.WaitForEndAsync(other.Id, cancellationToken);
        Assert.That((await host.Reader.WaitForEndAsync(fork.Id, cancellationToken)).Status, Is.EqualTo(RunStatus.Completed));
    }

    [Test]
    public async Task Queue_Changes_AreMetrics(CancellationToken cancellationToken)
    {
        var seen = new ConcurrentDictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == AgentTelemetry.SourceName
                    && instrument.Name.StartsWith("agentfunctions.gateway.", StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) =>
            seen.AddOrUpdate($"{instrument.Name} {(tags.Length > 0 ? tags[0].Value : "")}", value,
                (_, most) => Math.Max(most, value)));
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => seen.AddOrUpdate(instrument.Name, value,
            (_, most) => Math.Max(most, value)));
        listener.Start();
        await using RunHost host = await StartAsync(("Gateway:Concurrency:Total", "1"));
        Run first = await host.SubmitAsync("1");
        Run second = await host.SubmitAsync("2", new() { Priority = RunPriority.High });
        _answers.Release(2);
        await host.Reader.WaitForEndAsync(first.Id, cancellationToken);
        await host.Reader.WaitForEndAsync(second.Id, cancellationToken);

        Assert.That(seen["agentfunctions.gateway.queue.length high"], Is.GreaterThanOrEqualTo(1));
        Assert.That(seen["agentfunctions.gateway.queue.wait"], Is.GreaterThan(0));
        Assert.That(seen.Keys, Does.Contain("agentfunctions.gateway.queue.age"));
    }

    /// <summary>A stream of urgent runs of others never keeps a patient one from its turn.</summary>
    [Test]
    public void Next_StreamOfUrgentRuns_AgeingLetsTheOldOneThrough()
    {
        var options = new ConcurrencyOptions { Total = 1, Ageing = TimeSpan.FromMinutes(10) };
        var limits = new QueueLimits(options);
        DateTimeOffset now = DateTimeOffset.UnixEpoch;
        var state = new QueueState { Waiting = [new QueuedRun("old", "anna", RunPriority.Low, 0, now)] };
        string? started = null;
        int minutes = 0;
        for (; started != "old" && minutes < 1_000; minutes++)
        {
            now += TimeSpan.FromMinutes(1);
            state = state with
            {
                Active = [],
                Waiting = state.Waiting.Add(new QueuedRun($"new{minutes}", $"caller{minutes}", RunPriority.High, minutes + 1,
                    now))
            };
            state = state.Promoted(limits, now);
            started = state.Active[0].Id;
        }

        Assert.That(minutes, Is.InRange(20, 31),
            "two levels to climb at ten minutes each, and one more where the share of its caller is no better");
    }

    [Test]
    public void Next_OneCallerFloods_OthersGetTheirShare()
    {
        var limits = new QueueLimits(new ConcurrencyOptions { Total = 4 });
        DateTimeOffset now = DateTimeOffset.UnixEpoch;
        ImmutableList<QueuedRun> waiting = [.. Enumerable.Range(0, 100)
            .Select(index => new QueuedRun($"flood{index}", "anna", RunPriority.Normal, index, now))];
        waiting = waiting.AddRange([new("b", "ben", RunPriority.Normal, 200, now),
            new("c", "cleo", RunPriority.Normal, 201, now)]);

        QueueState state = new QueueState { Waiting = waiting }.Promoted(limits, now);

        Assert.That(state.Active.Select(run => run.Id), Is.EqualTo(new[] { "flood0", "b", "c", "flood1" }));
    }

    private static RunRequest Of(string goal, string team) =>
        new() { Goal = goal, Labels = new Dictionary<string, string> { ["team"] = team } };

    /// <summary>A host whose runs answer one by one, as the test lets them.</summary>
    private Task<RunHost> StartAsync(params (string, string)[] settings) => StartAsync(static _ => { }, settings);

    private Task<RunHost> StartAsync(Action<IServiceCollection> services, params (string, string)[] settings) => RunHost.StartAsync(
        services, request => ChatReply.Say("done") with
        {
            Before = async cancellationToken =>
            {
                _begun.Enqueue(request.Messages[1].GetProperty("content").ToString()
                    .Replace("# Goal\n", "", StringComparison.Ordinal).Trim());
                _beginnings.Release();
                await _answers.WaitAsync(cancellationToken);
            },
        },
        null, null, settings);
}
