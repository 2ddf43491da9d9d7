using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Tests.Hosting;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>
/// Agents as the samples of Agent Framework's repository make and call them (<c>dotnet/samples/02-agents/Agents</c>), told here
/// in our words: nothing is changed but that they are registered, and the host is restarted between two calls.
/// </summary>
internal sealed class PublishedSamplesTests
{
    /// <summary>As <c>Agent_Step01_UsingFunctionToolsWithApprovals</c>.</summary>
    [Test]
    public async Task FunctionToolsWithApprovals_AreAskedForAndCalledOnce()
    {
        int called = 0;
        [System.ComponentModel.Description("Get the weather for a given location.")]
        string GetWeather([System.ComponentModel.Description("The location.")] string location)
        {
            called++;
            return $"The weather in {location} is cloudy.";
        }

        AIFunction weather = AIFunctionFactory.Create(GetWeather);
        await using RunHost host = await StartAsync(() => new ChatClientAgent(
            ScriptedClient.Calls("Take a coat.", ScriptedClient.CallOf("c1", weather.Name, ("location", "Amsterdam"))),
            instructions: "You are a helpful assistant", tools: [new ApprovalRequiredAIFunction(weather)]));
        AIAgent agent = AgentOf(host);

        AgentSession session = await agent.CreateSessionAsync();
        AgentResponse response = await agent.RunAsync("What is the weather like in Amsterdam?", session);
        JsonElement kept = await agent.SerializeSessionAsync(session);
        await host.RestartAsync();
        agent = AgentOf(host);
        session = await agent.DeserializeSessionAsync(kept);
        List<ToolApprovalRequestContent> requests = RequestsOf(response);
        Assert.That((requests.Count, called), Is.EqualTo((1, 0)));
        while (requests.Count > 0)
        {
            response = await agent.RunAsync(
                requests.ConvertAll(static request => new ChatMessage(ChatRole.User, [request.CreateResponse(true)])), session);
            requests = RequestsOf(response);
        }

        Assert.That((response.Text, called), Is.EqualTo(("Take a coat.", 1)));
    }

    /// <summary>
    /// As <c>Agent_Step02_StructuredOutput</c>: by <c>ResponseFormat</c>, at once and as a stream, and by
    /// <c>RunAsync&lt;T&gt;</c>.
    /// </summary>
    [Test]
    public async Task StructuredOutput_IsOfItsType()
    {
        int answers = 0;
        // The first answer to the call that names a type is of none.
        ScriptedClient client =
            new((_, _) => ScriptedClient.Say(Interlocked.Increment(ref answers) == 3 ? "It is Paris." : """{"name":"Paris"}"""));
        await using RunHost host = await AgentHost.StartAsync(services => services
            .AddDurableAgent(new ChatClientAgent(client, new ChatClientAgentOptions
            {
                Name = "HelpfulAssistant",
                ChatOptions = new ChatOptions
                {
                    Instructions = "You are a helpful assistant.",
                    ResponseFormat = ChatResponseFormat.ForJsonSchema<CityInfo>(),
                },
            }))
            .AddDurableAgent(new ChatClientAgent(client, name: "Plain", instructions: "You are a helpful assistant."))
            .AddAgentFunctionsAsAIAgents());
        const string asked = "Provide information about the capital of France.";

        AgentResponse typed = await host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>("HelpfulAssistant")
            .RunAsync(asked);
        await host.RestartAsync();
        AgentResponse streamed = await host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>("HelpfulAssistant")
            .RunStreamingAsync(asked).ToAgentResponseAsync();
        AgentResponse<CityInfo> generic = await host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>("Plain")
            .RunAsync<CityInfo>(asked);

        Assert.That(JsonSerializer.Deserialize<CityInfo>(typed.Messages[^1].Text)!.Name, Is.EqualTo("Paris"));
        Assert.That(JsonSerializer.Deserialize<CityInfo>(streamed.Text)!.Name, Is.EqualTo("Paris"));
        Assert.That((generic.Result.Name, answers), Is.EqualTo(("Paris", 4)));
    }

    /// <summary>
    /// As <c>Agent_Step17_AdditionalAIContext</c>: a provider with tools that keep their list in the session, and one that adds
    /// messages.
    /// </summary>
    [Test]
    public async Task AdditionalAIContext_ToolsAndMessagesOfProviders_KeepTheirStateInTheRun()
    {
        static ChatMessage Answer(IReadOnlyList<ChatMessage> messages, ChatOptions? options)
        {
            if (messages[^1].Role == ChatRole.Tool)
            {
                return ScriptedClient.Say("Noted.");
            }

            string said = messages.Last(static message => message.Text.StartsWith("I ", StringComparison.Ordinal)
                || message.Text.StartsWith("Plan", StringComparison.Ordinal)).Text;
            return said.StartsWith("I need ", StringComparison.Ordinal)
                ? ScriptedClient.Call($"c{messages.Count}", "AddTodoItem", ("item", said[7..]))
                : said.StartsWith("I have ", StringComparison.Ordinal)
                    ? ScriptedClient.Call($"c{messages.Count}", "RemoveTodoItem", ("index", 1))
                : ScriptedClient.Say(string.Join('\n',
                    messages.Where(static message => message.Text.Contains("Your list", StringComparison.Ordinal)
                    || message.Text.Contains("Your events", StringComparison.Ordinal)).TakeLast(2)
                    .Select(static message => message.Text)));
        }

        await using RunHost host =
            await StartAsync(static () => new ChatClientAgent(new ScriptedClient(Answer), new ChatClientAgentOptions
            {
                ChatOptions = new ChatOptions { Instructions = "You manage a list for the user." },
                ChatHistoryProvider = new InMemoryChatHistoryProvider(new InMemoryChatHistoryProviderOptions
                {
                    StorageInputRequestMessageFilter = static messages => messages.Where(static message =>
                        message.GetAgentRequestMessageSourceType() != AgentRequestMessageSourceType.AIContextProvider),
                }),
                AIContextProviders = [new ListProvider(), new EventsProvider()],
            }));
        AIAgent agent = AgentOf(host);

        AgentSession session = await agent.CreateSessionAsync();
        await agent.RunAsync("I need milk.", session);
        await agent.RunAsync("I need a ride for Sally.", session);
        JsonElement kept = await agent.SerializeSessionAsync(session);
        await host.RestartAsync();
        agent = AgentOf(host);
        session = await agent.DeserializeSessionAsync(kept);
        await agent.RunAsync("I need a dentist.", session);
        await agent.RunAsync("I have driven Sally.", session);
        AgentResponse plan = await agent.RunAsync("Plan my day.", session);

        Assert.That(plan.Text, Is.EqualTo("Your list: milk.|a dentist.\nYour events: team meeting at 17:00"));
    }

    private static List<ToolApprovalRequestContent> RequestsOf(AgentResponse response) =>
        [.. response.Messages.SelectMany(static message => message.Contents).OfType<ToolApprovalRequestContent>()];

    private static AIAgent AgentOf(RunHost host) => host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>("assistant");

    /// <summary>The samples give their agent no name, which is the one thing that the registration adds.</summary>
    private static Task<RunHost> StartAsync(Func<AIAgent> agent) => AgentHost.StartAsync(
        services => services.AddDurableAgent(agent(), static options => options.Name = "assistant")
            .AddAgentFunctionsAsAIAgents());

    [System.ComponentModel.Description("Information about a city")]
    private sealed class CityInfo
    {
        [JsonPropertyName("name")]
        public string? Name { get; set; }
    }

    private sealed class ListProvider : AIContextProvider
    {
        protected override ValueTask<AIContext> ProvideAIContextAsync(InvokingContext context,
            CancellationToken cancellationToken = default)
        {
            AgentSession? session = context.Session;
            return new(new AIContext
            {
                Tools =
                [
                    AIFunctionFactory.Create((string item) => Change(session,
                        list => list.Add(item)), "AddTodoItem", "Adds an item."),
                    AIFunctionFactory.Create((int index) => Change(session,
                        list => list.RemoveAt(index)), "RemoveTodoItem", "Removes an item."),
                ],
                Messages = [new ChatMessage(ChatRole.User, $"Your list: {string.Join('|', ListOf(session))}")],
            });
        }

        private static List<string> ListOf(AgentSession? session) =>
            session?.StateBag.GetValue<List<string>>(nameof(ListProvider)) ?? [];

        private static void Change(AgentSession? session, Action<List<string>> change)
        {
            List<string> list = ListOf(session);
            change(list);
            session?.StateBag.SetValue(nameof(ListProvider), list);
        }
    }

    private sealed class EventsProvider : MessageAIContextProvider
    {
        protected override ValueTask<IEnumerable<ChatMessage>> ProvideMessagesAsync(
            InvokingContext context, CancellationToken cancellationToken = default) =>
            new([new ChatMessage(ChatRole.User, "Your events: team meeting at 17:00")]);
    }
}
