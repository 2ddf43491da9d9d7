using AgentFunctions.Agents;
using AgentFunctions.Durability;
using AgentFunctions.DurableTask;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Views;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>
/// Agents from orchestrators of an app's own, on Durable Task, with Azurite as the stores and a scripted model server.
/// </summary>
[CancelAfter(1_800_000)]
[Category(AzuriteServer.Category)]
public sealed class AppOrchestratorTests
{
    private const string Report = "Report";

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task RunAgentAsync_TwoAtOnceAndOneOnTheirAnswers_GivesEachAnswerWithItsRun()
    {
        await using var app = await App.StartAsync(static async context =>
        {
            RunAnswer[] two = await Task.WhenAll(context.RunAgentAsync("writer", "Say one."),
                context.RunAgentAsync("writer", "Say two."));
            return [.. two, await context.RunAgentAsync("writer", $"Say {two[0].Text}-{two[1].Text}.")];
        });

        RunAnswer[] answers = await app.ReportAsync();

        Assert.That(answers.Select(static answer => answer.Text), Is.EqualTo(["one", "two", "one-two"]));
        Assert.That(answers.Select(static answer => answer.Status), Is.All.EqualTo(RunStatus.Completed));
        Run last = await app.Services.GetRequiredService<RunReader>().GetAsync(answers[2].RunId, Cancel);
        Assert.That((last.Goal, last.Result?.Text), Is.EqualTo(("Say one-two.", "one-two")));
        Assert.That(app.Model.Count, Is.EqualTo(3), "a replay asks nothing again");
    }

    [Test]
    public async Task RunAgentAsync_RunThatFails_IsAnAnswerThatSaysSo()
    {
        await using var app = await App.StartAsync(static async context =>
            [await context.RunAgentAsync(new RunRequest { Agent = "writer", Goal = "Refuse.", Budget = new() { Tokens = 1 } })]);

        RunAnswer[] answers = await app.ReportAsync();

        Assert.That(answers[0].Status, Is.Not.EqualTo(RunStatus.Completed));
        Assert.That(answers[0].Error, Does.Contain("tokens"));
    }

    [Test]
    public async Task RunAgentAsync_AgentThatIsNotThere_FailsTheCallWithItsName()
    {
        await using var app = await App.StartAsync(static async context =>
        {
            try
            {
                return [await context.RunAgentAsync("nobody", "Say one.")];
            }
            catch (AgentFunctions.Durability.TaskFailedException e)
            {
                return [new RunAnswer("", RunStatus.Failed, e.Failure.ErrorType, [], e.Failure.Message)];
            }
        });

        RunAnswer[] answers = await app.ReportAsync();

        Assert.That(answers[0].Text, Is.EqualTo(nameof(ErrorCode.AgentNotFound)));
        Assert.That(answers[0].Error, Does.Contain("nobody"));
    }

    private static ChatReply Answer(ChatRequest request) =>
        ChatReply.Say(request.Messages[1].GetProperty("content").ToString().Split("Say ")[^1].Split('.')[0]);

    private sealed record App(OpenAIProtocolServer Model, ServiceProvider Services, InProcessHost Host) : IAsyncDisposable
    {
        public static async Task<App> StartAsync(Func<TaskOrchestrationContext, Task<RunAnswer[]>> report)
        {
            OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(Answer);
            ServiceProvider provider = AppServices.Build(
                model, static services => services.AddAgent(Agent.Create("writer").WithInstructions("Say what you are told.")));
            InProcessHost host = await InProcessHost.StartAsync(
                provider.GetRequiredService<DurableRegistry>(),
                own: tasks => tasks.AddOrchestratorFunc<string?, RunAnswer[]>(Report, (context, _) => report(context)));
            provider.GetRequiredService<DurableTaskClientAccessor>().Client = host.DurableClient;
            return new App(model, provider, host);
        }

        public async Task<RunAnswer[]> ReportAsync()
        {
            string id = await Host.DurableClient.ScheduleNewOrchestrationInstanceAsync(Report, Cancel);
            OrchestrationMetadata end = await Host.DurableClient.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true,
                Cancel);
            Assert.That(end.RuntimeStatus, Is.EqualTo(OrchestrationRuntimeStatus.Completed), end.FailureDetails?.ToString());
            return end.ReadOutputAs<RunAnswer[]>()!;
        }

        public async ValueTask DisposeAsync()
        {
            await Host.DisposeAsync();
            await Services.DisposeAsync();
            await Model.DisposeAsync();
        }
    }
}
