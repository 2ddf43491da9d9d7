using AgentFunctions.AgentFramework;
using AgentFunctions.AgentFramework.DurableAgents;
using AgentFunctions.Agents;
using Microsoft.Agents.AI;
using Microsoft.Agents.AI.Compaction;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>What becomes of each part of an agent, and the words of each refusal.</summary>
internal sealed class AgentPlanTests
{
    private static readonly AIFunction Charge = Billing.Charge([]);

    [Test]
    public void Plan_NameDescriptionInstructions_AreTheDefinition()
    {
        AgentDefinition definition = Plan(AgentOf(static options => options.Description = "Bills people.")).Definition;

        Assert.Multiple(() =>
        {
            Assert.That(definition.Name, Is.EqualTo("billing"));
            Assert.That(definition.Description, Is.EqualTo("Bills people."));
            Assert.That(definition.Instructions, Is.EqualTo("You bill."));
            Assert.That(definition.Model, Is.EqualTo("agent-framework.billing"));
            Assert.That(definition.Tools, Is.EqualTo(new[] { "agent-framework__billing" }));
            Assert.That(definition.Framing, Is.EqualTo(PromptFraming.Chat));
        });
    }

    [TestCase(false, true)]
    [TestCase(true, false)]
    public void Plan_ConcurrentInvocation_DecidesTheOrderOfCalls(bool concurrent, bool inOrder) =>
        Assert.That(Plan(AgentOf(options => options.AllowConcurrentInvocation = concurrent)).Definition.CallsInOrder,
            Is.EqualTo(inOrder));

    [Test]
    public void Plan_Providers_HaveTheCallsMadeInOrder() => Assert.That(
        Plan(AgentOf(static options =>
        {
            options.AllowConcurrentInvocation = true;
            options.AIContextProviders = [new TodoProvider()];
        })).Definition.CallsInOrder, Is.True);

    [Test]
    public void Plan_ResponseFormat_IsTheSchemaOfTheResult()
    {
        AgentPlan plan = Plan(
            AgentOf(static options => options.ChatOptions!.ResponseFormat = ChatResponseFormat.ForJsonSchema<Answer>()));

        Assert.That(plan.Definition.OutputSchema!.Value.GetProperty("properties").EnumerateObject().Single().Name,
            Is.EqualTo("total").IgnoreCase);
    }

    [Test]
    public void Plan_ChatOptionsChange_ChangesTheDefinition() => Assert.That(
        Plan(AgentOf(static options => options.ChatOptions!.Temperature = 0.5f)).Definition.Hash,
        Is.Not.EqualTo(Plan(AgentOf()).Definition.Hash));

    [Test]
    public void Plan_HostedToolsWithoutEffect_StayWithTheModel() => Assert.That(
        Plan(AgentOf(static options => options.ChatOptions!.Tools =
            [new HostedWebSearchTool(), new HostedFileSearchTool(), new HostedCodeInterpreterTool(),
                new HostedImageGenerationTool()])).HostedTools, Has.Count.EqualTo(4));

    [Test]
    public void Plan_TelemetryAndFunctionMiddleware_NeedNoDecorators()
    {
        AgentPlan plan = Plan(
            AgentOf().AsBuilder().Use(static (_, context, next, token) => next(context, token)).UseOpenTelemetry().Build());

        Assert.That((plan.ThroughDecorators, plan.HasFunctionMiddleware), Is.EqualTo((false, true)));
    }

    [Test]
    public void Plan_RunMiddlewareThatIsOptedIn_IsCalledAroundModelCalls() => Assert.That(
        Plan(WithRunMiddleware(), static options => options.RunMiddleware(MiddlewareScope.PerModelCall)).ThroughDecorators,
        Is.True);

    [Test]
    public void Plan_ReducerOfItsHistory_IsNoted() => Assert.That(
        Plan(AgentOf(static options =>
            options.ChatHistoryProvider = new InMemoryChatHistoryProvider(new() { ChatReducer = new NoReducer() }))).Notes,
        Has.Some.Contain("sums up its context itself"));

    [Test]
    public void Plan_ReducerOrProvidersInsideItsChatClient_AreNoted()
    {
        IChatClient client = ScriptedClient.Says("Done.");
        AIContextProvider compaction = new CompactionProvider(new TruncationCompactionStrategy(CompactionTriggers.Never, 1));

        Assert.Multiple(() =>
        {
            Assert.That(NotesOf(client), Is.Empty);
            Assert.That(NotesOf(client.AsBuilder().UseChatReducer(new NoReducer()).UseOpenTelemetry().Build()),
                Has.One.StartsWith("a chat reducer stands inside its chat client (UseChatReducer)."));
            Assert.That(NotesOf(client.AsBuilder().UseOpenTelemetry().UseAIContextProviders(compaction).Build()),
                Has.One.StartsWith("context providers stand inside its chat client (UseAIContextProviders)."));
        });

        static IReadOnlyList<string> NotesOf(IChatClient client) => Plan(new ChatClientAgent(client, name: "billing")).Notes;
    }

    [Test]
    public void Plan_SwitchesOfApprovals_AreNoted() => Assert.That(
        Plan(AgentOf(static options => options.DisableApprovalResponseBinding = true)).Notes,
        Has.Some.Contain("approvals are those of AgentFunctions"));

    [Test]
    public void Plan_Telemetry_IsNoted() => Assert.That(
        Plan(AgentOf().AsBuilder().UseOpenTelemetry().Build()).Notes,
        Has.Some.Contain("OpenTelemetryAgent: a run has spans of its own"));

    [Test]
    public void Plan_ProvidersAroundTheAgent_AreAskedOnceAModelCallAndNoted()
    {
        AgentPlan plan = Plan(AgentOf().AsBuilder().UseAIContextProviders(new Prices()).Build());

        Assert.That(plan.ThroughDecorators);
        Assert.That(plan.Notes, Has.Some.Contain("its providers are asked once a model call"));
    }

    [Test]
    public void Plan_RunMiddlewareThatIsOptedIn_IsNoted() => Assert.That(
        Plan(WithRunMiddleware(), static options => options.RunMiddleware(MiddlewareScope.PerModelCall)).Notes,
        Has.Some.EqualTo("run middleware: it is called around each model call, not around the run."));

    [Test]
    public void Plan_Compaction_IsLeftOutAndNoted()
    {
        AgentPlan plan = Plan(AgentOf(static options => options.AIContextProviders =
            [new CompactionProvider(new TruncationCompactionStrategy(CompactionTriggers.Never, 1))]));

        Assert.That(plan.Providers, Is.Empty);
        Assert.That(plan.Notes, Has.Some.EqualTo("CompactionProvider is left out: a run sums up its context itself."));
    }

    [Test]
    public void Plan_HistoryThatIsMirrored_IsKept()
    {
        var history = new OwnHistory();

        Assert.That(
            Plan(AgentOf(options => options.ChatHistoryProvider = history),
                static options => options.History = HistoryMode.Mirror).Mirror, Is.SameAs(history));
    }

    [Test]
    public void Plan_HostedToolThatIsAllowed_IsKept() => Assert.That(
        Plan(AgentOf(static options => options.ChatOptions!.Tools = [McpServer()]),
            static options => options.AllowHostedTool("github", ToolEffect.None)).HostedTools,
        Has.Count.EqualTo(1));

    [Test]
    public void Plan_NoName_IsRefused() =>
        Refused(AgentOf(static options => options.Name = null), "the agent has no name, and runs find it by name; set Name");

    [Test]
    public void Plan_NameOfOtherCharacters_IsRefused() =>
        Refused(AgentOf(static options => options.Name = "my agent"), "set Name of the options to letters, digits, '-' and '_'");

    [Test]
    public void Plan_NameOfTheOptions_Stands() =>
        Assert.That(Plan(AgentOf(static options => options.Name = "my agent"), static options => options.Name = "mine").Name,
            Is.EqualTo("mine"));

    [Test]
    public void Plan_HistoryOfItsOwn_IsRefused() =>
        Refused(AgentOf(static options => options.ChatHistoryProvider = new OwnHistory()),
            "OwnHistory, and a run keeps its own; set History = HistoryMode.Mirror");

    [Test]
    public void Plan_ConversationOfTheService_IsRefused() =>
        Refused(AgentOf(static options => options.ChatOptions!.ConversationId = "c"),
            "ChatOptions.ConversationId has the service keep the history");

    [Test]
    public void Plan_HostedMcpServer_IsRefused() => Refused(
        AgentOf(static options => options.ChatOptions!.Tools = [McpServer()]),
        "the hosted tool 'github' (HostedMcpServerTool) acts inside a model call, which a crash repeats");

    [Test]
    public void Plan_HostedToolThatIsNotKnown_IsRefused() => Refused(
        AgentOf(static options => options.ChatOptions!.Tools = [new Telephone()]),
        "the hosted tool 'telephone' (Telephone) acts inside a model call, which a crash repeats; "
        + "use a tool server of the host (mcpServers), or AllowHostedTool(\"telephone\", …) if a repetition does no harm");

    [Test]
    public void Start_TwoAgentsOfOneName_IsRefused() => Assert.That(
        static async () => await AgentHost.StartAsync(static services => services.AddDurableAgent(AgentOf())
            .AddDurableAgent(AgentOf())),
        Throws.InstanceOf<AgentException>().With.Message.Contains("two agents are called 'billing'; rename one of them"));

    [Test]
    public void Plan_LoopAgent_IsRefused() =>
        Refused(new LoopAgent(AgentOf(), new CompletionMarkerLoopEvaluator("DONE")), "give the run an acceptance check");

    [Test]
    public void Plan_ToolApprovalAgent_IsRefused() =>
        Refused(AgentOf().AsBuilder().UseToolApproval().Build(), "say in a policy which calls ask a person");

    [Test]
    public void Plan_RunMiddleware_IsRefused() =>
        Refused(WithRunMiddleware(), "it has run middleware, which cannot be called around a run of days; "
            + "set RunMiddleware(MiddlewareScope.PerModelCall)");

    [Test]
    public void Plan_OtherDecorator_IsRefusedByItsName() => Refused(new Stamp(AgentOf()), "the decorator Stamp is not known");

    [Test]
    public void Plan_MessageInjection_IsRefused() =>
        Refused(AgentOf(static options => options.EnableMessageInjection = true),
            "EnableMessageInjection adds messages that no run records");

    [Test]
    public void Plan_DeclarationWithoutCode_IsRefused() => Refused(
        AgentOf(static options =>
            options.ChatOptions!.Tools = [AIFunctionFactory.CreateDeclaration("pick", "Picks.", Charge.JsonSchema)]),
        "the tool 'pick' is a declaration without code");

    [Test]
    public void Plan_NoChatClientAgent_IsRefused() =>
        Refused(new Foreign(),
            "Foreign is not a ChatClientAgent, so its model and tools cannot be found; add it with AddOpaqueAgent");

    [Test]
    public void AllowHostedTool_NotIdempotent_IsRefused() =>
        Assert.That(static () => new DurableAgentOptions().AllowHostedTool("github", ToolEffect.NotIdempotent),
            Throws.InstanceOf<ArgumentOutOfRangeException>());

    [Test]
    public async Task Probe_FunctionMiddleware_IsAroundTheFunctionsItFinds()
    {
        AgentPlan plan = Plan(AgentOf().AsBuilder().Use(static (_, context, next, token) => next(context, token)).Build());
        AgentSession session = await plan.Inner.CreateSessionAsync();

        ProbedTools probed = await AgentProbe.RunAsync(plan, session, default);

        Assert.That(probed.Functions.Single().Name, Is.EqualTo("charge"));
        Assert.That(probed.Functions.Single(), Is.Not.SameAs(Charge));
        Assert.That(((ScriptedClient)plan.Inner.ChatClient.GetService(typeof(ScriptedClient))!).Requests, Is.Empty,
            "a model was called");
        Assert.That((await plan.Inner.SerializeSessionAsync(session)).GetRawText(), Does.Not.Contain("messages"));
    }

    [Test]
    public async Task Probe_MiddlewareThatNeverAsksTheModel_IsRefused()
    {
        var no = new AgentResponse(new ChatMessage(ChatRole.Assistant, "No."));
        AgentPlan plan = Plan(
            AgentOf().AsBuilder().Use((_, _, _, _, _) => Task.FromResult(no), null).Build(),
            static options => options.RunMiddleware(MiddlewareScope.PerModelCall));
        AgentSession session = await plan.Inner.CreateSessionAsync();

        Assert.That(async () => await AgentProbe.RunAsync(plan, session, default),
            Throws.InstanceOf<AgentException>().With.Message.Contains("name them with Tools(…)"));
    }

    [TestCase(null, ToolEffect.NotIdempotent)]
    [TestCase("none", ToolEffect.None)]
    [TestCase("idempotent", ToolEffect.Idempotent)]
    public void Effect_PropertyOfTheTool_Counts(string? property, ToolEffect expected)
    {
        AIFunction tool = AIFunctionFactory.Create(static () => 1, new AIFunctionFactoryOptions
        {
            Name = "read",
            AdditionalProperties = property is null
                ? null
                : new Dictionary<string, object?> { ["agentfunctions.effect"] = property },
        });

        Assert.That(ToolEffects.Of(tool, new DurableAgentOptions()), Is.EqualTo(expected));
        Assert.That(ToolEffects.Of(tool, new DurableAgentOptions().Effect("read", ToolEffect.Idempotent)),
            Is.EqualTo(ToolEffect.Idempotent));
    }

    private static AgentPlan Plan(AIAgent agent, Action<DurableAgentOptions>? configure = null)
    {
        var options = new DurableAgentOptions();
        configure?.Invoke(options);
        return AgentPlanner.Plan(agent, options);
    }

    private static void Refused(AIAgent agent, string words) => Assert.That(
        () => Plan(agent), Throws.InstanceOf<AgentException>().With.Property(nameof(AgentException.Code))
            .EqualTo(ErrorCode.InvalidInput).And.Message.Contains(words));

    private static ChatClientAgent AgentOf(Action<ChatClientAgentOptions>? configure = null)
    {
        var options = new ChatClientAgentOptions
        {
            Name = "billing",
            ChatOptions = new ChatOptions { Instructions = "You bill.", Tools = [Charge] },
        };
        configure?.Invoke(options);
        return new ChatClientAgent(ScriptedClient.Says("Done."), options);
    }

    private static AIAgent WithRunMiddleware() =>
        AgentOf().AsBuilder().Use(static (messages, session, options, next, token) => next(messages, session, options, token))
            .Build();

    private static HostedMcpServerTool McpServer() => new("github", new Uri("https://example.com/mcp"));

    private sealed record Answer(int Total);

    private sealed class NoReducer : IChatReducer
    {
        public Task<IEnumerable<ChatMessage>> ReduceAsync(
            IEnumerable<ChatMessage> messages, CancellationToken cancellationToken) => Task.FromResult(messages);
    }

    private sealed class Telephone : AITool
    {
        public override string Name => "telephone";
    }

    private sealed class Prices : MessageAIContextProvider;

    private sealed class OwnHistory : ChatHistoryProvider;

    private sealed class Stamp(AIAgent inner) : DelegatingAIAgent(inner);

    private sealed class Foreign : AIAgent
    {
        public override string? Name => "foreign";

        protected override ValueTask<AgentSession> CreateSessionCoreAsync(CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        protected override ValueTask<System.Text.Json.JsonElement> SerializeSessionCoreAsync(
            AgentSession session, System.Text.Json.JsonSerializerOptions? jsonSerializerOptions = null,
            CancellationToken cancellationToken = default) => throw new NotSupportedException();

        protected override ValueTask<AgentSession> DeserializeSessionCoreAsync(
            System.Text.Json.JsonElement serializedState, System.Text.Json.JsonSerializerOptions? jsonSerializerOptions = null,
            CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        protected override Task<AgentResponse> RunCoreAsync(
            IEnumerable<ChatMessage> messages, AgentSession? session = null, AgentRunOptions? options = null,
            CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        protected override IAsyncEnumerable<AgentResponseUpdate> RunCoreStreamingAsync(
            IEnumerable<ChatMessage> messages, AgentSession? session = null, AgentRunOptions? options = null,
            CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();
    }
}
