using AgentFunctions.AgentFramework;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

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
        ScriptedClient client = ScriptedClient.Calls("All paid.", Billing.ChargeCall);
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

    [Test]
    public async Task Run_ToolThatNeedsApproval_AsksAPersonAndIsCalledOnce()
    {
        var charged = new List<int>();
        AIFunction charge = new ApprovalRequiredAIFunction(Billing.Charge(charged));
        AIAgent billing = new ChatClientAgent(
            ScriptedClient.Calls("Paid.", Billing.ChargeCall), name: "billing", tools: [charge]);
        await using RunHost host = await AgentHost.StartAsync(billing);

        Run run = await host.SubmitAsync("Charge 42.", new RunRequest { Agent = "billing" });
        JournalEvent asked = await host.EventAsync(run.Id, static e => e.Type == JournalEventTypes.ApprovalRequested);
        Assert.That(charged, Is.Empty);
        await host.Get<ApprovalService>().DecideAsync(asked.Approval!, Caller.Local, approve: true);
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        Assert.That(charged, Is.EqualTo(new[] { 42 }));
    }

    [Test]
    public async Task Run_TwoAgentsWithToolsOfOneName_EachCallsItsOwn()
    {
        var called = new List<string>();
        AIAgent Of(string name) => new ChatClientAgent(
            ScriptedClient.Calls("Done.", ScriptedClient.CallOf("c1", "act")), name: name,
            tools: [AIFunctionFactory.Create(() => called.Add(name), "act", "Acts.")]);
        await using RunHost host = await AgentHost.StartAsync(
            services => services.AddDurableAgent(Of("one")).AddDurableAgent(Of("two")));

        Run one = await host.AskAsync("one", "Act.");
        Run two = await host.AskAsync("two", "Act.");

        Assert.That((one.Status, two.Status), Is.EqualTo((RunStatus.Completed, RunStatus.Completed)));
        Assert.That(called, Is.EqualTo(new[] { "one", "two" }));
    }

    [Test]
    public async Task Run_ChatOptions_GoWithEachModelCall()
    {
        ScriptedClient client = ScriptedClient.Calls("Done.", Billing.ChargeCall);
        AIAgent billing = new ChatClientAgent(client, new ChatClientAgentOptions
        {
            Name = "billing",
            ChatOptions = new ChatOptions
            {
                Temperature = 0.25f,
                TopP = 0.5f,
                Seed = 7,
                StopSequences = ["STOP"],
                MaxOutputTokens = 99,
                ModelId = "their-model",
                Reasoning = new ReasoningOptions { Effort = ReasoningEffort.High },
                ToolMode = ChatToolMode.RequireAny,
                Tools = [Billing.Charge([]), new HostedWebSearchTool()],
                AdditionalProperties = new AdditionalPropertiesDictionary { ["mine"] = 1 },
                RawRepresentationFactory = static _ => "raw",
            },
        });
        await using RunHost host = await AgentHost.StartAsync(billing);

        Run run = await host.AskAsync("billing", "Charge 42.");

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        foreach ((_, ChatOptions? options) in client.Requests)
        {
            Assert.Multiple(() =>
            {
                Assert.That((options!.Temperature, options.TopP, options.Seed, options.MaxOutputTokens, options.ModelId),
                    Is.EqualTo((0.25f, 0.5f, 7L, 99, "their-model")));
                Assert.That(options.StopSequences, Is.EqualTo(new[] { "STOP" }));
                Assert.That(options.Reasoning!.Effort, Is.EqualTo(ReasoningEffort.High));
                Assert.That(options.AdditionalProperties!["mine"], Is.EqualTo(1));
                Assert.That(options.RawRepresentationFactory!(client), Is.EqualTo("raw"));
                Assert.That(options.Tools!.OfType<HostedWebSearchTool>().Count(), Is.EqualTo(1));
            });
        }

        // A model that had to call a tool in each turn would never end.
        Assert.That(client.Requests.Select(static request => request.Options!.ToolMode),
            Is.EqualTo(new ChatToolMode?[] { ChatToolMode.RequireAny, null }));
    }

    [Test]
    public async Task Run_TwoLimitsOfOutput_SendTheSmaller()
    {
        ScriptedClient client = ScriptedClient.Says("Done.");
        AIAgent billing = new ChatClientAgent(
            client, new ChatClientAgentOptions { Name = "billing", ChatOptions = new ChatOptions { MaxOutputTokens = 100_000 } });
        await using RunHost host = await AgentHost.StartAsync(billing);

        await host.AskAsync("billing", "Go.");

        Assert.That(client.Requests.Single().Options!.MaxOutputTokens, Is.EqualTo(8_192), "that of the model");
    }

    [Test]
    public async Task Run_CallsOfOneTurn_AreMadeOneAfterTheOther()
    {
        int atWork = 0;
        int most = 0;
        AIFunction act = AIFunctionFactory.Create(
            async (int number) =>
            {
                most = Math.Max(most, Interlocked.Increment(ref atWork));
                await Task.Yield();
                Interlocked.Decrement(ref atWork);
                return number;
            },
            "act", "Acts.");
        FunctionCallContent[] calls = [.. Enumerable.Range(0, 5)
            .Select(static number => ScriptedClient.CallOf($"c{number}", "act", ("number", number)))];
        await using RunHost host = await AgentHost.StartAsync(
            new ChatClientAgent(ScriptedClient.Calls("Done.", calls), name: "worker-of-theirs", tools: [act]));

        Run run = await host.AskAsync("worker-of-theirs", "Act.");

        Assert.That((run.Status, most), Is.EqualTo((RunStatus.Completed, 1)));
        IEnumerable<int?> started = (await host.JournalAsync(run.Id))
            .Where(static e => e.Type is JournalEventTypes.ToolStarted or JournalEventTypes.ToolCompleted)
            .Select(static e => e.Call);
        Assert.That(started, Is.EqualTo(new int?[] { 0, 0, 1, 1, 2, 2, 3, 3, 4, 4 }));
    }

    [Test]
    public async Task Run_SubAgentAsFunction_IsAToolLikeAnyOther()
    {
        AIAgent sub = new ChatClientAgent(ScriptedClient.Says("42 euros"), name: "pricing");
        ScriptedClient client = new(static (messages, options) => messages.Any(static message => message.Role == ChatRole.Tool)
            ? ScriptedClient.Say("It costs 42 euros.")
            : ScriptedClient.Call("c1", options!.Tools!.Single().Name, ("query", "How much?")));
        await using RunHost host = await AgentHost.StartAsync(
            new ChatClientAgent(client, name: "billing", tools: [sub.AsAIFunction()]));

        Run run = await host.AskAsync("billing", "How much?");

        Assert.That(run.Result!.Text, Is.EqualTo("It costs 42 euros."));
        Assert.That((await host.JournalAsync(run.Id)).Single(static e => e.Type == JournalEventTypes.ToolCompleted).Text,
            Does.Contain("42 euros"));
    }

    [Test]
    public async Task Run_CallOfAToolThatIsNotThere_IsAnsweredByTheRunAndNotByThePipeline()
    {
        ScriptedClient client = ScriptedClient.Calls("Then not.", ScriptedClient.CallOf("c1", "fly"));
        await using RunHost host = await AgentHost.StartAsync(
            new ChatClientAgent(client, name: "billing", tools: [Billing.Charge([])]));

        Run run = await host.AskAsync("billing", "Fly.");

        Assert.That((run.Status, client.Requests.Count), Is.EqualTo((RunStatus.Completed, 2)), run.Error?.Message);
        Assert.That(client.Requests.Last().Messages.SelectMany(static message => message.Contents).OfType<FunctionResultContent>()
            .Single().Result!.ToString(), Does.Contain("there is no tool 'fly'"));
    }

    [Test]
    public async Task Run_TypedAnswer_IsJsonOfTheSchema()
    {
        ScriptedClient client = ScriptedClient.Says("""{"total":42}""");
        AIAgent billing = new ChatClientAgent(
            client,
            new ChatClientAgentOptions
            {
                Name = "billing",
                ChatOptions = new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema<Answer>() },
            });
        await using RunHost host = await AgentHost.StartAsync(billing);

        Run run = await host.AskAsync("billing", "How much?");

        Assert.That(run.Result!.Text, Is.EqualTo("""{"total":42}"""));
        Assert.That(client.Requests.Single().Options!.ResponseFormat, Is.InstanceOf<ChatResponseFormatJson>());
    }

    [Test]
    public async Task AddDurableAgent_ByKeyAndByFactory_TakesTheAgentFromTheServices()
    {
        await using RunHost host = await AgentHost.StartAsync(static services =>
        {
            services.AddKeyedSingleton<AIAgent>(
                "raw", (_, _) => new ChatClientAgent(ScriptedClient.Says("I am keyed."), name: "keyed"));
            services.AddDurableAgent("raw")
                .AddDurableAgent(static _ => new ChatClientAgent(ScriptedClient.Says("I am made."), name: "made"));
        });

        Assert.That((await host.AskAsync("keyed", "Who?")).Result!.Text, Is.EqualTo("I am keyed."));
        Assert.That((await host.AskAsync("made", "Who?")).Result!.Text, Is.EqualTo("I am made."));
        Run ours = await host.RunAsync("Who?", new RunRequest { Agent = "worker" });
        Assert.That(ours.Result!.Text, Is.EqualTo("Done."),
            "an agent without a model of its own speaks with the host's default, not with theirs");
    }

    private sealed record Answer(int Total);
}
