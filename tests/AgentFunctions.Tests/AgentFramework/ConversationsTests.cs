using AgentFunctions.AgentFramework;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>Messages with roles and images, and long texts, in both directions.</summary>
internal sealed class ConversationsTests
{
    private static readonly DataContent Picture = new(new byte[] { 1, 2, 3 }, "image/png");

    [Test]
    public async Task Run_MessagesWithRolesAndImages_ReachTheTeamsClientAsTheyAre()
    {
        ScriptedClient client = ScriptedClient.Says("A cat.");
        await using RunHost host = await StartAsync(client);
        AIAgent agent = host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>("seer");
        AgentSession session = await agent.CreateSessionAsync();

        AgentResponse response = await agent.RunAsync(
            [
                new ChatMessage(ChatRole.User, "What can you do?"),
                new ChatMessage(ChatRole.Assistant, "I see.") { AuthorName = "seer" },
                new ChatMessage(ChatRole.Assistant, "Let it look.") { AuthorName = "planner" },
                new ChatMessage(ChatRole.User, [new TextContent("What is this?"), Picture]),
            ],
            session);
        await agent.RunAsync(new ChatMessage(ChatRole.User, [new TextContent("And this?"), Picture]), session);

        Assert.That(response.Text, Is.EqualTo("A cat."));
        IReadOnlyList<ChatMessage> sent = client.Requests.First().Messages;
        Assert.That(sent.Select(static message => (message.Role, message.AuthorName, message.Text)), Is.EqualTo(new[]
        {
            (ChatRole.User, null, "What can you do?"), (ChatRole.Assistant, "seer", "I see."),
            (ChatRole.User, "planner", "Let it look."), (ChatRole.User, (string?)null, "What is this?"),
        }));
        Assert.That(sent[^1].Contents.OfType<DataContent>().Single().Uri, Is.EqualTo(Picture.Uri));
        ChatMessage more = client.Requests.Last().Messages[^1];
        Assert.That((more.Text, more.Contents.OfType<DataContent>().Single().Uri), Is.EqualTo(("And this?", Picture.Uri)));
    }

    [Test]
    public async Task Run_SameWordsWithAnotherImageInOneScope_IsAnotherRun()
    {
        await using RunHost host = await StartAsync(ScriptedClient.Says("A cat."));
        AIAgent agent = host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>("seer").Scoped("order-1");
        var other = new DataContent(new byte[] { 9 }, "image/png");

        async Task<string?> AskAsync(AIContent image) =>
            (await agent.RunAsync(new ChatMessage(ChatRole.User, [new TextContent("What is this?"), image]))).ResponseId;

        string? first = await AskAsync(Picture);
        Assert.That(await AskAsync(Picture), Is.EqualTo(first));
        Assert.That(await AskAsync(other), Is.Not.EqualTo(first));
    }

    [Test]
    public async Task Run_FileThatTheServiceKeeps_IsRefusedInWords()
    {
        await using RunHost host = await StartAsync(ScriptedClient.Says("A cat."));
        AIAgent agent = host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>("seer");

        Assert.That(
            async () => await agent.RunAsync(new ChatMessage(ChatRole.User,
                [new TextContent("Look."), new HostedFileContent("f")])),
            Throws.InstanceOf<AgentException>().With.Message.Contains(
                "HostedFileContent is known to the model's service alone; send the data itself (DataContent)"));
    }

    [Test]
    public async Task Run_LongAnswerAndLongResult_AreToldWhole([Values] bool streams)
    {
        string read = string.Concat(Enumerable.Range(0, 2_000).Select(static number => $"line {number}\n"));
        string said = new('x', 9_000);
        await using RunHost host = await RunHost.StartAsync(
            static services => services.AddAgentFunctionsAsAIAgents(),
            request => request.Results.Count == 0 ? ChatReply.Call("read", new { }) : ChatReply.Say(said),
            [AgentTool.Create("read", "Reads.", ToolEffect.None, () => read)],
            static agent => agent.WithMaxTurns(5));
        AIAgent agent = host.Get<IServiceProvider>().GetRequiredKeyedService<AIAgent>("worker");

        AgentResponse response = streams
            ? await agent.RunStreamingAsync("Read.").ToAgentResponseAsync()
            : await agent.RunAsync("Read.");

        Assert.That(response.Messages.SelectMany(static message => message.Contents).OfType<FunctionResultContent>().Single()
            .Result!.ToString(), Is.EqualTo(read));
        Assert.That(response.Text, Is.EqualTo(said));
    }

    private static Task<RunHost> StartAsync(ScriptedClient client) => AgentHost.StartAsync(
        services => services.AddDurableAgent(new ChatClientAgent(client, name: "seer")).AddAgentFunctionsAsAIAgents());
}
