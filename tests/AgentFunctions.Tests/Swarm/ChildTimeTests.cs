using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

/// <summary>A sub-agent that is given more time has it: its lead does not give it up before.</summary>
[CancelAfter(300_000)]
internal sealed class ChildTimeTests
{
    [Test]
    public async Task Grant_OfTimeToASubAgent_IsHeardByItsLead(CancellationToken cancellationToken)
    {
        var time = new VirtualTime(new DateTimeOffset(2026, 5, 4, 8, 0, 0, TimeSpan.Zero));
        TaskCompletionSource begun = new(), released = new();
        AgentTool dig = AgentTool.Create("dig", "Digs.", ToolEffect.None, async () =>
        {
            begun.TrySetResult();
            await released.Task;
            return "dug";
        }).WithTimeout(TimeSpan.FromDays(1));
        await using RunHost host = await RunHost.StartAsync(
            services =>
            {
                services.AddSingleton<TimeProvider>(time);
                services.ConfigureSwarm(static options =>
                {
                    options.MaxDuration = TimeSpan.FromHours(1);
                    options.StepTimeout = TimeSpan.FromDays(1);
                });
            },
            static request => IsLead(request)
                ? request.Turn switch
                {
                    0 => Create(),
                    1 => Assign("Dig."),
                    _ => ChatReply.Say(request.Results[^1]),
                }
                : request.Turn == 0 ? ChatReply.Call("dig", new { }) : ChatReply.Say("found it"),
            [dig], static agent => agent.WithInstructions(LeadInstructions).WithDelegation(Delegation.Kimi));
        Run run = await host.SubmitAsync(Goal);
        await begun.Task.WaitAsync(cancellationToken);
        string child = (await host.AliveAsync()).Single(state => state.InstanceId != run.Id).InstanceId;

        await host.Steering.GrantAsync(child, new Budget { WallClock = TimeSpan.FromHours(2) },
            cancellationToken: cancellationToken);
        time.Advance(TimeSpan.FromMinutes(90));
        released.SetResult();
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Result?.Text, Does.Contain("found it"));
    }
}
