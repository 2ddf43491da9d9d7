using AgentFunctions.Budgets;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Gateway;

/// <summary>
/// Agents from orchestrators of the host's own, on the embedded engine; the host replays every history when it is disposed of.
/// </summary>
internal sealed class OrchestratedRunTests
{
    [Test]
    public async Task RunAgentAsync_TwoAtOnceAndOneOnTheirAnswers_GivesEachAnswerWithItsRun()
    {
        await using RunHost host = await StartAsync(static async context =>
        {
            RunAnswer[] two = await Task.WhenAll(context.RunAgentAsync("worker", "Say one."),
                context.RunAgentAsync("worker", "Say two."));
            return [.. two, await context.RunAgentAsync("worker", $"Say {two[0].Text}-{two[1].Text}.")];
        });

        RunAnswer[] answers = await ReportAsync(host);

        Assert.That(answers.Select(static answer => (answer.Text, answer.Status)), Is.EqualTo(
            new[] { ("one", RunStatus.Completed), ("two", RunStatus.Completed), ("one-two", RunStatus.Completed) }));
        Run last = await host.Reader.GetAsync(answers[2].RunId);
        Assert.That((last.Goal, last.Result?.Text), Is.EqualTo(("Say one-two.", "one-two")));
        Assert.That(host.Model.Requests, Has.Count.EqualTo(3));
    }

    [Test]
    public async Task RunAgentAsync_RunThatFails_IsAnAnswerThatSaysSo()
    {
        await using RunHost host = await StartAsync(static async context =>
            [await context.RunAgentAsync(new RunRequest { Agent = "worker", Goal = "Say one.",
                Budget = new Budget { Tokens = 1 } })]);

        RunAnswer answer = (await ReportAsync(host)).Single();

        Assert.That((answer.Status, answer.Error),
            Is.EqualTo((RunStatus.BudgetExhausted, (await host.Reader.GetAsync(answer.RunId)).Error?.Message)));
    }

    [Test]
    public async Task RunAgentAsync_AgentThatIsMissing_FailsTheCallWithItsName()
    {
        await using RunHost host = await StartAsync(static async context =>
        {
            try
            {
                return [await context.RunAgentAsync("nobody", "Say one.")];
            }
            catch (TaskFailedException e)
            {
                return [new RunAnswer("", RunStatus.Failed, "", [], e.Failure.Message)];
            }
        });

        Assert.That((await ReportAsync(host)).Single().Error, Does.Contain("nobody"));
        Assert.That(host.Model.Requests, Is.Empty);
    }

    private static Task<RunHost> StartAsync(Func<IOrchestrationContext, Task<RunAnswer[]>> report) => RunHost.StartAsync(
        services => services.AddDurable((_, registry) => registry.AddOrchestrator<string, RunAnswer[]>("Report",
            (context, _) => report(context))),
        static request => ChatReply.Say(request.Messages[1].GetProperty("content").ToString().Split("Say ")[^1].Split('.')[0]));

    private static async Task<RunAnswer[]> ReportAsync(RunHost host)
    {
        IOrchestrationClient client = host.Get<IOrchestrationClient>();
        string id = await client.ScheduleAsync("Report", "now");
        OrchestrationState end = await client.WaitForCompletionAsync(id);
        Assert.That(end.Status, Is.EqualTo(OrchestrationStatus.Completed), end.Failure?.Message);
        return DurableJson.Deserialize<RunAnswer[]>(end.Output)!;
    }
}
