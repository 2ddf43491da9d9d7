using System.Text;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Gateway.Erasure;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Options;
using AgentFunctions.Keys;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Views;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Gateway.Erasure;

[CancelAfter(600_000)]
internal sealed class EraseTests
{
    private static readonly string[] Phases = [.. ErasePhases.All];

    [Test]
    public async Task Erase_OfATree_LeavesNoByteOfItInTheFiles([Values] bool keyFolder, CancellationToken cancellationToken)
    {
        using var keys = new TemporaryFolder();
        await using ErasureScene scene = await ErasureScene.StartAsync(services =>
        {
            if (keyFolder)
            {
                services.Configure<GovernanceOptions>(options => options.KeyFolder = keys.Path);
            }
        });
        string id = await scene.RunAsync(cancellationToken);
        Assert.That(scene.Found().Where(static kind => kind.Value == 0).Select(static kind => kind.Key), Is.Empty,
            "each kind was there");

        await scene.EraseAsync(id, cancellationToken);

        Assert.That(scene.Found().Where(static kind => kind.Value > 0), Is.Empty);
        await EndsAsync(scene, id, cancellationToken);
    }

    [Test]
    public async Task Erase_StoppedAtEachPhase_EndsTheSame([ValueSource(nameof(Phases))] string phase, [Values] bool afterIt,
        CancellationToken cancellationToken)
    {
        var stop = new PhaseStop(phase, afterIt);
        await using ErasureScene scene = await ErasureScene.StartAsync(services => services.AddSingleton(
            provider => new ErasePhases(provider.GetServices<IErasePhase>().Select(stop.Around),
                provider.GetRequiredService<ErasureNotices>())));
        string id = await scene.RunAsync(cancellationToken);

        await scene.Host.Get<RunErasure>().EraseAsync(new EraseRequest(id, "asked for"), Caller.Local, cancellationToken);
        await stop.Reached.WaitAsync(cancellationToken);
        await scene.Host.RestartAsync();
        await scene.WaitAsync(id, cancellationToken);

        Assert.That(scene.Found().Where(static kind => kind.Value > 0), Is.Empty);
        await EndsAsync(scene, id, cancellationToken);
    }

    [Test]
    public async Task Plan_OfATree_SaysWhatWouldGoAndTouchesNothing(CancellationToken cancellationToken)
    {
        await using ErasureScene scene = await ErasureScene.StartAsync();
        string id = await scene.RunAsync(cancellationToken);

        ErasurePlan plan = await scene.Host.Get<RunErasure>()
            .PlanAsync(new EraseRequest(id, ""), Caller.Local, cancellationToken);

        Assert.That((plan.Runs, plan.Contents, plan.SharedContents, plan.Refusal, plan.AuditEntriesInClear),
            Is.EqualTo((2, 2, 0, (string?)null, 0)));
        Assert.That(plan.Records["ledger"], Is.GreaterThanOrEqualTo(5));
        Assert.That(plan.Entries["transcripts"], Is.GreaterThan(4));
        Assert.That(plan.Workspace, Does.EndWith(id));
        Assert.That((await scene.Host.Reader.GetAsync(id, cancellationToken)).Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(scene.Found().Where(static kind => kind.Value == 0), Is.Empty);
    }

    [Test]
    public async Task Fork_OfAnErasedRun_StandsOnItsOwn(CancellationToken cancellationToken)
    {
        await using ErasureScene scene = await ErasureScene.StartAsync();
        string id = await scene.RunAsync(cancellationToken);
        Run fork = await scene.Host.Get<RunForking>()
            .ForkAsync(id, new ForkRequest { Workspace = ForkFolder.Share }, Caller.Local, null, cancellationToken);
        await scene.Host.Reader.WaitForEndAsync(fork.Id, cancellationToken);

        await scene.EraseAsync(id, cancellationToken);

        (Artifact Artifact, ReadOnlyMemory<byte> Content)? file = await scene.Host.Get<ArtifactStore>()
            .GetAsync(fork.Id, "report.txt", cancellationToken);
        Assert.That(file?.Content.Length, Is.GreaterThan(0));
        string folder = (await scene.Host.Get<RunStore>().GetAsync(fork.Id, cancellationToken)).Workspace!;
        Assert.That(File.Exists(Path.Combine(folder, "notes", "secret.txt")), Is.True, "the folder is the fork's too");
        Assert.That((await scene.Host.Get<RunErasure>().GetAsync(id, Caller.Local, cancellationToken)).SharedWorkspace,
            Is.EqualTo(folder));
        await scene.EraseAsync(fork.Id, cancellationToken);
        Assert.That(Directory.Exists(folder), Is.False);
        Assert.That(scene.Found().Where(static kind => kind.Value > 0), Is.Empty);
    }

    [Test]
    public async Task Erase_OfSameContentInAnotherRun_LeavesThatOne(CancellationToken cancellationToken)
    {
        await using ErasureScene scene = await ErasureScene.StartAsync();
        string one = await scene.RunAsync(cancellationToken), other = await OtherAsync(scene, cancellationToken);
        // As versions before kept it: without a word which trees use it.
        await foreach (StoredRecord reference in scene.Host.Get<IRecordStore>()
            .ListAsync(ContentRefs.Prefix, null, cancellationToken))
        {
            await scene.Host.Get<IRecordStore>().DeleteAsync(reference.Key, default, cancellationToken);
        }

        await scene.EraseAsync(one, cancellationToken);

        Assert.That(await scene.Host.Get<ArtifactStore>().GetAsync(other, "report.txt", cancellationToken), Is.Not.Null);
        await scene.EraseAsync(other, cancellationToken);
        Assert.That(scene.Found()["artifact"], Is.Zero);
    }

    [Test]
    public async Task Erase_WhileRetentionDeletesTheContent_IsCarriedOut(CancellationToken cancellationToken)
    {
        var stop = new PhaseStop(ContentPhase.Name, afterIt: false);
        await using ErasureScene scene = await ErasureScene.StartAsync(services => services.AddSingleton(
            provider => new ErasePhases(provider.GetServices<IErasePhase>().Select(stop.Around),
                provider.GetRequiredService<ErasureNotices>())));
        string id = await scene.RunAsync(cancellationToken);
        bool began = await scene.Host.Get<RunErasure>().ScheduleAsync(id, ErasePhases.OfContent, "short", cancellationToken);
        await stop.Reached.WaitAsync(cancellationToken);

        await scene.EraseAsync(id, cancellationToken);

        Assert.That(began, Is.True);
        Assert.That(scene.Found().Where(static kind => kind.Value > 0), Is.Empty);
        await EndsAsync(scene, id, cancellationToken);
    }

    [Test]
    public async Task Get_AfterTheContentAloneWasDeleted_IsNoErasureOfTheRun(CancellationToken cancellationToken)
    {
        await using ErasureScene scene = await ErasureScene.StartAsync();
        string id = await scene.RunAsync(cancellationToken);
        await scene.Host.Get<RunErasure>().ScheduleAsync(id, ErasePhases.OfContent, "short", cancellationToken);
        await scene.Host.Get<IOrchestrationClient>().WaitForCompletionAsync(EraseFlow.InstanceIdOf(id), cancellationToken);

        Assert.That(
            () => scene.Host.Get<RunErasure>().GetAsync(id, Caller.Local, cancellationToken),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.RunNotFound));
        Assert.That((await scene.Host.Reader.GetAsync(id, cancellationToken)).ContentErasedAt, Is.Not.Null);
        await scene.EraseAsync(id, cancellationToken);
    }

    [Test]
    public async Task Erase_ThatFailed_CanBeAskedForAgain(CancellationToken cancellationToken)
    {
        var stop = new PhaseStop(WorkspacePhase.Name, afterIt: false);
        await using ErasureScene scene = await ErasureScene.StartAsync(services => services.AddSingleton(
            provider => new ErasePhases(provider.GetServices<IErasePhase>().Select(stop.Around),
                provider.GetRequiredService<ErasureNotices>())));
        string id = await scene.RunAsync(cancellationToken);
        await scene.Host.Get<RunErasure>().EraseAsync(new EraseRequest(id, "asked for"), Caller.Local, cancellationToken);
        await stop.Reached.WaitAsync(cancellationToken);
        await scene.Host.Get<IOrchestrationClient>().TerminateAsync(EraseFlow.InstanceIdOf(id), null, false, cancellationToken);
        AgentFunctions.Gateway.Erasure.Erasure failed = await scene.Host.Get<RunErasure>()
            .GetAsync(id, Caller.Local, cancellationToken);
        Caller other = new("user:other") { Roles = [CallerRoles.Viewer] };

        Assert.That(failed.State, Is.EqualTo(ErasureState.Failed));
        Assert.That(
            () => scene.Host.Get<RunAccess>().EnsureAsync(other, id, RunAct.Erase, cancellationToken),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.NotAllowed));
        Assert.That(
            () => scene.Host.Get<RunAccess>().EnsureAsync(Caller.Local, id, RunAct.See, cancellationToken),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.RunErased));
        await scene.Host.Get<RunAccess>().EnsureAsync(Caller.Local, id, RunAct.Erase, cancellationToken);
        await scene.EraseAsync(id, cancellationToken);
        Assert.That(scene.Found().Where(static kind => kind.Value > 0), Is.Empty);
        await EndsAsync(scene, id, cancellationToken);
    }

    [Test]
    public async Task Erase_FolderCannotBeDeleted_ErasesTheRestSaysSoAndGoesOnAfterTheRemedy(CancellationToken cancellationToken)
    {
        await using ErasureScene scene = await ErasureScene.StartAsync();
        string id = await scene.RunAsync(cancellationToken);
        string folder = (await scene.Host.Get<RunStore>().GetAsync(id, cancellationToken)).Workspace!;
        using var elsewhere = new TemporaryFolder();
        Action remedy = UndeletableFolder.Make(folder, elsewhere.Path);

        await scene.Host.Get<RunErasure>().EraseAsync(new EraseRequest(id, "asked for"), Caller.Local, cancellationToken);
        AgentFunctions.Gateway.Erasure.Erasure waiting = await Poll.ForAsync(
            () => scene.Host.Get<RunErasure>().GetAsync(id, Caller.Local, cancellationToken),
            static one => one.State == ErasureState.Waiting,
            cancellationToken);

        Assert.That(waiting.Waits, Does.Contain(folder).And.Contain("Delete it").And.Not.Contain("secret.txt"));
        AuditEntry told = await scene.Host.Get<AuditLog>().ReadAsync(id, 0, cancellationToken).SingleAsync(
            static entry => entry.Type == AuditTypes.RunErasureWaits, cancellationToken);
        Assert.That(told.Reason, Is.EqualTo(waiting.Waits));
        Assert.That(await scene.Host.Get<IRecordStore>().GetAsync($"runs/{id}", cancellationToken), Is.Null, "all else is gone");
        remedy();
        await scene.EraseAsync(id, cancellationToken);
        Assert.That(Directory.Exists(folder), Is.False);
        Assert.That(scene.Found().Where(static kind => kind.Value > 0), Is.Empty);
    }

    [Test]
    public async Task Erase_FolderCannotBeDeletedForDays_GivesUpAndIsTakenUpAgain(CancellationToken cancellationToken)
    {
        var time = new VirtualTime(DateTimeOffset.UnixEpoch.AddYears(56));
        await using ErasureScene scene = await ErasureScene.StartAsync(services => services.AddSingleton<TimeProvider>(time));
        string id = await scene.RunAsync(cancellationToken);
        string folder = (await scene.Host.Get<RunStore>().GetAsync(id, cancellationToken)).Workspace!;
        using var elsewhere = new TemporaryFolder();
        Action remedy = UndeletableFolder.Make(folder, elsewhere.Path);
        await scene.Host.Get<RunErasure>().EraseAsync(new EraseRequest(id, "asked for"), Caller.Local, cancellationToken);

        AgentFunctions.Gateway.Erasure.Erasure failed = await Poll.ForAsync(
            () =>
            {
                time.Advance(TimeSpan.FromHours(6));
                return scene.Host.Get<RunErasure>().GetAsync(id, Caller.Local, cancellationToken);
            },
            static one => one.State == ErasureState.Failed,
            cancellationToken);

        Assert.That(failed.Message, Does.Contain(folder).And.Contain("request the erasure again"));
        remedy();
        await scene.EraseAsync(id, cancellationToken);
        Assert.That(Directory.Exists(folder), Is.False);
    }

    [Test]
    public async Task Erase_FolderThatTheHostDidNotMake_IsLeft(CancellationToken cancellationToken)
    {
        await using ErasureScene scene = await ErasureScene.StartAsync();
        string id = await scene.RunAsync(cancellationToken);
        RunRecord run = await scene.Host.Get<RunStore>().GetAsync(id, cancellationToken);
        string other = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(run.Workspace!)!,
            RunId.New(DateTimeOffset.UnixEpoch))).FullName;
        IRecordStore records = scene.Host.Get<IRecordStore>();
        StoredRecord stored = (await records.GetAsync($"runs/{id}", cancellationToken))!;
        string altered = Encoding.UTF8.GetString(stored.Value.Span).Replace(run.Workspace!, other, StringComparison.Ordinal);
        await records.PutAsync(stored.Key, Encoding.UTF8.GetBytes(altered), default, cancellationToken);

        await scene.EraseAsync(id, cancellationToken);

        Assert.That((Directory.Exists(other), Directory.Exists(run.Workspace)), Is.EqualTo((true, true)),
            "neither is known to be its own");
    }

    [Test]
    public async Task Submit_RepeatedWhileTheRunIsBeingErased_SaysThatItIsAndBeginsNothing(
        [Values(InstancesPhase.Name, RecordsPhase.Name)] string after, CancellationToken cancellationToken)
    {
        var stop = new PhaseStop(after, afterIt: true);
        await using ErasureScene scene = await ErasureScene.StartAsync(services => services.AddSingleton(
            provider => new ErasePhases(provider.GetServices<IErasePhase>().Select(stop.Around),
                provider.GetRequiredService<ErasureNotices>())));
        var request = new RunRequest { Goal = "The same goal." };
        Run run = await scene.Host.Gateway.SubmitWithIdAsync(RunId.New(DateTimeOffset.UnixEpoch), request, Caller.Local, "again",
            cancellationToken);
        await scene.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);
        await scene.Host.Get<RunErasure>().EraseAsync(new EraseRequest(run.Id, "asked for"), Caller.Local, cancellationToken);
        await stop.Reached.WaitAsync(cancellationToken);

        for (int time = 0; time < 2; time++)
        {
            Assert.That(
                () => scene.Host.Gateway.SubmitWithIdAsync(run.Id, request, Caller.Local, "again", cancellationToken),
                Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.RunErased));
        }

        Assert.That(await scene.Host.Get<IOrchestrationClient>().GetAsync(run.Id, false, cancellationToken), Is.Null);
        await scene.Host.RestartAsync();
        await scene.WaitAsync(run.Id, cancellationToken);
        await EndsAsync(scene, run.Id, cancellationToken);
    }

    [Test]
    public async Task Erase_KeyThatAnotherRunHasNow_StaysThatRuns(CancellationToken cancellationToken)
    {
        await using ErasureScene scene = await ErasureScene.StartAsync();
        var request = new RunRequest { Goal = "Audit this folder." };
        AgentGateway gateway = scene.Host.Gateway;
        (Run first, _) = await gateway.SubmitOrResumeAsync(request, "nightly", Caller.Local, cancellationToken);
        await scene.Host.Reader.WaitForEndAsync(first.Id, cancellationToken);
        (Run second, _) = await gateway.SubmitOrResumeAsync(request, "nightly", Caller.Local, cancellationToken);
        await scene.Host.Reader.WaitForEndAsync(second.Id, cancellationToken);

        await scene.EraseAsync(first.Id, cancellationToken);

        RequestKeys keys = scene.Host.Get<RequestKeys>();
        Assert.That(await keys.FindAsync(Caller.Local.Id, "nightly", cancellationToken), Is.EqualTo(second.Id));
        await scene.EraseAsync(second.Id, cancellationToken);
        Assert.That(await keys.FindAsync(Caller.Local.Id, "nightly", cancellationToken), Is.Null);
    }

    private static async Task<string> OtherAsync(ErasureScene scene, CancellationToken cancellationToken)
    {
        Run other = await scene.Host.RunAsync("Another goal.");
        string first = (await scene.Host.Get<RunStore>().ListAsync(null, cancellationToken)
            .ToListAsync(cancellationToken)).Last(static run => run.Parent is null).Id;
        var artifacts = scene.Host.Get<ArtifactStore>();
        (Artifact _, ReadOnlyMemory<byte> content) = (await artifacts.GetAsync(first, "report.txt", cancellationToken))!.Value;
        await artifacts.SaveAsync(other.Id, "report.txt", "text/plain", content, cancellationToken);
        return other.Id;
    }

    /// <summary>
    /// What is left is as it should be: nobody finds the run, the audit log holds and has no words, and nothing is stored under
    /// its name.
    /// </summary>
    private static async Task EndsAsync(ErasureScene scene, string id, CancellationToken cancellationToken)
    {
        Assert.That(
            async () => await scene.Host.Reader.GetAsync(id, cancellationToken),
            Throws.InstanceOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.RunErased));
        Assert.That((await scene.Host.Reader.ListPageAsync(new RunFilter { SubAgents = true }, 10, cancellationToken)).Items,
            Is.Empty);
        Assert.That((await scene.Host.Get<AuditLog>().VerifyAsync(cancellationToken)).Holds, Is.True);
        AuditEntry[] entries = await scene.Host.Get<AuditLog>().ReadAsync(id, 0, cancellationToken)
            .ToArrayAsync(cancellationToken);
        Assert.That(entries.Select(static entry => entry.Type),
            Does.Contain(AuditTypes.RunSubmitted).And.Contain(AuditTypes.RunErased).And.Contain(AuditTypes.RunErasedDone));
        Assert.That(entries.Where(static entry => entry.Reason is not null).Select(static entry => entry.Type).Distinct(),
            Is.EqualTo(new[] { AuditTypes.RunErased, AuditTypes.RunErasedDone }));
        Assert.That(await scene.Host.Get<TreeKeys>().FindAsync(id, cancellationToken), Is.Null);
        Page<OrchestrationState> left = await scene.Host.Get<IOrchestrationClient>()
            .QueryAsync(new OrchestrationQuery { PageSize = 100 }, cancellationToken);
        Assert.That(left.Items.Select(static state => state.InstanceId), Is.EqualTo(new[] { $"erase.{id}" }));
        string[] keys = await scene.Host.Get<IRecordStore>().ListAsync("", null, cancellationToken)
            .Select(static record => record.Key)
            .Where(key => key.Contains(id, StringComparison.Ordinal)).ToArrayAsync(cancellationToken);
        Assert.That(keys.Where(static key => !key.StartsWith("tree-keys/", StringComparison.Ordinal)),
            Is.EqualTo(new[] { $"erased/{id}" }));
    }

    /// <summary>Stops a phase for good, before or after it has done its part: as if the process had died there.</summary>
    private sealed class PhaseStop(string phase, bool afterIt)
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public IErasePhase Around(IErasePhase inner) => inner.Name == phase ? new Stopping(this, inner) : inner;

        private sealed class Stopping(PhaseStop stop, IErasePhase inner) : IErasePhase
        {
            public string Name => inner.Name;

            public async Task<EraseProgress> RunAsync(EraseInput input, CancellationToken cancellationToken)
            {
                if (stop._reached.Task.IsCompleted)
                {
                    return await inner.RunAsync(input, cancellationToken);
                }

                if (stop.AfterIt)
                {
                    await inner.RunAsync(input, cancellationToken);
                }

                stop._reached.TrySetResult();
                await Task.Delay(Timeout.Infinite, cancellationToken);
                throw new OperationCanceledException(cancellationToken);
            }
        }

        private bool AfterIt => afterIt;
    }
}
