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
public sealed class SwarmTests
{
    private const int Children = 20;

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

    private static ChatReply Answer(ChatRequest request)
    {
        string goal = request.Messages[1].GetProperty("content").ToString();
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
        .AddTool(AgentTool.Create("note", "Notes a text.", ToolEffect.NotIdempotent, (string text) =>
        {
            _noted.Add(text);
            return "noted";
        }))
        .AddAgent(Agent.Create("lead").WithInstructions("Work.").WithTools("note").WithDelegation(Delegation.Native)));
}
