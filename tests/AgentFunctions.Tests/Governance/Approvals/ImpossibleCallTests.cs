using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.OpenApi;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Governance.Approvals;

/// <summary>A person is asked about a call whose tool goes away, or changes, before the answer.</summary>
[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ImpossibleCallTests : IAsyncDisposable
{
    private const string Policy =
        "rules: [{name: pay, when: {tool: pay}, then: ask, approval: {roles: [lead], remind: PT1H, expires: P2D}}]";

    private static readonly Caller Lead = new("lea") { Roles = ["lead"] };

    private readonly TemporaryFolder _folder = new();
    private readonly VirtualTime _time = new(new DateTimeOffset(2026, 5, 4, 8, 0, 0, TimeSpan.Zero));
    private readonly ChangingSource _source = new() { Tool = Pay };

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private static AgentTool Pay => AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, (string to) => $"paid {to}");

    private static AgentTool PayInParts =>
        AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, (string receiver, int parts) => $"paid {receiver} {parts}");

    [TestCase(false, "no longer has it")]
    [TestCase(true, "has changed since this run began")]
    public async Task Decide_ToolGoneOrChanged_ClosesTheApprovalAndTellsEverybody(bool isChanged, string words,
        CancellationToken cancellationToken)
    {
        await using ApiServer receiver = await ApiServer.StartAsync();
        await using RunHost host = await StartAsync(receiver);
        Run run = await host.SubmitAsync();
        Approval asked = await AskedAsync(host, run.Id, cancellationToken);
        Assert.That(asked.Obstacle, Is.Null);

        _source.Tool = isChanged ? PayInParts : null;
        Approval seen = (await host.Get<ApprovalService>().ListAsync(Lead, cancellationToken)).Single();
        var refused = Assert.ThrowsAsync<AgentException>(
            () => host.Get<ApprovalService>().DecideAsync(asked.Id, Lead, true, cancellationToken: cancellationToken));
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(seen.Obstacle, Does.Contain(words));
        Assert.That(refused!.Code, Is.EqualTo(ErrorCode.ApprovalStateForbids));
        Assert.That(refused.Message, Does.Contain(words));
        Assert.That(run.Result?.Text, Does.Contain(words), "the model is told");
        Approval closed = await host.Get<ApprovalService>().GetAsync(asked.Id, null, cancellationToken);
        Assert.That((closed.State, closed.Obstacle is null), Is.EqualTo((ApprovalState.Withdrawn, false)));
        Assert.That(await host.Get<ApprovalService>().ListAsync(null, cancellationToken), Is.Empty);
        await AssertToldAsync(host, run.Id, receiver, cancellationToken);
    }

    [Test]
    public async Task Wait_ToolGoneWhileNobodyDecides_EndsWithTheNextReminder(CancellationToken cancellationToken)
    {
        await using ApiServer receiver = await ApiServer.StartAsync();
        await using RunHost host = await StartAsync(receiver);
        Run run = await host.SubmitAsync();
        await AskedAsync(host, run.Id, cancellationToken);
        await ParkedAsync(host, run.Id, cancellationToken);

        _source.Tool = null;
        _time.Advance(TimeSpan.FromHours(25));
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result?.Text, Does.Contain("no longer has it"));
        await AssertToldAsync(host, run.Id, receiver, cancellationToken);
    }

    [TestCase(true, "paid bob")]
    [TestCase(false, "lea denied it")]
    public async Task Wait_ToolAwayForAWhile_GoesOnWaiting(bool isApproved, string told, CancellationToken cancellationToken)
    {
        await using ApiServer receiver = await ApiServer.StartAsync();
        await using RunHost host = await StartAsync(receiver);
        Run run = await host.SubmitAsync();
        Approval asked = await AskedAsync(host, run.Id, cancellationToken);
        await ParkedAsync(host, run.Id, cancellationToken);

        _source.IsAway = true;
        Task<int> looked = _source.LookedAsync();
        _time.Advance(TimeSpan.FromHours(1) + TimeSpan.FromMinutes(1));
        await looked.WaitAsync(cancellationToken);
        Assert.That((await host.Get<ApprovalService>().GetAsync(asked.Id, null, cancellationToken)).State,
            Is.EqualTo(ApprovalState.Pending), "the reminder finds the server away, and nothing is withdrawn");
        await host.Get<ApprovalService>().DecideAsync(asked.Id, Lead, isApproved, cancellationToken: cancellationToken);
        if (isApproved)
        {
            await host.UntilAsync(run.Id, static run => run.WaitingFor is { Kind: "job" }, cancellationToken);
            _source.IsAway = false;
            _time.Advance(TimeSpan.FromHours(1));
        }

        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result?.Text, Does.Contain(told));
    }

    private static async Task AssertToldAsync(RunHost host, string runId, ApiServer receiver, CancellationToken cancellationToken)
    {
        List<JournalEvent> events = await host.Get<Journal>().ReadAsync(runId, 0, null, cancellationToken)
            .Select(static entry => entry.Event).ToListAsync(cancellationToken);
        Assert.That(events.Count(static e => e.Type == JournalEventTypes.ApprovalWithdrawn), Is.EqualTo(1));
        List<AuditEntry> audit = await host.Get<AuditLog>().ReadAsync(runId, cancellationToken: cancellationToken)
            .ToListAsync(cancellationToken);
        Assert.That(audit.Count(static entry => entry.Type == AuditTypes.ApprovalWithdrawn), Is.EqualTo(1));
        JsonElement[] told = [.. receiver.Requests.Select(static request => JsonElement.Parse(request.Body))];
        Assert.That(told.Select(static one => one.GetProperty("type").GetString()),
            Is.EqualTo((string[])["approval.requested", "approval.withdrawn"]));
        Assert.That(told[1].GetProperty("data").GetProperty("obstacle").GetString(), Is.Not.Empty);
    }

    private static async Task<Approval> AskedAsync(RunHost host, string runId, CancellationToken cancellationToken)
    {
        JournalEvent asked = await host.EventAsync(runId, static e => e.Type == JournalEventTypes.ApprovalRequested,
            cancellationToken);
        return await host.Get<ApprovalService>().GetAsync(asked.Approval!, null, cancellationToken);
    }

    private static async Task ParkedAsync(RunHost host, string runId, CancellationToken cancellationToken)
    {
        await Poll.UntilAsync(async () => (await host.Reader.GetAsync(runId, cancellationToken)).WaitingFor is not null,
            cancellationToken);
    }

    private Task<RunHost> StartAsync(ApiServer receiver) => RunHost.StartAsync(
        services => services.AddSingleton<TimeProvider>(_time).AddSingleton<IToolSource>(_source),
        request => request.Turn == 0 ? ChatReply.Call("pay", new { to = "bob" }) : ChatReply.Say(request.Results[^1]),
        settings:
        [
            ("Governance:PolicyPath", _folder.Write("policy.yaml", Policy)),
            ("Governance:ApprovalChannels:lead:0", "leads"),
            ("Notifications:Channels:leads:Url", $"{receiver.Url}/lead"),
        ]);

    /// <summary>A source of one tool, which may change or go.</summary>
    private sealed class ChangingSource : IToolSource
    {
        private TaskCompletionSource<int> _looked = new();

        public AgentTool? Tool { get; set; }

        public bool IsAway { get; set; }

        /// <summary>Completes with the next look at it.</summary>
        public Task<int> LookedAsync() => (_looked = new TaskCompletionSource<int>()).Task;

        public Task<IReadOnlyList<AgentTool>> ListAsync(AgentDefinition agent, CancellationToken cancellationToken)
        {
            _looked.TrySetResult(0);
            return IsAway
                ? throw new AgentException(ErrorCode.ToolUnavailable, "The server of 'pay' does not answer.")
                : Task.FromResult<IReadOnlyList<AgentTool>>(Tool is { } tool ? [tool] : []);
        }
    }
}
