using AgentFunctions.Governance.Policies;
using AgentFunctions.Runs;
using AgentFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;
using static AgentFunctions.Testing.ScriptedTurn;

namespace AgentApp.Tests;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class RefundAgentTests
{
    private static readonly string Policy = Path.Combine(AppContext.BaseDirectory, "policy.yaml");

    private readonly RefundBook _book = new();

    [Test]
    public async Task SmallRefund_IsPaidWithoutAsking()
    {
        await using AgentTestHost host = await StartAsync(20);

        Run run = await host.RunAsync("Pay back 20 dollars for A-7.", RefundAgent.Name);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(_book.Receipts, Is.EqualTo(new[] { "Receipt for A-7: 20 dollars" }));
    }

    [Test]
    public async Task LargeRefund_WaitsForAPerson()
    {
        await using AgentTestHost host = await StartAsync(500);
        Run run = await host.SubmitAsync("Pay back 500 dollars for A-7.", RefundAgent.Name);

        var approval = await host.WaitForApprovalAsync(run.Id);
        Assert.That(_book.Receipts, Is.Empty);
        await host.ApproveAsync(approval);
        run = await host.WaitForEndAsync(run.Id);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(_book.Receipts, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task LargeRefund_NobodyApproves_IsNotPaid()
    {
        await using AgentTestHost host = await StartAsync(500);
        Run run = await host.SubmitAsync("Pay back 500 dollars for A-7.", RefundAgent.Name);

        // Two days of virtual time, which take no real time.
        run = await host.WaitForEndAsync(run.Id, within: TimeSpan.FromDays(2));

        Assert.That(_book.Receipts, Is.Empty);
    }

    [Test]
    public async Task Crash_AfterTheRefund_DoesNotPayTwice()
    {
        await using AgentTestHost host = await StartAsync(20);

        host.CrashAt(Moment.AfterCall("refund"));
        Run run = await host.RunAsync("Pay back 20 dollars for A-7.", RefundAgent.Name);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(_book.Receipts, Has.Count.EqualTo(1));
        host.EnsureNoEffectTwice();
    }

    [TestCase(99, PolicyVerdict.Allow)]
    [TestCase(100, PolicyVerdict.Ask)]
    [TestCase(-20, PolicyVerdict.Ask)]
    [TestCase(500, PolicyVerdict.Ask)]
    [TestCase(50_000, PolicyVerdict.Deny)]
    public async Task Policy_ByAmount(decimal amount, PolicyVerdict expected)
    {
        await using PolicyCheck check = PolicyCheck.Load(Policy, services => services.AddRefundAgent());

        var verdict = await check.JudgeAsync(RefundAgent.Name, "refund", new { order = "A-7", amount });

        Assert.That(verdict.Verdict, Is.EqualTo(expected));
    }

    private Task<AgentTestHost> StartAsync(decimal amount) => AgentTestHost.StartAsync(
        new ScriptedModel(Calls("refund", new { order = "A-7", amount }), Says("Paid back.")),
        services => services.AddRefundAgent().AddSingleton(_book),
        options => options.WithPolicy(Policy));
}
