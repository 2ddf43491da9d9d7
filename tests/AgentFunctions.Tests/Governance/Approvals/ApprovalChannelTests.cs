using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.OpenApi;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.Governance.Approvals;

/// <summary>Approvals over the host's notification channels: who is told, what becomes of it, and when others are told.</summary>
[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ApprovalChannelTests : IAsyncDisposable
{
    private const string Secret = "a signing secret of the test";
    private const string Policy = """
        rules:
          - name: payments
            when: {tool: pay}
            then: ask
            approval: {roles: [lead], expires: 2d, remind: 1h, escalateAfter: 4h, escalateTo: [head]}
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly VirtualTime _time = new(new DateTimeOffset(2026, 5, 4, 8, 0, 0, TimeSpan.Zero));
    private readonly SemaphoreSlim _received = new(0);
    private bool _isDown;

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        _received.Dispose();
        return ValueTask.CompletedTask;
    }

    [Test]
    public async Task Asked_ReceiverIsThere_IsToldSignedOnceAndRemindedLater(CancellationToken cancellationToken)
    {
        await using ApiServer receiver = await ReceiverAsync();
        string file = Path.Combine(_folder.Path, "approvals.jsonl");
        await using RunHost host = await StartAsync(receiver, ("Governance:ApprovalChannels:*:0", "log"),
            ("Notifications:Channels:log:File", file));
        Run run = await host.SubmitAsync();
        await _received.WaitAsync(cancellationToken);
        Approval asked = await ToldAsync(host, 1, cancellationToken);

        _time.Advance(TimeSpan.FromMinutes(61));
        await _received.WaitAsync(cancellationToken);
        Approval reminded = await ToldAsync(host, 2, cancellationToken);

        ApiRequest[] told = [.. receiver.Requests];
        Assert.That(told.Select(request => request.Target), Is.All.EqualTo("/lead"));
        Assert.That(told.Select(request => request.Headers["Idempotency-Key"]),
            Is.EqualTo(new[] { $"approval-{asked.Id}-1-leads", $"approval-{asked.Id}-2-leads" }));
        string signed = $"{told[0].Headers["webhook-id"]}.{told[0].Headers["webhook-timestamp"]}.{told[0].Body}";
        string signature = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret),
            Encoding.UTF8.GetBytes(signed)));
        Assert.That(told[0].Headers["webhook-signature"], Is.EqualTo($"v1,{signature}"));
        JsonElement notice = JsonElement.Parse(told[0].Body);
        Assert.That(notice.GetProperty("type").GetString(), Is.EqualTo("approval.requested"));
        Assert.That(notice.EnumerateObject().Select(static member => member.Name),
            Is.EqualTo((string[])["type", "timestamp", "data"]));
        Assert.That(notice.GetProperty("timestamp").GetDateTimeOffset(), Is.EqualTo(asked.CreatedAt));
        Assert.That(notice.GetProperty("data").GetProperty("arguments").GetProperty("to").GetString(), Is.EqualTo("bob"));
        Assert.That(notice.GetProperty("data").GetProperty("risk").GetString(), Is.EqualTo("high").Or.EqualTo("medium"),
            "in the case of all words");
        Assert.That(notice.GetProperty("data").GetProperty("callHash").GetString(), Is.EqualTo(asked.CallHash));
        Assert.That(JsonElement.Parse(told[1].Body).GetProperty("type").GetString(), Is.EqualTo("approval.reminder"));
        Assert.That(File.ReadAllLines(file), Has.Length.EqualTo(2));
        Assert.That(reminded.ToldTo, Is.EquivalentTo(new[] { "log", "leads" }));
        Assert.That(reminded.EscalatedAt, Is.Null);
        Assert.That(reminded.Deliveries.Select(delivery => delivery.Error), Is.All.Null.And.Exactly(4).Items);
        Assert.That((await host.Get<AuditLog>().ReadAsync(run.Id, cancellationToken: cancellationToken)
            .ToListAsync(cancellationToken)).Count(entry => entry.Type == AuditTypes.ApprovalTold), Is.EqualTo(2));
    }

    [Test]
    public async Task Asked_NobodyCouldBeTold_EscalatesAtOnceToThoseWhoCan(CancellationToken cancellationToken)
    {
        _isDown = true;
        await using ApiServer receiver = await ReceiverAsync();
        await using RunHost host = await StartAsync(receiver, ("Governance:ApprovalChannels:head:0", "heads"));
        Run run = await host.SubmitAsync();
        await _received.WaitAsync(cancellationToken);
        Approval lost = await ToldAsync(host, 1, cancellationToken);
        Assert.That((lost.ToldTo.Count, lost.EscalatedAt), Is.EqualTo((0, (DateTimeOffset?)null)));
        Assert.That(lost.Deliveries.Single().Error, Does.Contain("503"));

        _time.Advance(TimeSpan.FromMinutes(2));
        Approval escalated = await ToldAsync(host, 2, cancellationToken);
        Approval decided = await host.Get<ApprovalService>().DecideAsync(
            escalated.Id, new Caller("hana") { Roles = ["head"] }, true, cancellationToken: cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(escalated.EscalatedAt, Is.Not.Null, "an hour before the first reminder, four before the escalation");
        Assert.That(escalated.ToldTo, Is.EqualTo(new[] { "heads" }));
        Assert.That(
            JsonElement.Parse(receiver.Requests.Single(request => request.Target == "/head").Body).GetProperty("type")
                .GetString(),
            Is.EqualTo("approval.escalated"));
        Assert.That(decided.State, Is.EqualTo(ApprovalState.Approved));
        Assert.That(run.Result?.Text, Is.EqualTo("paid bob"));
        List<AuditEntry> audit = await host.Get<AuditLog>().ReadAsync(run.Id, cancellationToken: cancellationToken)
            .ToListAsync(cancellationToken);
        Assert.That(audit.First(entry => entry.Type == AuditTypes.ApprovalTold).Reason, Does.StartWith("leads not: "));
        Assert.That(audit.Count(entry => entry.Type == AuditTypes.ApprovalEscalated), Is.EqualTo(1));
    }

    [Test]
    public async Task Start_UnknownChannel_IsRefused()
    {
        await using ApiServer receiver = await ReceiverAsync();

        Assert.That(
            () => StartAsync(receiver, ("Governance:ApprovalChannels:head:0", "nowhere")),
            Throws.TypeOf<OptionsValidationException>().With.Message.Contains("Governance:ApprovalChannels"));
    }

    private Task<ApiServer> ReceiverAsync() => ApiServer.StartAsync(context =>
    {
        context.Response.StatusCode = _isDown && context.Request.Path == "/lead" ? 503 : 204;
        _received.Release();
        return Task.CompletedTask;
    });

    private Task<RunHost> StartAsync(ApiServer receiver, params (string Key, string Value)[] more) => RunHost.StartAsync(
        services => services.AddSingleton<TimeProvider>(_time),
        request => request.Turn == 0 ? ChatReply.Call("pay", new { to = "bob" }) : ChatReply.Say(request.Results[^1]),
        [AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, (string to) => $"paid {to}")],
        settings:
        [
            ("Governance:PolicyPath", _folder.Write("policy.yaml", Policy)),
            ("Governance:ApprovalChannels:lead:0", "leads"),
            ("Notifications:Channels:leads:Url", $"{receiver.Url}/lead"),
            ("Notifications:Channels:leads:Secret", Secret),
            ("Notifications:Channels:heads:Url", $"{receiver.Url}/head"),
            .. more,
        ]);

    /// <summary>Waits until the approval has been told so often.</summary>
    private static async Task<Approval> ToldAsync(RunHost host, int times, CancellationToken cancellationToken)
    {
        return await Poll.ForAsync(
            async () => (await host.Get<ApprovalStore>()
                .ListOpenAsync(null, cancellationToken)).FirstOrDefault(approval => approval.Reminders >= times),
            cancellationToken);
    }
}
