using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.ToolCalls;

/// <summary>A rule on what is left of the budget holds for acceptance commands as for calls of the model.</summary>
[CancelAfter(300_000)]
[Platform("Unix")]
internal sealed class AcceptanceBudgetTests
{
    [TestCase(50, false)]
    [TestCase(500, true)]
    public async Task Acceptance_UnderARuleOnTheBudget_IsJudgedByWhatIsLeft(int steps, bool isRun)
    {
        using var folder = new TemporaryFolder();
        string policy = folder.Write(
            "policy.yaml",
            "rules: [{name: nearly-gone, when: {tool: run_command, budgetLeft: {steps: {below: 100}}}, then: deny, reason: Too little is left.}, {name: rest, when: {tool: '*'}, then: allow}]");
        await using RunHost host = await RunHost.StartAsync(
            services => services.AddWorkspaceTools(static options => options.AllowedCommands.Add("true"))
                .Configure<RunOptions>(options => options.Workspace = folder.Path),
            static _ => ChatReply.Say("done"), null, static agent => agent.WithTools("run_command"),
            ("Governance:PolicyPath", policy));

        Run run = await host.RunAsync("Go.",
            new RunRequest
            {
                Budget = new Budget { Steps = steps },
                Acceptance = new RunAcceptance { Command = ["true"], MaxAttempts = 1 }
            });

        Assert.That(run.Status == RunStatus.Completed, Is.EqualTo(isRun), $"{run.Status}");
        string told = string.Join('\n',
            (await host.JournalAsync(run.Id)).Where(static e => e.Type == JournalEventTypes.AnswerChecked)
                .Select(static e => e.Text));
        Assert.That(told, isRun ? Does.Not.Contain("Too little") : Does.Contain("Too little is left"));
    }
}
