using System.Text.Json;
using AgentFunctions.AgentFramework;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>The response format of an agent: sent with each call, and what an answer is held to.</summary>
internal sealed class ResponseFormatTests
{
    private const string Fits = """{"total":42}""";

    [Test]
    public async Task Run_AnswerThatDoesNotFit_GoesBackToTheModel()
    {
        ScriptedClient client = Answers("It is 42.", Fits);
        await using RunHost host = await AgentHost.StartAsync(Biller(client));

        Run run = await host.AskAsync("billing", "Charge 42.");

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, Fits)), run.Error?.Message);
        (IReadOnlyList<ChatMessage> Messages, ChatOptions? Options)[] asked = [.. client.Requests];
        Assert.That(asked, Has.Length.EqualTo(2));
        Assert.That(asked[0].Messages.Single().Text, Is.EqualTo("Charge 42."), "the goal, as the agent would be told it");
        Assert.That(asked[1].Messages[^1].Text, Does.Contain("must be JSON of the given schema"));
        Assert.That(asked.Select(static one => ((ChatResponseFormatJson)one.Options!.ResponseFormat!).SchemaName),
            Is.All.EqualTo("bill"), "the format of the agent, with its name");
    }

    [Test]
    public async Task Run_NoAnswerFits_FailsAfterThree()
    {
        ScriptedClient client = Answers("It is 42.");
        await using RunHost host = await AgentHost.StartAsync(Biller(client));

        Run run = await host.AskAsync("billing", "Charge 42.");

        Assert.That((run.Status, run.Error?.Code, client.Requests.Count),
            Is.EqualTo((RunStatus.Failed, nameof(ErrorCode.AnswerNotAccepted), 3)));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task AIAgent_AnswerThatDoesNotFit_IsNotPartOfTheText(bool streams)
    {
        await using RunHost host = await AgentHost.StartAsync(services => services
            .AddDurableAgent(Biller(Answers("It is 42.", Fits))).AddAgentFunctionsAsAIAgents());
        AIAgent agent = host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>("billing");

        AgentResponse response = streams
            ? await agent.RunStreamingAsync("Charge 42.").ToAgentResponseAsync()
            : await agent.RunAsync("Charge 42.");

        Assert.That(response.Text, Is.EqualTo(Fits));
    }

    [Test]
    public async Task AIAgent_SchemaOfTheCaller_StandsInPlaceOfTheAgents()
    {
        ScriptedClient client = Answers("""{"cents":4200}""");
        await using RunHost host = await AgentHost.StartAsync(services => services
            .AddDurableAgent(Biller(client)).AddAgentFunctionsAsAIAgents());
        AIAgent agent = host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>("billing");

        AgentResponse<InCents> response = await agent.RunAsync<InCents>("Charge 42.");

        Assert.That(response.Result.Cents, Is.EqualTo(4200));
        var sent = (ChatResponseFormatJson)client.Requests.Single().Options!.ResponseFormat!;
        Assert.That(sent.Schema!.Value.GetProperty("properties").TryGetProperty("cents", out _), sent.Schema.ToString());
    }

    [Test]
    public async Task Run_DecoratorThatReadsTheFormat_IsGivenIt()
    {
        // As a decorator does that makes JSON of the words of a model that cannot write it.
        ScriptedClient client = Answers("It is 42.");
        AIAgent decorated = new ChatClientAgent(client, name: "billing").AsBuilder().Use(
            static async (messages, session, options, inner, token) =>
            {
                AgentRunOptions plain = options!.Clone();
                plain.ResponseFormat = null;
                await inner.RunAsync(messages, session, plain, token);
                return new AgentResponse(new ChatMessage(ChatRole.Assistant, options.ResponseFormat is null ? "?" : Fits));
            },
            null).Build();
        await using RunHost host = await AgentHost.StartAsync(services => services
            .AddDurableAgent(decorated, static options => options.RunMiddleware(MiddlewareScope.PerModelCall))
            .AddAgentFunctionsAsAIAgents());

        AgentResponse<InTotal> response = await host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>("billing")
            .RunAsync<InTotal>("Charge 42.");

        Assert.That(response.Result.Total, Is.EqualTo(42));
        Assert.That(client.Requests.Single().Options!.ResponseFormat, Is.Null, "it was taken away on purpose");
    }

    [Test]
    public async Task AIAgent_AnotherSchemaInTheSameSession_IsRefused()
    {
        await using RunHost host = await AgentHost.StartAsync(services => services
            .AddDurableAgent(Biller(Answers(Fits))).AddAgentFunctionsAsAIAgents());
        AIAgent agent = host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>("billing");
        AgentSession session = await agent.CreateSessionAsync();
        await agent.RunAsync<InTotal>("Charge 42.", session);

        Assert.That(
            async () => await agent.RunAsync<InCents>("In cents?", session),
            Throws.InstanceOf<AgentException>().With.Message
                .Contains("a run keeps the schema that it was submitted with; use a new session for another one"));
    }

    [Test]
    public async Task Run_SchemaThatCannotBeChecked_IsSentAndTheRunSaysSo()
    {
        JsonElement schema = JsonElement.Parse("""{"type":"object","properties":{"total":{"minimun":1}}}""");
        await using RunHost host = await AgentHost.StartAsync(
            Biller(Answers("It is 42."), ChatResponseFormat.ForJsonSchema(schema)));

        Run run = await host.AskAsync("billing", "Charge 42.");

        Assert.That((run.Status, run.Result?.Text), Is.EqualTo((RunStatus.Completed, "It is 42.")));
        string? noted = (await host.JournalAsync(run.Id)).Single(static e => e.Type == JournalEventTypes.RunNoted).Text;
        Assert.That(noted, Does.Contain("answers are not checked").And.Contain("'minimun'"));
    }

    [Test]
    public async Task Run_SchemaOfAnAgentOfTheHost_HoldsAsWell()
    {
        int asked = 0;
        await using RunHost host = await RunHost.StartAsync(
            _ => ChatReply.Say(Interlocked.Increment(ref asked) == 1 ? "It is 42." : Fits),
            agent: static agent => agent.WithOutput<InTotal>());

        Run run = await host.RunAsync("Add 40 and 2.");

        Assert.That((run.Status, run.Result?.Text, asked), Is.EqualTo((RunStatus.Completed, Fits, 2)), run.Error?.Message);
    }

    private static ScriptedClient Answers(params string[] answers)
    {
        int given = 0;
        return new ScriptedClient(
            (_, _) => ScriptedClient.Say(answers[Math.Min(Interlocked.Increment(ref given), answers.Length) - 1]));
    }

    private static ChatClientAgent Biller(ScriptedClient client, ChatResponseFormat? format = null) => new(
        client, new ChatClientAgentOptions
        {
            Name = "billing",
            ChatOptions = new ChatOptions
            {
                Instructions = "You bill.",
                ResponseFormat = format
                    ?? ChatResponseFormat.ForJsonSchema<InTotal>(JsonSerializerOptions.Web, schemaName: "bill"),
            },
        });

    private sealed record InTotal(int Total);

    private sealed record InCents(int Cents);
}
