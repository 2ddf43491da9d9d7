using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

/// <summary>The time that a person takes is not the time of the step that waits for the person.</summary>
[CancelAfter(300_000)]
internal sealed class WaitingStepTests
{
    private readonly VirtualTime _time = new(new DateTimeOffset(2026, 5, 4, 8, 0, 0, TimeSpan.Zero));

    [Test]
    public async Task SubAgent_ApprovedLate_HasTheWholeTimeOfAStepAfterwards(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        var begun = new TaskCompletionSource();
        var done = new TaskCompletionSource();
        await using RunHost host = await RunHost.StartAsync(
            services => services.AddSingleton<TimeProvider>(_time)
                .ConfigureSwarm(static options => options.StepTimeout = TimeSpan.FromMinutes(15)),
            request => (IsLead(request), request.Turn) switch
            {
                (true, 0) => ChatReply.Call("spawn", new { items = new[] { "bob" }, template = "Pay {item}." }),
                (true, 1) => ChatReply.Call("wait", new { }),
                (true, _) => ChatReply.Say("done"),
                (false, 0) => ChatReply.Call("pay", new { to = "bob" }),
                _ => ChatReply.Say(request.Results[^1]),
            },
            [
                AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, async (string to) =>
                {
                    begun.SetResult();
                    await done.Task;
                    return $"paid {to}";
                }),
            ],
            agent => agent.WithInstructions(LeadInstructions).WithDelegation(Delegation.Native),
            settings: [("Governance:PolicyPath",
                folder.Write("policy.yaml", "rules: [{name: payments, when: {tool: pay}, then: ask}]"))]);
        Run lead = await host.SubmitAsync();
        Approval asked = await AskedAsync(host, cancellationToken);

        _time.Advance(TimeSpan.FromMinutes(12));
        await host.Get<ApprovalService>().DecideAsync(
            asked.Id, new Caller("bob") { Roles = [CallerRoles.Approver] }, approve: true, cancellationToken: cancellationToken);
        await begun.Task.WaitAsync(cancellationToken);
        _time.Advance(TimeSpan.FromMinutes(14));
        done.SetResult();
        Run ended = await host.Reader.WaitForEndAsync(lead.Id, cancellationToken);
        Run child = await host.Reader.GetAsync($"{lead.Id}.1-0-0", cancellationToken);

        Assert.That((child.Status, child.Result?.Text, child.Error),
            Is.EqualTo((RunStatus.Completed, "paid bob", (RunError?)null)));
        Assert.That(ended.Status, Is.EqualTo(RunStatus.Completed));
    }

    private static async Task<Approval> AskedAsync(RunHost host, CancellationToken cancellationToken)
    {
        return (await Poll.ForAsync(
            () => host.Get<ApprovalService>().ListAsync(cancellationToken: cancellationToken), static open => open.Count == 1,
            cancellationToken))[0];
    }
}
