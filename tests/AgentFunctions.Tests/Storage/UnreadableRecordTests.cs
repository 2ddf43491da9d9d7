using AgentFunctions.Gateway;
using AgentFunctions.Gateway.KillSwitch;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Governance.Reviews;
using AgentFunctions.Keys;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentFunctions.Tests.Storage;

/// <summary>One record that cannot be read ends no list, opens no door and loosens no order.</summary>
[CancelAfter(300_000)]
internal sealed class UnreadableRecordTests
{
    [TestCase("null")]
    [TestCase("{garbage")]
    public async Task List_WithARecordThatCannotBeRead_HasTheOthers(string content, CancellationToken cancellationToken)
    {
        await using RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("done"));
        await host.Get<ApiKeys>().AddAsync("root", [CallerRoles.Admin], Caller.Local, cancellationToken);
        foreach (string key in new[] { "api-keys/00000000", "monitors/zz", "incidents/zz", "reviews/zz", "runs/zz" })
        {
            await PutAsync(host, key, content, cancellationToken);
        }

        Assert.That((await host.Get<ApiKeys>().ListAsync(cancellationToken)).Select(static key => key.Name),
            Is.EqualTo(new[] { "root" }));
        Assert.That(await host.Get<MonitorStore>().ListAsync(cancellationToken).ToListAsync(cancellationToken), Is.Empty);
        Assert.That(await host.Get<IncidentStore>().ListAsync(cancellationToken).ToListAsync(cancellationToken), Is.Empty);
        Assert.That(await host.Get<RunStore>().ListAsync(null, cancellationToken).ToListAsync(cancellationToken), Is.Empty);
        Assert.That(await host.Get<ReviewStateStore>().ListAsync(cancellationToken), Is.Empty);
    }

    [Test]
    public async Task Keys_OnlyOneThatCannotBeRead_AreRequiredAllTheSame(CancellationToken cancellationToken)
    {
        await using RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("done"));
        await PutAsync(host, "api-keys/00000000", "{garbage", cancellationToken);

        var keys = new ApiKeys(host.Get<IRecordStore>(), host.Get<TreeKeys>(), host.Get<AuditLog>(), TimeProvider.System,
            NullLogger<ApiKeys>.Instance);
        Assert.That(await keys.AnyAsync(cancellationToken), Is.True);
    }

    [TestCase("{garbage", "Restore")]
    [TestCase("null", "kill/All/zz")]
    public async Task KillOrder_ThatCannotBeRead_StopsAndNamesTheRemedy(string content, string words,
        CancellationToken cancellationToken)
    {
        await using RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("done"));
        await PutAsync(host, "kill/All/zz", content, cancellationToken);

        // What is known for a second is forgotten with a change.
        await host.Get<KillOrders>().ReleaseAsync(KillScope.Agent, "none", Caller.Local, cancellationToken);
        AgentException refusal = Assert.ThrowsAsync<AgentException>(() => host.Get<KillOrders>().ListAsync(cancellationToken))!;

        Assert.That(refusal.Code, Is.EqualTo(ErrorCode.DataFileUnusable));
        Assert.That(refusal.Message, Does.Contain(words));
    }

    private static Task PutAsync(RunHost host, string key, string content, CancellationToken cancellationToken) =>
        host.Get<IRecordStore>()
            .PutAsync(key, System.Text.Encoding.UTF8.GetBytes(content), RecordCondition.IfNew, cancellationToken);
}
