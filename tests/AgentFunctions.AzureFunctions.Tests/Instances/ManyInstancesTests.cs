using System.Globalization;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.KillSwitch;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Signals;
using AgentFunctions.Monitors.Ticks;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Views;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AzureFunctions.Tests.Instances;

/// <summary>
/// Runs, swarms, approvals, a monitor and the kill switch spread over two and four instances, one of which is killed in the
/// middle of a request to the storage account, before it is sent or before it is answered: nothing is lost, nothing happens
/// twice, and no model is asked twice but for what was in flight. <c>AGENTFUNCTIONS_INSTANCES=20</c> repeats it with other seeds.
/// </summary>
[CancelAfter(3_600_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Category(AzuriteServer.Category)]
public sealed class ManyInstancesTests
{
    private const int Runs = 6;

    private static readonly Caller s_caller = new("test") { Roles = [CallerRoles.Submitter] };
    private static readonly Caller s_lead = new("lee") { Roles = ["lead"] };
    private static readonly string s_policy = new TemporaryFolder().File("policy.yaml");

    private readonly SignalDefinition _signal = new() { Name = "file", File = new FileSignal { Path = s_policy } };
    private readonly World _world = new();

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    private static IEnumerable<int[]> Repeated =>
        from repetition in Enumerable.Range(0, Math.Max(Repetitions, 1))
        from instances in (int[])[2, 4]
        select (int[])[instances, (instances * 1_000) + repetition];

    private static int Repetitions =>
        int.TryParse(Environment.GetEnvironmentVariable("AGENTFUNCTIONS_INSTANCES"), CultureInfo.InvariantCulture, out int count)
            ? count
            : 0;

    [OneTimeSetUp]
    public static void WritePolicy() => File.WriteAllText(
        s_policy,
        """
        rules:
          - { name: ask, when: { tool: order }, then: ask, approval: { roles: [lead] } }
          - { name: pay, when: { tool: pay }, then: allow }
          - { name: note, when: { tool: note }, then: allow }
          - { name: hang, when: { tool: hang }, then: allow }
        """);

    [TestCaseSource(nameof(Repeated))]
    public async Task Everything_OneInstanceKilled_NothingLostAndNothingTwice(int instances, int seed)
    {
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(_world.Answer);
        await using InstanceSet set = await StartAsync(instances, seed, model);
        var random = new Random(seed);
        Instance victim = set.All[random.Next(instances)];
        (int requests, bool isSent) = (1 + random.Next(8), random.Next(2) == 0);
        set.At = (10 + random.Next(120), () => victim.KillAt(requests, isSent));

        await set.CallAsync(instance => instance.Get<MonitorService>().PutAsync(
            new MonitorDefinition { Name = "watch", Schedule = new() { Every = TimeSpan.FromSeconds(1) }, Signals = [_signal] },
            cancellationToken: Cancel));
        var runs = new List<Run>();
        for (int i = 0; i < Runs; i++)
        {
            runs.Add(await SubmitAsync(set, "worker", $"Work {i}."));
        }

        Run lead = await SubmitAsync(set, "lead", "Lead.");
        Run[] asking = [await SubmitAsync(set, "worker", "Ask 1."), await SubmitAsync(set, "worker", "Ask 2.")];
        foreach (Run run in asking)
        {
            await ApproveAsync(set, run.Id);
        }

        foreach (Run run in runs.Concat(asking).Append(lead))
        {
            Run ended = await set.CallAsync(instance => instance.Get<RunReader>().WaitForEndAsync(run.Id, Cancel));
            Assert.That((ended.Status, ended.Error?.Message), Is.EqualTo((RunStatus.Completed, (string?)null)),
                $"{run.Goal} (seed {seed})");
        }

        await Poll.UntilAsync(() => !victim.IsAlive, Cancel, "one instance was killed");
        Assert.That(set.All.Select(static instance => instance.Steps), Is.All.Positive, "each instance took part");
        await HoldsAsync(set, runs, lead, asking, seed);
    }

    [TestCase("stuck", KillScope.Tool, "hang")]
    [TestCase("pensive", KillScope.Agent, "pensive")]
    [TestCase("pensive", KillScope.All, "")]
    public async Task Kill_OnOneInstance_StopsCallsInFlightOnAnother(string agent, KillScope scope, string name)
    {
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(_world.Answer);
        await using InstanceSet set = await StartAsync(2, 1, model);
        Run run = await SubmitAsync(set, agent, "Hang.");
        await Poll.UntilAsync(async () => !_world.Hanging.IsEmpty || await EndedAsync(set, run.Id), Cancel,
            "the call is in flight");
        Assert.That(_world.Hanging, Is.Not.Empty);
        Instance other = set.All.Single(instance => instance.Number != _world.Hanging.Single());

        await other.Get<KillOrders>()
            .EngageAsync(scope, name, new Caller("olga") { Roles = [CallerRoles.Operator] }, "mad", Cancel);

        // No timer has fired on the instance that makes the call: its first step started what watches for orders.
        await Poll.UntilAsync(() => !_world.Stopped.IsEmpty, Cancel, "the call is stopped by the instance that makes it");
        Assert.That(_world.Stopped.First(), Is.Not.EqualTo(other.Number));
        if (scope != KillScope.Tool)
        {
            await Poll.UntilAsync(() => EndedAsync(set, run.Id), Cancel, "the run has ended");
            Assert.That((await other.Get<RunReader>().GetAsync(run.Id, Cancel)).Status, Is.EqualTo(RunStatus.Cancelled));
            Assert.That(_world.Hanging, Has.Count.EqualTo(1), "the model is not asked again");
        }
    }

    /// <summary>
    /// Starts them, with time limits that no slow machine reaches: a call that is given up would be asked twice.
    /// </summary>
    private Task<InstanceSet> StartAsync(int count, int seed, OpenAIProtocolServer model) => InstanceSet.StartAsync(
        count,
        seed,
        model,
        _world.AddTo,
        new("Governance:PolicyPath", s_policy),
        new("Models:test:AttemptTimeout", "02:00:00"),
        new("Models:test:StreamIdleTimeout", "02:00:00"),
        new("Models:test:AnswerTimeout", "02:00:00"),
        new("Swarm:StepTimeout", "02:00:00"),
        new("Swarm:MaxDuration", "02:00:00"));

    /// <summary>Whether a run has ended; that it failed fails the test.</summary>
    private static async Task<bool> EndedAsync(InstanceSet set, string runId)
    {
        Run run = await set.CallAsync(instance => instance.Get<RunReader>().GetAsync(runId, Cancel));
        Assert.That((run.Status, run.Error?.Message), Is.Not.EqualTo((RunStatus.Failed, run.Error?.Message)), run.Goal);
        return run.IsEnded;
    }

    private static Task<Run> SubmitAsync(InstanceSet set, string agent, string goal)
    {
        // A caller whose connection broke sends the same request again.
        string key = Guid.NewGuid().ToString("N");
        return set.CallAsync(instance => instance.Get<AgentGateway>()
            .SubmitAsync(new RunRequest { Agent = agent, Goal = goal }, s_caller, key, Cancel));
    }

    private async Task HoldsAsync(InstanceSet set, List<Run> runs, Run lead, Run[] asking, int seed)
    {
        const int Work = World.Turns;
        string[] paid = [.. _world.Payments.Keys.Order(StringComparer.Ordinal)];
        Assert.That(_world.Payments.Values, Is.All.EqualTo(1), $"no payment twice (seed {seed})");
        Assert.That(paid, Has.Length.EqualTo((runs.Count * Work) + World.Children + asking.Length),
            $"no payment is lost (seed {seed})");
        Assert.That(_world.Notes, Has.Count.EqualTo(runs.Count * Work), $"no note is lost (seed {seed})");

        int questions = (runs.Count * (Work + 1)) + (asking.Length * 2) + 3 + (World.Children * 2);
        TestContext.Progress.WriteLine(
            $"{set.All.Count} instances, seed {seed}: {paid.Length} payments, {_world.Notes.Count} notes, {_world.Questions - questions} model calls asked "
            + $"again; in flight when one was killed: {set.CutOffModelCalls} model calls, {set.CutOffToolCalls} tool calls");
        Assert.That(_world.Questions, Is.InRange(questions, questions + set.CutOffModelCalls),
            $"nothing asked twice but what was in flight (seed {seed})");

        Instance other = set.Any();
        foreach (Run run in runs)
        {
            await TranscriptIsWholeAsync(other, run.Id, Work, seed);
        }

        RunTree tree = await other.Get<RunTreeReader>().GetAsync(lead.Id, Cancel);
        Assert.That(tree.Children.Select(static child => child.Run.Status),
            Is.EqualTo(Enumerable.Repeat(RunStatus.Completed, World.Children)), $"(seed {seed})");

        AuditVerification audit = await other.Get<AuditLog>().VerifyAsync(Cancel);
        Assert.That((audit.Holds, audit.Problem), Is.EqualTo((true, (string?)null)), $"the audit log is one chain (seed {seed})");

        IReadOnlyList<TickRecord> ticks = await other.Get<MonitorService>().GetHistoryAsync("watch", 1_000, Cancel);
        Assert.That(ticks, Is.Not.Empty);
        Assert.That(ticks.Select(static tick => tick.Id), Is.Unique, $"no tick twice (seed {seed})");
    }

    /// <summary>Each turn once, and each of its calls with one result.</summary>
    private static async Task TranscriptIsWholeAsync(Instance instance, string runId, int turns, int seed)
    {
        var replies = new List<int>();
        var calls = new List<string>();
        var results = new List<string>();
        await foreach (TranscriptEntry entry in instance.Get<Transcript>().ReadAsync(runId, 0, null, Cancel))
        {
            if (entry.Message.Role == ChatRole.Assistant)
            {
                replies.Add(entry.Turn);
            }

            calls.AddRange(entry.Message.Contents.OfType<FunctionCallContent>().Select(static call => call.CallId));
            results.AddRange(entry.Message.Contents.OfType<FunctionResultContent>().Select(static result => result.CallId));
        }

        Assert.That(replies, Is.EqualTo(Enumerable.Range(1, turns + 1)), $"each turn once (seed {seed})");
        Assert.That(results, Is.EquivalentTo(calls), $"each call with one result (seed {seed})");

        var completed = new List<(int?, int?)>();
        int ends = 0;
        await foreach ((_, JournalEvent happened) in instance.Get<Journal>().ReadAsync(runId, 0, null, Cancel))
        {
            if (happened.Type == JournalEventTypes.ToolCompleted)
            {
                completed.Add((happened.Turn, happened.Call));
            }

            ends += happened.Type == JournalEventTypes.RunEnded ? 1 : 0;
        }

        Assert.That(completed, Has.Count.EqualTo(calls.Count).And.Unique, $"the journal has each call once (seed {seed})");
        Assert.That(ends, Is.EqualTo(1), $"one end (seed {seed})");
    }

    private static async Task ApproveAsync(InstanceSet set, string runId)
    {
        Approval asked = await Poll.ForAsync(LookAsync, Cancel);
        await set.CallAsync(instance => instance.Get<ApprovalService>().DecideAsync(asked.Id, s_lead, true, null, null, Cancel));

        async Task<Approval?> LookAsync()
        {
            IReadOnlyList<Approval> open =
                await set.CallAsync(instance => instance.Get<ApprovalService>().ListAsync(null, Cancel));
            Approval? approval = open.FirstOrDefault(approval => approval.RunId == runId
                && approval.State == ApprovalState.Pending);
            Run run = await set.CallAsync(instance => instance.Get<RunReader>().GetAsync(runId, Cancel));
            Assert.That(approval is null && run.IsEnded, Is.False, $"{run.Goal} ended before it asked: {run.Status} {run.Error}");
            return approval;
        }
    }
}
