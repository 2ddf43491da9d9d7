using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Gateway;

[CancelAfter(300_000)]
internal sealed class AdmissionTests
{
    private static readonly Caller Anna = new("key:anna") { Roles = [CallerRoles.Submitter] };

    [Test]
    public async Task Submit_AHundredTimesAtOnceUnderOneKey_IsOneRunAndOneAuditEntry()
    {
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Say("done"));
        var request = new RunRequest { Goal = "Go." };

        Run[] runs = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => host.Gateway.SubmitAsync(request, Anna, "k")));

        Assert.That(runs.Select(run => run.Id).Distinct().Count(), Is.EqualTo(1));
        Assert.That((await AuditAsync(host)).Count(entry => entry.Type == AuditTypes.RunSubmitted), Is.EqualTo(1));
        await host.Reader.WaitForEndAsync(runs[0].Id);
        Assert.That(host.Model.Count, Is.EqualTo(1));
    }

    [Test]
    public async Task Submit_RepeatedWhenItsAgentIsGone_IsTheSameRun()
    {
        bool hasAgent = true;
        await using RunHost host = await RunHost.StartAsync(
            services =>
            {
                if (hasAgent)
                {
                    services.AddAgent(Agent.Create("helper").WithInstructions("Help.").Build());
                }
            },
            _ => ChatReply.Say("done"));
        var request = new RunRequest { Goal = "Go.", Agent = "helper" };
        Run first = await host.Gateway.SubmitAsync(request, Anna, "k");
        await host.Reader.WaitForEndAsync(first.Id);

        hasAgent = false;
        await host.RestartAsync();

        Assert.That((await host.Gateway.SubmitAsync(request, Anna, "k")).Id, Is.EqualTo(first.Id));
        Assert.That(() => host.Gateway.SubmitAsync(request, Anna, "other"), Fails(ErrorCode.AgentNotFound));
        Assert.That(() => host.Gateway.SubmitAsync(request with { Goal = "Stay." }, Anna, "k"),
            Fails(ErrorCode.IdempotencyKeyReused));
    }

    [Test]
    public async Task Submit_RepeatedWhenItsQuotaIsUsedUp_IsTheSameRun()
    {
        await using RunHost host = await RunHost.StartAsync(
            _ => ChatReply.Say("done"), null, null,
            ("Gateway:Quotas:0:Name", "calls"), ("Gateway:Quotas:0:Caller", "*"), ("Gateway:Quotas:0:Per", "Day"),
            ("Gateway:Quotas:0:Runs", "1"));
        var request = new RunRequest { Goal = "Go." };
        Run first = await host.Gateway.SubmitAsync(request, Anna, "k");

        Assert.That(() => host.Gateway.SubmitAsync(request, Anna, "other"), Fails(ErrorCode.QuotaExceeded));
        Assert.That((await host.Gateway.SubmitAsync(request, Anna, "k")).Id, Is.EqualTo(first.Id));
        await host.Reader.WaitForEndAsync(first.Id);
    }

    [Test]
    public async Task Submit_Refused_LeavesTheKeyForTheCorrectedRequest()
    {
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Say("done"));

        Assert.That(() => host.Gateway.SubmitAsync(new RunRequest { Goal = "Go.", Agent = "wrker" }, Anna, "k"),
            Fails(ErrorCode.AgentNotFound));
        Run run = await host.Gateway.SubmitAsync(new RunRequest { Goal = "Go.", Agent = "worker" }, Anna, "k");

        Assert.That((await host.Reader.WaitForEndAsync(run.Id)).Status, Is.EqualTo(RunStatus.Completed));
    }

    [Test]
    public async Task Submit_OverAQuota_WorksUnderTheSameKeyInTheNextWindow()
    {
        await using RunHost host = await RunHost.StartAsync(
            _ => ChatReply.Say("done"), null, null,
            ("Gateway:Quotas:0:Name", "red"), ("Gateway:Quotas:0:Label", "team=red"), ("Gateway:Quotas:0:Per", "Day"),
            ("Gateway:Quotas:0:Runs", "1"));
        RunRequest Of(string team) => new() { Goal = "Go.", Labels = new Dictionary<string, string> { ["team"] = team } };
        await host.Reader.WaitForEndAsync((await host.Gateway.SubmitAsync(Of("red"), Anna)).Id);

        Assert.That(() => host.Gateway.SubmitAsync(Of("red"), Anna, "k"), Fails(ErrorCode.QuotaExceeded));
        Assert.That(() => host.Gateway.SubmitAsync(Of("red"), Anna, "k"), Fails(ErrorCode.QuotaExceeded));
        Run run = await host.Gateway.SubmitAsync(Of("blue"), Anna, "k");

        Assert.That((await host.Reader.WaitForEndAsync(run.Id)).Status, Is.EqualTo(RunStatus.Completed));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Submit_CutOffByACrash_IsCompletedByTheSameRequest(bool afterTheRecord)
    {
        var crash = new CrashingRecords { CrashesAfter = afterTheRecord };
        await using RunHost host = await RunHost.StartAsync(crash.Install, _ => ChatReply.Say("done"));
        var request = new RunRequest { Goal = "Go." };

        crash.IsArmed = true;
        Assert.That(() => host.Gateway.SubmitAsync(request, Anna, "k"), Throws.TypeOf<IOException>());
        crash.IsArmed = false;
        await host.RestartAsync();
        Run run = await host.Gateway.SubmitAsync(request, Anna, "k");
        Run again = await host.Gateway.SubmitAsync(request, Anna, "k");

        Assert.That(again.Id, Is.EqualTo(run.Id));
        Assert.That((await host.Reader.WaitForEndAsync(run.Id)).Status, Is.EqualTo(RunStatus.Completed));
        Assert.That((await AuditAsync(host)).Count(entry => entry.Type == AuditTypes.RunSubmitted), Is.EqualTo(1));
        Assert.That((await host.JournalAsync(run.Id)).Count(e => e.Type == JournalEventTypes.RunSubmitted), Is.EqualTo(1));
    }

    [Test]
    public async Task Fork_RepeatedWhenNothingIsLeft_IsTheSameRun()
    {
        await using RunHost host = await RunHost.StartAsync(
            request => request.Tools.Count == 0 ? ChatReply.Say("so far") : ChatReply.Call("echo", new { text = "x" }),
            [AgentTool.Create("echo", "Repeats.", ToolEffect.None, (string text) => text)]);
        Run first = await host.RunAsync(request: new() { Budget = new Budget { Steps = 12 } });
        RunForking forking = host.Get<RunForking>();
        await host.Steering.GrantAsync(first.Id, new Budget { Steps = 4 });
        await host.Reader.WaitForEndAsync(first.Id);
        Run granted = await forking.ForkAsync(first.Id, new ForkRequest { Turn = 1, Budget = new Budget { Steps = 3 } },
            idempotencyKey: "own");
        await host.Reader.WaitForEndAsync(granted.Id);

        Assert.That((await forking.ForkAsync(first.Id, new ForkRequest { Turn = 1, Budget = new Budget { Steps = 3 } },
            idempotencyKey: "own")).Id, Is.EqualTo(granted.Id));
        Assert.That(() => forking.ForkAsync(first.Id, new ForkRequest { Turn = 1 }, idempotencyKey: "rest"),
            Fails(ErrorCode.RunStateForbids));
        Assert.That(
            async () => await forking.ForkAsync(first.Id, new ForkRequest { Turn = 1, Budget = new Budget { Steps = 2 } },
                idempotencyKey: "rest"),
            Throws.Nothing, "a refused fork leaves its key");
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Fork_OfWhatIsLeftCutOffByACrash_TakesItOnce(bool afterTheRecord)
    {
        var crash = new CrashingRecords { CrashesAfter = afterTheRecord };
        await using RunHost host = await RunHost.StartAsync(
            crash.Install, request => request.Turn < 2 ? ChatReply.Call("echo", new { text = "x" }) : ChatReply.Say("done"),
            [AgentTool.Create("echo", "Repeats.", ToolEffect.None, (string text) => text)]);
        Run first = await host.RunAsync(request: new() { Budget = new Budget { Steps = 12 } });

        crash.IsArmed = true;
        Assert.That(() => host.Get<RunForking>().ForkAsync(first.Id, new ForkRequest { Turn = 1 }, Anna, "k"),
            Throws.TypeOf<IOException>());
        crash.IsArmed = false;
        await host.RestartAsync();
        Run fork = await host.Get<RunForking>().ForkAsync(first.Id, new ForkRequest { Turn = 1 }, Anna, "k");

        Assert.That((await host.Reader.WaitForEndAsync(fork.Id)).Budget!.Granted.Steps, Is.EqualTo(12 - first.Steps));
        Assert.That((await host.Get<RunForking>().ForkAsync(first.Id, new ForkRequest { Turn = 1 }, Anna, "k")).Id,
            Is.EqualTo(fork.Id), "nothing is left, and it is the same run");
    }

    [Test]
    public async Task Submit_RepeatedUnderItsKey_LeavesNoRecordOfAnIdThatCameToNothing()
    {
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Say("done"));
        Run run = await host.Gateway.SubmitAsync(new RunRequest { Goal = "Go." }, Caller.Local, "k");
        await host.Gateway.SubmitAsync(new RunRequest { Goal = "Go." }, Caller.Local, "k");
        Assert.That(() => host.Gateway.SubmitAsync(new RunRequest { Goal = "Another." }, Caller.Local, "k"),
            Fails(ErrorCode.IdempotencyKeyReused));

        string[] marks = await host.Get<IRecordStore>().ListAsync("claims/", null, default)
            .Select(static record => record.Key).ToArrayAsync();

        Assert.That(marks.Single(), Does.StartWith($"claims/{run.Id}/"));
        await host.Reader.WaitForEndAsync(run.Id);
    }

    private static NUnit.Framework.Constraints.IResolveConstraint Fails(ErrorCode code) =>
        Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(code);

    private static async Task<List<AuditEntry>> AuditAsync(RunHost host)
    {
        var entries = new List<AuditEntry>();
        await foreach (AuditEntry entry in host.Get<AuditLog>().ReadAsync())
        {
            entries.Add(entry);
        }

        return entries;
    }

    /// <summary>A store that is cut off just before, or just after, the next run is put on record.</summary>
    private sealed class CrashingRecords
    {
        public bool IsArmed { get; set; }

        public bool CrashesAfter { get; init; }

        public void Install(IServiceCollection services) => services.Wrap<IRecordStore>(inner => new Store(this, inner));

        private sealed class Store(CrashingRecords crash, IRecordStore inner) : IRecordStore
        {
            public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken) =>
                inner.GetAsync(key, cancellationToken);

            public async Task<string> PutAsync(string key, ReadOnlyMemory<byte> value, RecordCondition condition,
                CancellationToken cancellationToken)
            {
                bool isCut = crash.IsArmed && key.StartsWith("runs/", StringComparison.Ordinal);
                if (isCut && !crash.CrashesAfter)
                {
                    throw new IOException("cut off");
                }

                string etag = await inner.PutAsync(key, value, condition, cancellationToken);
                return isCut ? throw new IOException("cut off") : etag;
            }

            public Task DeleteAsync(string key, RecordCondition condition, CancellationToken cancellationToken) =>
                inner.DeleteAsync(key, condition, cancellationToken);

            public IAsyncEnumerable<StoredRecord> ListAsync(string prefix, string? after, CancellationToken cancellationToken) =>
                inner.ListAsync(prefix, after, cancellationToken);
        }
    }
}
