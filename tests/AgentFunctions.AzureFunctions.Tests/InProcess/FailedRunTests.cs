using AgentFunctions.Durability;
using AgentFunctions.DurableTask;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Views;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>What is shown of a run whose step failed for good, after the failure has gone through Durable Task twice.</summary>
[CancelAfter(1_800_000)]
[Category(AzuriteServer.Category)]
public sealed class FailedRunTests
{
    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Run_WhoseStepFails_ShowsCodeAndWordsOfTheCause_AloneAndInLists()
    {
        const string Words = "Nobody knows whether it was paid.";
        var registry = new DurableRegistry();
        registry.AddOrchestrator<RunState, RunOutcome?>(AgentLoop.Name, static async (context, _) =>
        {
            await context.CallActivityAsync<bool>(StepNames.CallTool);
            return null;
        });
        registry.AddActivity<object?, bool>(StepNames.CallTool,
            static (_, _) => throw new AgentException(ErrorCode.ToolOutcomeUnknown, Words));
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(static _ => ChatReply.Say("Done."));
        await using ServiceProvider services = AppServices.Build(model, static _ => { });
        await using InProcessHost host = await InProcessHost.StartAsync(registry);
        services.GetRequiredService<DurableTaskClientAccessor>().Client = host.DurableClient;
        string id = RunId.New(DateTimeOffset.UtcNow);
        await services.GetRequiredService<RunStore>().AddAsync(
            new RunRecord
            {
                Id = id,
                Agent = "worker",
                DefinitionHash = "none",
                Model = "test",
                Goal = "Pay.",
                CreatedAt = DateTimeOffset.UtcNow
            }, Cancel);
        await host.Client.ScheduleAsync(
            AgentLoop.Name, new RunState { Limits = new LoopLimits(9, new(), 1_000, 100) }, new StartOptions { InstanceId = id },
            Cancel);

        RunReader reader = services.GetRequiredService<RunReader>();
        Run ended = await reader.WaitForEndAsync(id, Cancel);
        Run listed = (await reader.ListAsync(new RunFilter { Status = RunStatus.Failed }, Cancel).ToListAsync(Cancel)).Single();

        var expected = new RunError(nameof(ErrorCode.ToolOutcomeUnknown), Words);
        Assert.That((ended.Status, ended.Error), Is.EqualTo((RunStatus.Failed, expected)));
        Assert.That(listed.Error, Is.EqualTo(expected));
        Assert.That((await services.GetRequiredService<RunTreeReader>().GetAsync(id, Cancel)).Run.Error, Is.EqualTo(expected));
    }
}
