using AgentFunctions.AgentFramework;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tests.Hosting;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>An agent of Agent Framework as an agent of durable runs: each row of the mapping that a run shows.</summary>
internal sealed class DurableAgentTests
{
    [Test]
    public async Task Run_ToolOfTheAgent_IsAStepOfItsOwn()
    {
        var keys = new List<string?>();
        AIFunction charge = AIFunctionFactory.Create(
            (int cents, AIFunctionArguments arguments) =>
            {
                keys.Add(arguments.IdempotencyKey());
                return $"charged {cents}";
            },
            "charge", "Charges.");
        ScriptedClient client = ScriptedClient.Calls("All paid.", ScriptedClient.CallOf("c1", "charge", ("cents", 42)));
        AIAgent billing = new ChatClientAgent(client, "You bill.", "billing", "Bills people.", [charge]);
        await using RunHost host = await AgentHost.StartAsync(billing);

        Run run = await host.AskAsync("billing", "Charge 42.");

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        Assert.That(run.Result!.Text, Is.EqualTo("All paid."));
        Assert.That(keys, Is.EqualTo(new[] { $"{run.Id}/1/0" }));
        Assert.That(client.Requests, Has.Count.EqualTo(2));
        (IReadOnlyList<ChatMessage> messages, ChatOptions? options) = client.Requests.First();
        Assert.That(messages.Single().Text, Is.EqualTo("Charge 42."));
        Assert.That(options!.Instructions, Does.StartWith("You bill."));
        Assert.That(options.Tools!.Select(static tool => tool.Name), Is.EqualTo(new[] { "charge" }));
        IReadOnlyList<JournalEvent> journal = await host.JournalAsync(run.Id);
        Assert.That(journal.Count(static e => e.Type == JournalEventTypes.ModelCompleted), Is.EqualTo(2));
        Assert.That(journal.Single(static e => e.Type == JournalEventTypes.ToolCompleted).Tool, Is.EqualTo("charge"));
    }
}
