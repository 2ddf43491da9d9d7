using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Reviews;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Testing;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.Storage;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentFunctions.Tests.Governance.Reviews;

[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ReviewTests
{
    private static readonly Caller Rita = new("key:rita") { Roles = ["reviewer"] };
    private static readonly (string, string)[] Two =
    [
        ("Reviews:Queues:0:Label", "team"), ("Reviews:Queues:0:Capacity", "2"), ("Reviews:Queues:0:Roles:0", "reviewer"),
        ("Reviews:Queues:0:NotRequester", "true"),
    ];

    private readonly ConcurrentQueue<string> _written = new();

    [Test]
    public async Task Run_QueueFull_WaitsDurablyAndGoesOnWhenSomebodyHasReviewed(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(5, Two);
        ReviewService desk = host.Get<ReviewService>();
        Run run = await host.Gateway.SubmitAsync(Labelled("red"), new Caller("key:anna"), cancellationToken: cancellationToken);
        run = await WaitingAsync(host, run.Id, cancellationToken);

        Assert.That(_written, Is.EqualTo(new[] { "1", "2" }));
        Assert.That((run.WaitingFor!.Kind, run.WaitingFor.Id), Is.EqualTo(("reviewCapacity", "team=red")));
        Assert.That((await host.RunAsync("Go.", Labelled("none") with { Labels = null })).Status, Is.EqualTo(RunStatus.Completed),
            "no label, no queue");
        Assert.That(_written, Has.Count.EqualTo(7));

        await host.RestartAsync();
        desk = host.Get<ReviewService>();
        ReviewQueue queue = (await desk.ListAsync(Rita, cancellationToken)).Single();
        Assert.That((queue.Label, queue.Capacity, queue.Waiting), Is.EqualTo(("team=red", 2, 1)));
        Assert.That(queue.Changes.Select(change => change.Arguments),
            Is.EqualTo(new[] { """{"text":"1"}""", """{"text":"2"}""" }));
        Assert.That((await WaitingAsync(host, run.Id, cancellationToken)).WaitingFor!.Kind, Is.EqualTo("reviewCapacity"));

        await desk.AcceptAsync([queue.Changes[0].Id], null, Rita, "fine", cancellationToken);
        await Poll.UntilAsync(async () => _written.Count >= 8
            && (await desk.ListAsync(null, cancellationToken)).Single().Waiting > 0, cancellationToken);

        Assert.That(_written.Skip(7), Is.EqualTo(new[] { "3" }), "room for one, and one only");
        await desk.AcceptAsync(null, run.Id, Rita, cancellationToken: cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That((run.Status, _written.Skip(7).Last()), Is.EqualTo((RunStatus.Completed, "5")));
        var audited = new List<AuditEntry>();
        await foreach (AuditEntry entry in host.Get<AuditLog>().ReadAsync(run.Id, cancellationToken: cancellationToken))
        {
            audited.Add(entry);
        }

        Assert.That(audited.Where(entry => entry.Type == AuditTypes.ChangeReviewed).Select(entry => (entry.Actor, entry.Rule)),
            Is.EqualTo(Enumerable.Repeat(("key:rita", "team=red"), 3)));
        Assert.That(audited.Count(entry => entry.Type == AuditTypes.CallFinished && entry.Failed != true), Is.EqualTo(5),
            "each was made once");
    }

    [Test]
    public async Task Run_ManyCallsAtOnce_NeverPassesTheCapacity(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(1, Two, atOnce: 6);
        ReviewService desk = host.Get<ReviewService>();
        Run run = await host.SubmitAsync("Go.", Labelled("red"));
        for (int accepted = 0; accepted < 6; accepted++)
        {
            // Until every call that is left has looked: those that found room, and those that wait.
            int left = 6 - accepted;
            ReviewQueue queue = (await Poll.ForAsync(
                async () => (await desk.ListAsync(null, cancellationToken)).SingleOrDefault(),
                queue => queue?.Changes.Count + queue?.Waiting == left && queue!.Changes.Count >= Math.Min(2, left)
                    && _written.Count >= 6 - left + queue.Changes.Count,
                cancellationToken))!;

            Assert.That(queue.Changes, Has.Count.EqualTo(Math.Min(2, 6 - accepted)));
            Assert.That(_written, Has.Count.EqualTo(Math.Min(6, accepted + 2)));
            await desk.AcceptAsync([queue.Changes[0].Id], null, Rita, cancellationToken: cancellationToken);
        }

        Assert.That((await host.Reader.WaitForEndAsync(run.Id, cancellationToken)).Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(_written.Order(), Is.EqualTo(new[] { "1", "2", "3", "4", "5", "6" }));
    }

    [Test]
    public async Task Cancel_RunThatWaits_LetsTheNextHaveTheRoom(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(3, Two);
        Run first = await host.SubmitAsync("Go.", Labelled("red"));
        await WaitingAsync(host, first.Id, cancellationToken);
        Run second = await host.SubmitAsync("Go.", Labelled("red"));
        await WaitingAsync(host, second.Id, cancellationToken);

        await host.Steering.CancelAsync(first.Id, cancellationToken: cancellationToken);
        await host.Reader.WaitForEndAsync(first.Id, cancellationToken);
        await host.Get<ReviewService>().AcceptAsync(null, first.Id, Rita, cancellationToken: cancellationToken);
        await WaitingAsync(host, second.Id, cancellationToken);

        await Poll.UntilAsync(() => _written.Count >= 4, cancellationToken);

        await host.Get<ReviewService>().AcceptAsync(null, second.Id, Rita, cancellationToken: cancellationToken);
        Assert.That((await host.Reader.WaitForEndAsync(second.Id, cancellationToken)).Status, Is.EqualTo(RunStatus.Completed));
    }

    [Test]
    public async Task Accept_WithoutTheRoleOrOnesOwn_IsRefusedNamingTheRuleAndChangesNothing(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(1, Two);
        ReviewService desk = host.Get<ReviewService>();
        var anna = new Caller("key:anna") { Roles = [CallerRoles.Submitter, "reviewer"] };
        Run run = await host.Gateway.SubmitAsync(Labelled("red"), anna, cancellationToken: cancellationToken);
        await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        ErrorCode CodeOf(Caller caller) => Assert.ThrowsAsync<AgentException>(
            () => desk.AcceptAsync(null, run.Id, caller, cancellationToken: cancellationToken))!.Code;

        Assert.That(CodeOf(anna), Is.EqualTo(ErrorCode.NotAllowed), "its own");
        Assert.That(CodeOf(new Caller("key:vera") { Roles = [CallerRoles.Viewer] }), Is.EqualTo(ErrorCode.NotAllowed),
            "may look");
        Assert.That(CodeOf(new Caller("key:root") { Roles = [CallerRoles.Admin] }), Is.EqualTo(ErrorCode.NotAllowed),
            "takes the role");
        Assert.That(CodeOf(new Caller("key:ben") { Roles = [CallerRoles.Submitter] }), Is.EqualTo(ErrorCode.ReviewNotFound),
            "may not even look");
        Assert.That((await desk.ListAsync(new Caller("key:ben"), cancellationToken)), Is.Empty);
        Assert.That(await desk.AcceptAsync(null, run.Id, Rita, cancellationToken: cancellationToken), Has.Count.EqualTo(1));
    }

    [TestCase("Reviews:Queues:0:Capacity", "0", "Reviews:Queues:0:Capacity")]
    [TestCase("Reviews:Queues:0:Capasity", "5", "Capasity")]
    [TestCase("Reviews:Queues:1:Capacity", "5", "Reviews:Queues:1:Label")]
    public void Start_SettingIsWrong_NamesTheField(string key, string value, string field) => Assert.That(
        async () => await StartAsync(1, [.. Two.Where(setting => setting.Item1 != key), (key, value)]),
        Throws.Exception.With.Message.Contains(field));

    [Test]
    public async Task Accept_CallerLeavesOnceItIsStored_IsAuditedAndTheRunGoesOn(CancellationToken cancellationToken)
    {
        using var caller = new LeavingCaller("reviews/");
        await using RunHost host = await StartAsync(3, Two, services: caller.Install);
        Run run = await host.Gateway.SubmitAsync(Labelled("red"), new Caller("key:anna"), cancellationToken: cancellationToken);
        await WaitingAsync(host, run.Id, cancellationToken);

        caller.IsAboutToLeave = true;
        IReadOnlyList<Change> accepted = await host.Get<ReviewService>().AcceptAsync(null, run.Id, Rita, "fine", caller.Token);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(caller.Token.IsCancellationRequested);
        Assert.That((run.Status, accepted.Count), Is.EqualTo((RunStatus.Completed, 2)));
        Assert.That(
            await host.Get<AuditLog>().ReadAsync(run.Id, 0, cancellationToken)
                .CountAsync(static entry => entry.Type == AuditTypes.ChangeReviewed, cancellationToken),
            Is.EqualTo(2));
    }

    private static RunRequest Labelled(string team) =>
        new() { Goal = "Go.", Labels = new Dictionary<string, string> { ["team"] = team } };

    private static Task<Run> WaitingAsync(RunHost host, string id, CancellationToken cancellationToken) =>
        host.UntilAsync(id, static run => run.Status == RunStatus.Waiting, cancellationToken);

    [Test]
    public async Task Queue_ThatNobodyTouches_IsMeasuredAgainAndAgain(CancellationToken cancellationToken)
    {
        var time = new VirtualTime(new DateTimeOffset(2026, 11, 2, 8, 0, 0, TimeSpan.Zero));
        await using RunHost host = await StartAsync(1, Two);
        await host.RunAsync("Go.", Labelled("unread"));
        var ages = new ConcurrentQueue<double>();
        using var meter = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name == "agentfunctions.reviews.age")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        meter.SetMeasurementEventCallback<double>((_, age, tags, _) =>
        {
            if (tags.ToArray().Any(static tag => tag.Value is "team=unread"))
            {
                ages.Enqueue(age);
            }
        });
        meter.Start();
        using var measuring = new ReviewMeter(
            host.Get<ReviewStateStore>(), NullLogger<ReviewMeter>.Instance, time);

        await measuring.StartAsync(cancellationToken);
        await Poll.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMinutes(1));
                return Task.FromResult(ages.Count >= 2);
            },
            cancellationToken);
        await measuring.StopAsync(cancellationToken);

        Assert.That(ages.Last(), Is.GreaterThan(ages.First()));
    }

    [Test]
    public async Task Accept_LogIsAwayInBetween_LeavesTheChangeToBeReviewedAgain(CancellationToken cancellationToken)
    {
        bool isAway = false;
        await using RunHost host = await StartAsync(
            1, Two, services: services => services.Wrap<ILogStore>(inner => new AwayLog(inner, () => isAway)));
        Run run = await host.RunAsync("Go.", Labelled("red"));

        isAway = true;
        Assert.That(() => host.Get<ReviewService>().AcceptAsync(null, run.Id, Rita, "fine", cancellationToken),
            Throws.InstanceOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.EngineUnavailable));
        isAway = false;
        IReadOnlyList<Change> accepted = await host.Get<ReviewService>().AcceptAsync(
            null, run.Id, Rita, "fine", cancellationToken);

        Assert.That(accepted, Has.Count.EqualTo(1));
        Assert.That(
            await host.Get<AuditLog>().ReadAsync(run.Id, cancellationToken: cancellationToken)
                .CountAsync(static entry => entry is { Type: AuditTypes.ChangeReviewed, Actor: "key:rita" }, cancellationToken),
            Is.EqualTo(1));
    }

    /// <summary>A store whose audit log is away at times.</summary>
    private sealed class AwayLog(ILogStore inner, Func<bool> isAway) : DelegatingLogStore(inner)
    {
        public override Task<long> AppendAsync(string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries,
            long? expectedPosition = null, CancellationToken cancellationToken = default) =>
            isAway() && stream.StartsWith(AuditLog.Stream, StringComparison.Ordinal)
                ? throw new AgentException(ErrorCode.EngineUnavailable, "The store is away.")
                : base.AppendAsync(stream, entries, expectedPosition, cancellationToken);
    }

    private Task<RunHost> StartAsync(int turns, (string, string)[] settings, int atOnce = 1,
        Action<IServiceCollection>? services = null)
    {
        int made = 0;
        return RunHost.StartAsync(
            services ?? (static _ => { }),
            request => request.Turn < turns
                ? new ChatReply
                {
                    Calls = [.. Enumerable.Range((request.Turn * atOnce) + 1, atOnce)
                    .Select(text => ChatReplyCall.Of("write", new { text = $"{text}" }))]
                }
                : ChatReply.Say("done"),
            [
                AgentTool.Create("write", "Writes.", ToolEffect.NotIdempotent, (string text) =>
                {
                    _written.Enqueue(text);
                    return $"{Interlocked.Increment(ref made)}";
                }),
            ],
            null, settings);
    }
}
