using System.Collections.Concurrent;
using AgentFunctions.Agents;
using AgentFunctions.Durability;
using AgentFunctions.DurableTask;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>Runs and their sub-agents on Durable Task, with Azurite as the stores and a scripted model server.</summary>
[CancelAfter(1_800_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Category(AzuriteServer.Category)]
public sealed class SwarmTests
{
    private const int Children = 20;

    /// <summary>More than an execution has steps before it continues as new.</summary>
    private const int Many = 110;

    private readonly ConcurrentBag<string> _noted = [];

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Lead_WithTwentySubAgents_HearsOfEachOnce()
    {
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(Answer);
        await using ServiceProvider services = Services(model);
        await using InProcessHost host = await InProcessHost.StartAsync(services.GetRequiredService<DurableRegistry>());
        services.GetRequiredService<DurableTaskClientAccessor>().Client = host.DurableClient;

        Run run = await services.GetRequiredService<AgentGateway>().SubmitAsync(
            new RunRequest { Agent = "lead", Goal = "Lead." }, new Caller("test") { Roles = [CallerRoles.Submitter] },
            cancellationToken: Cancel);
        run = await services.GetRequiredService<RunReader>().WaitForEndAsync(run.Id, Cancel);

        Assert.That((run.Status, run.Error?.Message), Is.EqualTo((RunStatus.Completed, (string?)null)));
        Assert.That(_noted, Is.EquivalentTo(Enumerable.Range(1, Children).Select(static item => $"item {item}")));
        RunTree tree = await services.GetRequiredService<RunTreeReader>().GetAsync(run.Id, Cancel);
        Assert.That(tree.Children.Select(static child => child.Run.Status),
            Is.EqualTo(Enumerable.Repeat(RunStatus.Completed, Children)));
        Assert.That(tree.Steps, Is.EqualTo(run.Steps));
    }

    [Test]
    [Explicit("Two minutes, most of them Azurite's; on the embedded engine TreeSteeringTests holds it.")]
    public async Task Lead_OfMoreSubAgentsThanAnExecutionHasSteps_HearsOfTheFirstWhileTheOthersWait()
    {
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request =>
        {
            string goal = GoalOf(request);
            switch (goal.Contains("Lead.", StringComparison.Ordinal), request.Turn)
            {
                case (true, 0):
                    return ChatReply.Call("spawn",
                        new { items = Enumerable.Range(1, Many).Select(static item => $"item {item}."), template = "Ask for {item}" });
                case (true, 1):
                    return ChatReply.Call("wait", new { count = 1 });
                case (true, 2):
                    heard.TrySetResult();
                    return ChatReply.Call("wait", new { });
                case (false, 0) when !goal.Contains("item 1.", StringComparison.Ordinal):
                    return ChatReply.Call("ask_person", new { question = "Which region?" });
                default:
                    return ChatReply.Say("Noted.");
            }
        });
        await using ServiceProvider services = Services(model);
        await using InProcessHost host = await InProcessHost.StartAsync(services.GetRequiredService<DurableRegistry>());
        services.GetRequiredService<DurableTaskClientAccessor>().Client = host.DurableClient;
        var caller = new Caller("test") { Roles = [CallerRoles.Submitter, CallerRoles.Operator] };

        Run run = await services.GetRequiredService<AgentGateway>().SubmitAsync(
            new RunRequest { Agent = "lead", Goal = "Lead." }, caller, cancellationToken: Cancel);
        await heard.Task.WaitAsync(Cancel);
        RunSubAgents shown = (await services.GetRequiredService<RunReader>().GetAsync(run.Id, Cancel))!.SubAgents;
        await services.GetRequiredService<RunSteering>().CancelAsync(run.Id, caller, cancellationToken: Cancel);
        run = await services.GetRequiredService<RunReader>().WaitForEndAsync(run.Id, Cancel);

        Assert.That((shown.Total, shown.Running), Is.EqualTo((Many, Many - 1)));
        Assert.That(run.Status, Is.EqualTo(RunStatus.Cancelled));
    }

    private static string GoalOf(ChatRequest request) => request.Messages[1].GetProperty("content").ToString();

    private static ChatReply Answer(ChatRequest request)
    {
        string goal = GoalOf(request);
        return (goal.Contains("Lead.", StringComparison.Ordinal), request.Turn) switch
        {
            (true, 0) => ChatReply.Call("spawn",
                new { items = Enumerable.Range(1, Children).Select(static item => $"item {item}"), template = "Note {item}" }),
            (true, 1) => ChatReply.Call("wait", new { }),
            (true, _) => ChatReply.Say("All noted."),
            (false, 0) => ChatReply.Call("note",
                new { text = goal[goal.IndexOf("item", StringComparison.Ordinal)..].Split('\n')[0].Trim() }),
            _ => ChatReply.Say("Noted."),
        };
    }

    private ServiceProvider Services(OpenAIProtocolServer model) => AppServices.Build(model, services => services
        .ConfigureSwarm(static bounds => bounds.MaxConcurrent = 2 * Many)
        .AddTool(AgentTool.Create("note", "Notes a text.", ToolEffect.NotIdempotent, (string text) =>
        {
            _noted.Add(text);
            return "noted";
        }))
        .AddAgent(Agent.Create("lead").WithInstructions("Work.").WithTools("note", "ask_person").WithDelegation(Delegation.Native)));
}
