using System.Text.Json;
using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Holds;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.Storage;
using AgentFunctions.Tools;
using AgentFunctions.Views;

namespace AgentFunctions.Tests.Gateway;

/// <summary>Whoever asks for something leaves in the middle of it: it is carried through, or it has not begun.</summary>
[CancelAfter(300_000)]
internal sealed class LeavingCallerTests
{
    private static readonly Caller Ada = new("key:ada") { Roles = [CallerRoles.Admin] };

    private static readonly AgentTool Echo = AgentTool.Create(
        "echo", "Repeats a text.", ToolEffect.None, static (string text) => $"you said {text}");

    [Test]
    public async Task Submit_CallerLeavesOnceTheRunIsOnRecord_TheRunBegins(CancellationToken cancellationToken)
    {
        using var caller = new LeavingCaller("runs/") { IsAboutToLeave = true };
        await using RunHost host = await StartAsync(caller);

        Run run = await host.Gateway.SubmitAsync(new RunRequest { Goal = "Go." }, Ada, cancellationToken: caller.Token);

        Assert.That(caller.Token.IsCancellationRequested);
        Assert.That((await host.Reader.WaitForEndAsync(run.Id, cancellationToken)).Status, Is.EqualTo(RunStatus.Completed));
    }

    [Test]
    public async Task SubmitWithId_CallerLeavesBeforeTheRunIsOnRecord_TheKeyIsFree(CancellationToken cancellationToken)
    {
        using var caller = new LeavingCaller("idempotency/") { IsAboutToLeave = true };
        await using RunHost host = await StartAsync(caller);
        string id = host.Gateway.NewRunId();

        Assert.That(
            () => host.Gateway.SubmitWithIdAsync(id, new RunRequest { Goal = "Go." }, Ada, "key", caller.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Run run = await host.Gateway.SubmitWithIdAsync(
            id, new RunRequest { Goal = "Go elsewhere." }, Ada, "key", cancellationToken);

        Assert.That((await host.Reader.WaitForEndAsync(run.Id, cancellationToken)).Goal, Is.EqualTo("Go elsewhere."));
    }

    [Test]
    public async Task Submit_CallerLeavesBeforeTheRunIsOnRecord_TheKeyIsFree(CancellationToken cancellationToken)
    {
        using var caller = new LeavingCaller("idempotency/") { IsAboutToLeave = true };
        await using RunHost host = await StartAsync(caller);

        Assert.That(
            () => host.Gateway.SubmitAsync(new RunRequest { Goal = "Go." }, Ada, "key", caller.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Run run = await host.Gateway.SubmitAsync(new RunRequest { Goal = "Go elsewhere." }, Ada, "key", cancellationToken);

        Assert.That((await host.Reader.WaitForEndAsync(run.Id, cancellationToken)).Goal, Is.EqualTo("Go elsewhere."));
        Assert.That(await host.Reader.ListAsync(new RunFilter(), cancellationToken).CountAsync(cancellationToken), Is.EqualTo(1));
    }

    [Test]
    public async Task Fork_CallerLeavesOnceTheBudgetIsTaken_TheForkHasIt(CancellationToken cancellationToken)
    {
        using var caller = new LeavingCaller("budgets/");
        await using RunHost host = await RunHost.StartAsync(caller.Install, static _ => ChatReply.Say("done"), [Echo]);
        Run first = await host.RunAsync(request: new() { Budget = new Budget { Steps = 12 } });

        caller.IsAboutToLeave = true;
        Run fork = await host.Get<RunForking>().ForkAsync(first.Id, new ForkRequest(), Ada, null, caller.Token);
        fork = await host.Reader.WaitForEndAsync(fork.Id, cancellationToken);

        Assert.That(caller.Token.IsCancellationRequested);
        Assert.That((fork.Status, fork.Budget!.Granted.Steps), Is.EqualTo((RunStatus.Completed, 12 - first.Steps)));
    }

    [Test]
    public async Task Fork_FailsOnceTheBudgetIsTaken_ItIsGivenBack(CancellationToken cancellationToken)
    {
        var outage = new Outage("inboxes/");
        await using RunHost host = await RunHost.StartAsync(
            services => services.Wrap<ILogStore>(outage.Before), static _ => ChatReply.Say("done"), [Echo]);
        Run first = await host.RunAsync(request: new() { Budget = new Budget { Steps = 12 } });
        var request = new ForkRequest { Message = "And now?" };

        outage.IsNow = true;
        Assert.That(
            () => host.Get<RunForking>().ForkAsync(first.Id, request, Ada, "key", cancellationToken),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.EngineUnavailable));
        outage.IsNow = false;
        Run fork = await host.Get<RunForking>().ForkAsync(first.Id, request, Ada, "key", cancellationToken);
        fork = await host.Reader.WaitForEndAsync(fork.Id, cancellationToken);

        Assert.That((fork.Status, fork.Budget!.Granted.Steps), Is.EqualTo((RunStatus.Completed, 12 - first.Steps)));
    }

    [Test]
    public async Task Send_CallerLeavesOnceItIsAudited_TheRunHearsIt(CancellationToken cancellationToken)
    {
        using var caller = new LeavingCaller("audit");
        await using RunHost host = await RunHost.StartAsync(
            caller.Install, static request => ChatReply.Say($"answer {request.Index + 1}"));
        Run run = await host.RunAsync();

        caller.IsAboutToLeave = true;
        await host.Steering.SendAsync(run.Id, "And then?", Ada, null, caller.Token);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(caller.Token.IsCancellationRequested);
        Assert.That(run.Result?.Text, Is.EqualTo("answer 2"));
    }

    [Test]
    public async Task Grant_CallerLeavesOnceItIsAudited_TheRunHasIt(CancellationToken cancellationToken)
    {
        using var caller = new LeavingCaller("audit");
        await using RunHost host = await RunHost.StartAsync(
            caller.Install,
            static request => request.Tools.Count == 0 ? ChatReply.Say("so far")
                : request.Index < 12 ? ChatReply.Call("echo", new { text = "x" })
                : ChatReply.Say("done"),
            [Echo]);
        Run run = await host.RunAsync(request: new() { Budget = new Budget { Steps = 5 } });
        Assert.That(run.Status, Is.EqualTo(RunStatus.BudgetExhausted));

        caller.IsAboutToLeave = true;
        await host.Steering.GrantAsync(run.Id, new Budget { Steps = 100 }, Ada, null, caller.Token);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(caller.Token.IsCancellationRequested);
        Assert.That((run.Status, run.Budget!.Granted.Steps), Is.EqualTo((RunStatus.Completed, 105)));
    }

    [Test]
    public async Task PauseResumeAndCancel_CallersLeaveOnceItIsAudited_AreCarriedOut(CancellationToken cancellationToken)
    {
        using var pausing = new LeavingCaller("audit");
        using var resuming = new LeavingCaller("audit");
        using var cancelling = new LeavingCaller("audit");
        var begun = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        AgentTool hold = AgentTool.Create("hold", "Waits.", ToolEffect.None, async (CancellationToken token) =>
        {
            begun.TrySetResult();
            await go.Task.WaitAsync(token);
        });
        await using RunHost host = await RunHost.StartAsync(
            services =>
            {
                pausing.Install(services);
                resuming.Install(services);
                cancelling.Install(services);
            },
            static _ => ChatReply.Call("hold", new { }), [hold]);
        Run run = await host.SubmitAsync();
        await begun.Task;

        pausing.IsAboutToLeave = true;
        await host.Steering.PauseAsync(run.Id, Ada, null, pausing.Token);
        Assert.That((await host.Reader.GetAsync(run.Id, cancellationToken)).Status, Is.EqualTo(RunStatus.Paused));
        resuming.IsAboutToLeave = true;
        await host.Steering.ResumeAsync(run.Id, Ada, null, resuming.Token);
        Assert.That(
            (await host.JournalAsync(run.Id)).Count(static e => e.Type == JournalEventTypes.RunResumed), Is.EqualTo(1));
        await host.Steering.PauseAsync(run.Id, Ada, null, cancellationToken);
        cancelling.IsAboutToLeave = true;
        await host.Steering.CancelAsync(run.Id, Ada, "enough", null, cancelling.Token);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(
            new[] { pausing, resuming, cancelling }.Select(static caller => caller.Token.IsCancellationRequested),
            Is.All.True);
        Assert.That(run.Status, Is.EqualTo(RunStatus.Cancelled));
    }

    [Test]
    public async Task Answer_CallerLeavesOnceItIsStored_TheRunGoesOnAndItIsAudited(CancellationToken cancellationToken)
    {
        using var caller = new LeavingCaller("client-calls/");
        await using RunHost host = await RunHost.StartAsync(
            caller.Install,
            static request => request.Turn == 0 ? ChatReply.Call("get_weather", new { }) : ChatReply.Say(request.Last("tool")!));
        var weather = new ClientTool("get_weather") { Schema = JsonElement.Parse("""{"type":"object"}""") };
        Run run = await host.Gateway.SubmitAsync(
            new RunRequest { Goal = "Go.", ClientTools = [weather] }, Ada, cancellationToken: cancellationToken);
        ClientCall call = await Poll.ForAsync<ClientCall>(
            async () => await host.Get<ClientCalls>().ListOpenAsync(
                await host.Reader.GetAsync(run.Id, cancellationToken), cancellationToken) is [var open] ? open : null,
            cancellationToken);

        caller.IsAboutToLeave = true;
        await host.Get<ClientCalls>().AnswerAsync(call.Id, new ClientAnswer("rain"), Ada, caller.Token);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(caller.Token.IsCancellationRequested);
        Assert.That(run.Result!.Text, Is.EqualTo("rain"));
        Assert.That(await CountAsync(host, AuditTypes.CallAnswered, cancellationToken), Is.EqualTo(1));
    }

    [Test]
    public async Task Keys_CallersLeaveOnceOneIsStored_AreMadeAndWithdrawnAndAudited(CancellationToken cancellationToken)
    {
        using var making = new LeavingCaller("api-keys/");
        using var withdrawing = new LeavingCaller("api-key-names/");
        await using RunHost host = await StartAsync(making, withdrawing);
        ApiKeys keys = host.Get<ApiKeys>();
        await keys.AddAsync("root", [CallerRoles.Admin], Ada, cancellationToken);

        making.IsAboutToLeave = true;
        string key = await keys.AddAsync("ben", [CallerRoles.Submitter], Ada, making.Token);
        Assert.That(await keys.FindAsync(key, cancellationToken), Is.Not.Null);
        withdrawing.IsAboutToLeave = true;
        await keys.RemoveAsync("ben", Ada, withdrawing.Token);

        Assert.That((making.Token.IsCancellationRequested, withdrawing.Token.IsCancellationRequested), Is.EqualTo((true, true)));
        Assert.That(await keys.FindAsync(key, cancellationToken), Is.Null);
        Assert.That(await CountAsync(host, AuditTypes.KeyChanged, cancellationToken), Is.EqualTo(3));
    }

    [Test]
    public async Task Holds_CallersLeaveOnceItIsAudited_AreSetAndLifted(CancellationToken cancellationToken)
    {
        using var setting = new LeavingCaller("audit");
        using var lifting = new LeavingCaller("audit");
        await using RunHost host = await StartAsync(setting, lifting);
        LegalHolds holds = host.Get<LegalHolds>();

        setting.IsAboutToLeave = true;
        await holds.SetAsync(new Hold("case-7") { Agent = "worker", Reason = "A suit." }, Ada, setting.Token);
        Assert.That(await holds.ListAsync(cancellationToken), Has.Count.EqualTo(1));
        lifting.IsAboutToLeave = true;
        await holds.LiftAsync("case-7", Ada with { Id = "key:ben" }, lifting.Token);

        Assert.That((setting.Token.IsCancellationRequested, lifting.Token.IsCancellationRequested), Is.EqualTo((true, true)));
        Assert.That(await holds.ListAsync(cancellationToken), Is.Empty);
    }

    private static Task<RunHost> StartAsync(params LeavingCaller[] callers) => RunHost.StartAsync(
        services => Array.ForEach(callers, caller => caller.Install(services)), static _ => ChatReply.Say("done"));

    private static async Task<int> CountAsync(RunHost host, string type, CancellationToken cancellationToken) =>
        await host.Get<AuditLog>().ReadAsync(null, 0, cancellationToken).CountAsync(entry => entry.Type == type, cancellationToken);

    /// <summary>A store of logs that takes nothing for some of them while it is out of reach.</summary>
    private sealed class Outage(string prefix)
    {
        public bool IsNow { get; set; }

        public ILogStore Before(ILogStore inner) => new Logs(this, prefix, inner);

        private sealed class Logs(Outage outage, string prefix, ILogStore inner) : DelegatingLogStore(inner)
        {
            public override Task<long> AppendAsync(string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries,
                long? expectedPosition = null, CancellationToken cancellationToken = default) =>
                outage.IsNow && stream.StartsWith(prefix, StringComparison.Ordinal)
                    ? throw new AgentException(ErrorCode.EngineUnavailable, "The store does not answer.")
                    : base.AppendAsync(stream, entries, expectedPosition, cancellationToken);
        }
    }
}
