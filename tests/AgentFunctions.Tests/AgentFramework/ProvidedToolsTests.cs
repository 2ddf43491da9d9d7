using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tests.Hosting;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>Tools that providers of an agent bring: found by the probe, called as steps, with their state in the run.</summary>
internal sealed class ProvidedToolsTests
{
    [Test]
    public async Task Run_Skill_IsLoadedOnceAPersonApproves()
    {
        ScriptedClient client = Script(
            static options => CallOf(options, "load_skill", "refund-policy"));
        var skills = new AgentSkillsProvider(
            new AgentInlineSkill("refund-policy", "How refunds are made.", "Refund within 14 days.", null, null, null));
        await using RunHost host = await AgentHost.StartAsync(Clerk(client, skills));

        Run run = await host.SubmitAsync("May I refund?", new RunRequest { Agent = "clerk" });
        // By default their tool that loads a skill needs an approval.
        JournalEvent asked = await host.EventAsync(run.Id, static e => e.Type == JournalEventTypes.ApprovalRequested);
        await host.Get<ApprovalService>().DecideAsync(asked.Approval!, Caller.Local, approve: true);
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        Assert.That(asked.Tool, Is.EqualTo("load_skill"));
        Assert.That(run.Result!.Text, Does.Contain("Refund within 14 days."));
        Assert.That(client.Requests.First().Options!.Instructions, Does.Contain("refund-policy"));
    }

    [Test]
    public async Task Run_FileMemory_KeepsWhereItsFilesAreInTheRun()
    {
        ScriptedClient client = Script(
            static options => CallOf(options, "file_memory_write", "prices.md", "Milk is 2.", ""),
            static options => CallOf(options, "file_memory_read", "prices.md"));
        int folders = 0;
        var memory = new FileMemoryProvider(
            new InMemoryAgentFileStore(), _ => new FileMemoryState { WorkingFolder = $"folder-{folders++}" });
        await using RunHost host = await AgentHost.StartAsync(Clerk(client, memory));

        Run run = await host.AskAsync("clerk", "Remember the price.");

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        Assert.That(run.Result!.Text, Does.Contain("Milk is 2."), "it was written in one step and read in another");
    }

    [Test]
    public async Task Run_ToolThatAProviderNoLongerBrings_IsAnErrorOfTheCall()
    {
        var provider = new FickleProvider();
        ScriptedClient client = Script(options =>
        {
            provider.IsThere = false;
            return CallOf(options, "look");
        });
        await using RunHost host = await AgentHost.StartAsync(Clerk(client, provider));

        Run run = await host.AskAsync("clerk", "Look.");

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        Assert.That(run.Result!.Text, Does.Contain("look: the agent no longer has this tool."));
    }

    private static ChatClientAgent Clerk(ScriptedClient client, AIContextProvider provider) => new(
        client, new ChatClientAgentOptions { Name = "clerk", AIContextProviders = [provider] });

    /// <summary>A model that makes these calls one after the other, and then says what the last returned.</summary>
    private static ScriptedClient Script(params Func<ChatOptions?, FunctionCallContent>[] calls) => new((messages, options) =>
    {
        FunctionResultContent[] results =
            [.. messages.SelectMany(static message => message.Contents).OfType<FunctionResultContent>()];
        return results.Length < calls.Length
            ? new ChatMessage(ChatRole.Assistant, [calls[results.Length](options)])
            : ScriptedClient.Say(results[^1].Result!.ToString()!);
    });

    /// <summary>A call of a tool with these values, in the order in which its schema has the arguments.</summary>
    private static FunctionCallContent CallOf(ChatOptions? options, string tool, params string[] values)
    {
        AIFunctionDeclaration declared = options!.Tools!.OfType<AIFunctionDeclaration>().SingleOrDefault(one => one.Name == tool)
            ?? throw new InvalidOperationException(string.Join(", ", options.Tools!.Select(static one => one.Name)));
        IEnumerable<(string, object?)> arguments = values.Length == 0
            ? []
            : declared.JsonSchema.GetProperty("properties").EnumerateObject()
                .Zip(values, static (argument, value) => (argument.Name, (object?)value));
        return ScriptedClient.CallOf($"call-{tool}", tool, [.. arguments]);
    }

    private sealed class FickleProvider : AIContextProvider
    {
        public bool IsThere { get; set; } = true;

        protected override ValueTask<AIContext> ProvideAIContextAsync(
            InvokingContext context, CancellationToken cancellationToken = default) =>
            new(new AIContext { Tools = IsThere ? [AIFunctionFactory.Create(static () => "seen", "look")] : [] });
    }
}
