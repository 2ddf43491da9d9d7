using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tests.Hosting;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>An opaque agent: each of its turns is one step.</summary>
internal sealed class OpaqueAgentTests
{
    [Test]
    public async Task Run_EachMessage_IsOneTurnInOneSession()
    {
        ScriptedClient client = new(static (messages, _) =>
        {
            int asked = messages.Count(static message => message.Role == ChatRole.User);
            return ScriptedClient.Say($"{asked} messages, the last: {messages[^1].Text}");
        });
        AIAgent hidden = new Hidden(new ChatClientAgent(client, name: "hidden"));
        await using RunHost host = await AgentHost.StartAsync(
            services => services.AddOpaqueAgent(hidden, ToolEffect.NotIdempotent));

        Run run = await host.AskAsync("hidden", "One.");
        Assert.That((run.Status, run.Result!.Text), Is.EqualTo((RunStatus.Completed, "1 messages, the last: One.")),
            run.Error?.Message);
        await host.Steering.SendAsync(run.Id, "Two.");
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That(run.Result!.Text, Is.EqualTo("2 messages, the last: Two."));
        Assert.That((await host.JournalAsync(run.Id)).Where(static e => e.Type == JournalEventTypes.ToolCompleted)
            .Select(static e => e.Tool), Is.EqualTo(new[] { "turn__hidden", "turn__hidden" }));
    }

    [Test]
    public async Task Run_AgentThatWaitsForAnApproval_FailsInWords()
    {
        AIFunction charge = new ApprovalRequiredAIFunction(AIFunctionFactory.Create(static () => 1, "charge"));
        ScriptedClient client = ScriptedClient.Calls("Paid.", ScriptedClient.CallOf("c1", "charge"));
        AIAgent hidden = new Hidden(new ChatClientAgent(client, name: "hidden", tools: [charge]));
        await using RunHost host = await AgentHost.StartAsync(
            services => services.AddOpaqueAgent(hidden, ToolEffect.NotIdempotent));

        Run run = await host.AskAsync("hidden", "Charge.");

        Assert.That(run.Result!.Text,
            Does.Contain("the agent waits for an approval of charge, which cannot be given from outside"));
    }

    /// <summary>Like an agent of another service: it answers, and shows nothing else.</summary>
    private sealed class Hidden(AIAgent inner) : DelegatingAIAgent(inner)
    {
        public override object? GetService(Type serviceType, object? serviceKey = null) => null;
    }
}
