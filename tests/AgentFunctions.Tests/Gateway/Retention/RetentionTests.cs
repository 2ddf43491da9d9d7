using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Holds;
using AgentFunctions.Gateway.Retention;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Runs.Index;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.Gateway.Retention;

/// <summary>What is due by the rules is gone, what is not or is held stays: in virtual time.</summary>
[CancelAfter(600_000)]
internal sealed class RetentionTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly (string, string)[] s_rules =
    [
        ("Retention:Rules:0:Name", "red"), ("Retention:Rules:0:Label", "team=red"), ("Retention:Rules:0:Content", "P10D"),
        ("Retention:Rules:0:All", "P30D"),
        ("Retention:Rules:1:Name", "failed"), ("Retention:Rules:1:Status", "failed"), ("Retention:Rules:1:All", "P5D"),
        ("Retention:Default:All", "P90D"),
    ];

    [Test]
    public async Task Sweep_OfAThousandTrees_TakesExactlyThoseDue(CancellationToken cancellationToken)
    {
        const int Count = 1_000;
        var time = new VirtualTime(s_start);
        await using RunHost host = await StartAsync(time, s_rules);
        var random = new Random(7);
        List<(RunRecord Run, RunStatus Status, DateTimeOffset EndedAt)> all = [];
        for (int number = 0; number < Count; number++)
        {
            RunStatus status = random.Next(3) == 0 ? RunStatus.Failed : RunStatus.Completed;
            all.Add((await EnterAsync(host, number, status, s_start.AddDays(-random.Next(120)), cancellationToken), status,
                default));
            all[^1] = all[^1] with { EndedAt = s_start.AddDays(-(number * 7 % 120)) };
        }

        await EndAsync(host, all, cancellationToken);
        await host.Get<LegalHolds>()
            .SetAsync(new Hold("kept") { Label = "case=7", Reason = "lawsuit" },
                new Caller("ann") { Roles = [CallerRoles.Admin] }, cancellationToken);

        string[] due = [.. all.Where(one => !IsHeld(one.Run) && s_start - one.EndedAt >= TimeToLive(one.Run, one.Status))
            .Select(static one => one.Run.Id)];
        await SweepAsync(host, time, cancellationToken);
        string[] left = await host.Get<RunStore>().ListAsync(null, cancellationToken).Select(static run => run.Id)
            .ToArrayAsync(cancellationToken);
        Assert.That(due, Has.Length.InRange(150, 900), "the rules divide them");
        Assert.That(all.Select(static one => one.Run.Id).Except(left), Is.EquivalentTo(due));
        Assert.That(all.Count(one => IsHeld(one.Run) && left.Contains(one.Run.Id)),
            Is.EqualTo(all.Count(static one => IsHeld(one.Run))));
        Assert.That((await host.Get<AuditLog>().VerifyAsync(cancellationToken)).Holds, Is.True);
        TestContext.Out.WriteLine($"{due.Length} of {Count} trees were due and are gone");
    }

    [Test]
    public async Task Content_WhenItIsDue_GoesAndTheRunStays(CancellationToken cancellationToken)
    {
        var time = new VirtualTime(s_start);
        await using RunHost host = await StartAsync(time, s_rules);
        Run run = await host.RunAsync("Keep the goal.",
            new RunRequest { Labels = new Dictionary<string, string> { ["team"] = "red" } });
        await host.Get<ArtifactStore>().SaveAsync(run.Id, "x.txt", "text/plain", "x"u8.ToArray(), cancellationToken);
        Assert.That(run.KeptUntil, Is.EqualTo(run.CompletedAt + TimeSpan.FromDays(30)));

        time.Advance(TimeSpan.FromDays(9));
        await SweepAsync(host, time, cancellationToken);
        Assert.That(await host.TranscriptAsync(run.Id), Is.Not.Empty);
        time.Advance(TimeSpan.FromDays(2));
        await SweepAsync(host, time, cancellationToken);

        Run emptied = await host.Reader.GetAsync(run.Id, cancellationToken);
        Assert.That((emptied.Goal, emptied.Status, emptied.Result, emptied.Turns),
            Is.EqualTo(("Keep the goal.", RunStatus.Completed, (RunResult?)null, 1)));
        Assert.That(emptied.ContentErasedAt, Is.Not.Null);
        Assert.That(await host.TranscriptAsync(run.Id), Is.Empty);
        Assert.That(await host.Get<ArtifactStore>().ListAsync(run.Id, cancellationToken), Is.Empty);
        Assert.That(
            async () => await host.Steering.SendAsync(run.Id, "Go on.", cancellationToken: cancellationToken),
            Throws.InstanceOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.RunStateForbids));
        time.Advance(TimeSpan.FromDays(20));
        await SweepAsync(host, time, cancellationToken);
        Assert.That(
            async () => await host.Reader.GetAsync(run.Id, cancellationToken),
            Throws.InstanceOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.RunErased));
    }

    [Test]
    public async Task Sweep_OneRecordIsBrokenAndAHundredAreAlive_TakesTheOthers(CancellationToken cancellationToken)
    {
        var time = new VirtualTime(s_start);
        await using RunHost host = await StartAsync(time, [("Retention:Default:All", "P5D")]);
        List<(RunRecord Run, RunStatus Status, DateTimeOffset EndedAt)> all = [];
        for (int number = 0; number <= RetentionSweep.MostTrees + 2; number++)
        {
            // The first to be looked at, since they ended first, are those that cannot be erased.
            DateTimeOffset at = s_start.AddDays(number - 150);
            all.Add((await EnterAsync(host, number, RunStatus.Completed, at, cancellationToken), RunStatus.Completed, at));
        }

        await host.Get<IRecordStore>().PutAsync($"runs/{all[0].Run.Id}", "{ broken"u8.ToArray(), default, cancellationToken);
        foreach ((RunRecord run, _, _) in all[1..^1])
        {
            // Taken up again since it ended, and not begun yet.
            await host.Get<IOrchestrationClient>().ScheduleAsync(
                QuestionFlow.Name, new QuestionInput(run.Id, "none", "none"),
                new StartOptions { InstanceId = run.Id, StartAt = s_start.AddYears(1) }, cancellationToken);
        }

        await EndAsync(host, all, cancellationToken);
        await SweepAsync(host, time, cancellationToken);

        Assert.That(await host.Get<ErasedRuns>().FindAsync(all[^1].Run.Id, cancellationToken), Is.Not.Null);
        Assert.That(await host.Get<ErasedRuns>().FindAsync(all[1].Run.Id, cancellationToken), Is.Null);
    }

    [TestCase("P60D", 45, true, Description = "a later, longer rule wins")]
    [TestCase("P1D", 15, true, Description = "a shorter one holds for new runs alone")]
    [TestCase("P1D", 45, false)]
    public void Terms_PinnedAndPresent_TheLongerWins(string later, int days, bool isKept)
    {
        var run = new RunRecord
        {
            Id = "x",
            Agent = "a",
            DefinitionHash = "",
            Model = "m",
            Goal = "g",
            CreatedAt = s_start,
            Retention = Rules("P30D")
                .Pin(new RunRecord { Id = "x", Agent = "a", DefinitionHash = "", Model = "m", Goal = "g", CreatedAt = s_start }),
        };

        RetentionTerm term = Rules(later).Of(run, RunStatus.Completed)!;

        Assert.That(term.All > TimeSpan.FromDays(days), Is.EqualTo(isKept));
        Assert.That(Rules(later).Of(run with { Retention = null }, RunStatus.Completed), Is.Null,
            "who was promised nothing is kept");
    }

    [TestCase("Retention:Rules:0:All", "soon")]
    [TestCase("Retention:Rules:0:Status", "running")]
    [TestCase("Retention:Default:Content", "P2Y")]
    [TestCase("Retention:Sweep", "00:00:01")]
    [TestCase("Retention:Rules:0:Nmae", "x")]
    public void Settings_ThatAreWrong_StopTheStart(string key, string value) => Assert.That(
        async () => await StartAsync(new VirtualTime(s_start),
            [("Retention:Rules:0:Name", "r"), ("Retention:Default:All", "P1Y"), (key, value)]),
        Throws.Exception.With.Message.Contain(key.EndsWith("Nmae", StringComparison.Ordinal) ? "Nmae" : key));

    private static RetentionRules Rules(string all) => new(Options.Create(new AgentFunctions.Gateway.Options.RetentionOptions
    {
        Default = new AgentFunctions.Gateway.Options.RetentionTermsOptions { All = all },
    }));

    /// <summary>Starts a host that sweeps only when the test does.</summary>
    private static async Task<RunHost> StartAsync(VirtualTime time, (string, string)[] settings)
    {
        RunHost host = await RunHost.StartAsync(
            services =>
            {
                services.AddSingleton<TimeProvider>(time);
                services.AddSingleton(static provider => provider.GetServices<IHostedService>().OfType<RetentionSweeper>()
                    .Single());
            },
            static _ => ChatReply.Say("done"), settings: settings);
        await host.Get<RetentionSweeper>().StopAsync(CancellationToken.None);
        return host;
    }

    private static async Task SweepAsync(RunHost host, VirtualTime time, CancellationToken cancellationToken)
    {
        // The first ones may find that the index is still being made whole.
        while (!await host.Get<RetentionSweeper>().TrySweepAsync(cancellationToken))
        {
            await SettleAsync(host, time, cancellationToken);
        }

        await SettleAsync(host, time, cancellationToken);
    }

    /// <summary>Waits until no erasure is under way; those that wait for a time get it.</summary>
    private static async Task SettleAsync(RunHost host, VirtualTime time, CancellationToken cancellationToken)
    {
        var query = new OrchestrationQuery
        {
            InstanceIdPrefix = "erase.",
            Statuses = [OrchestrationStatus.Pending, OrchestrationStatus.Running],
            PageSize = 1
        };
        await Poll.UntilAsync(
            async () =>
            {
                time.Advance(TimeSpan.FromSeconds(2));
                return (await host.Get<IOrchestrationClient>().QueryAsync(query, cancellationToken)).Items.Count == 0;
            },
            cancellationToken);
    }

    private static async Task<RunRecord> EnterAsync(RunHost host, int number, RunStatus status, DateTimeOffset at,
        CancellationToken cancellationToken)
    {
        var labels = new Dictionary<string, string> { ["number"] = $"{number}" };
        if (number % 3 == 0)
        {
            labels["team"] = "red";
        }

        if (number % 10 == 0)
        {
            labels["case"] = "7";
        }

        var run = new RunRecord
        {
            Id = RunId.New(at),
            Agent = "worker",
            DefinitionHash = "",
            Model = "test",
            Goal = $"goal {number} {status}",
            Labels = labels,
            CreatedAt = at,
        };
        run = run with { Retention = host.Get<RetentionRules>().Pin(run) };
        await host.Get<RunStore>().AddAsync(run, cancellationToken);
        await host.Get<ILogStore>().AppendAsync($"transcripts/{run.Id}", ["{}"u8.ToArray()], null, cancellationToken);
        return run;
    }

    private static Task EndAsync(
        RunHost host, IEnumerable<(RunRecord Run, RunStatus Status, DateTimeOffset EndedAt)> all,
        CancellationToken cancellationToken) => host.Get<RunIndexLog>().AppendAsync(
        all.Select(static one => new RunIndexEntry(RunIndexEntry.Confirmed, one.Run.Id, one.EndedAt.UtcTicks)
        {
            Seen = long.MaxValue,
            End = new IndexedEnd { Status = one.Status, At = one.EndedAt.UtcTicks },
        }),
        cancellationToken);

    private static bool IsHeld(RunRecord run) => run.Labels.ContainsKey("case");

    private static TimeSpan TimeToLive(RunRecord run, RunStatus status) => TimeSpan.FromDays(
        run.Labels.ContainsKey("team") ? 30 : status == RunStatus.Failed ? 5 : 90);
}
