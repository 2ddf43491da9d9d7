using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Prompts;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.Gateway;

/// <summary>A run that begins with a conversation: messages with roles, names and images.</summary>
internal sealed class ConversationTests
{
    private static readonly ChatMessage[] Talk =
    [
        new(ChatRole.User, "What does a car cost?"),
        new(ChatRole.Assistant, "42 euros."),
        new(ChatRole.User, [new TextContent("And this one?"), Image(9)]) { AuthorName = "Ann Lee" },
    ];

    [Test]
    public async Task Submit_Messages_AreShownInTheirOrderWithRolesNamesAndImages()
    {
        await using RunHost host = await StartAsync();

        Run run = await RunAsync(host, Talk);

        JsonElement[] shown = [.. host.Model.Requests[0].Messages];
        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        Assert.That(run.Goal, Is.EqualTo("And this one?"));
        Assert.That(shown.Select(static message => message.GetProperty("role").GetString()),
            Is.EqualTo(new[] { "system", "user", "assistant", "user" }));
        Assert.That(shown[2].GetProperty("content").GetString(), Is.EqualTo("42 euros."));
        Assert.That(shown[3].GetProperty("name").GetString(), Is.EqualTo("Ann_Lee"));
        Assert.That(shown[3].GetProperty("content").EnumerateArray().Select(static part => part.GetProperty("type").GetString()),
            Is.EqualTo(new[] { "text", "image_url" }));
        Assert.That((await host.TranscriptAsync(run.Id)).Select(static entry => (entry.Turn, entry.Source)), Is.EqualTo(new[]
        {
            (0, TranscriptOrigin.Goal), (0, TranscriptOrigin.Person), (0, TranscriptOrigin.Person), (1, TranscriptOrigin.Model),
        }));
    }

    [Test]
    public async Task Submit_MessagesToAHostFramedAgent_EndWithTheGoal()
    {
        await using RunHost host = await StartAsync(PromptFraming.Goal);

        await RunAsync(host, Talk[..1], new ChatMessage(ChatRole.User, "Buy it."));

        JsonElement[] shown = [.. host.Model.Requests[0].Messages];
        Assert.That(shown[1].GetProperty("content").GetString(), Does.Contain("What does a car cost?"));
        Assert.That(shown[2].GetProperty("content").GetString(), Does.StartWith("# Goal\nBuy it."));
    }

    [Test]
    public async Task Submit_SameMessagesAndKey_IsTheSameRunAndOthersAreRefused()
    {
        await using RunHost host = await StartAsync();

        Run first = await host.Gateway.SubmitAsync(new RunRequest { Agent = "worker", Messages = Talk }, null, "key-1");

        Assert.That((await host.Gateway.SubmitAsync(new RunRequest { Agent = "worker", Messages = Talk }, null, "key-1")).Id,
            Is.EqualTo(first.Id));
        ChatMessage[] other = [.. Talk[..2], new(ChatRole.User, [new TextContent("And this one?"), Image(8)])];
        Assert.That(() => host.Gateway.SubmitAsync(new RunRequest { Agent = "worker", Messages = other }, null, "key-1"),
            Throws.InstanceOf<AgentException>().With.Property(nameof(AgentException.Code))
                .EqualTo(ErrorCode.IdempotencyKeyReused));
    }

    [TestCase(0)]
    [TestCase(1)]
    public async Task Fork_RunWithMessages_BeginsWithThem(int turn)
    {
        await using RunHost host = await StartAsync();
        Run run = await RunAsync(host, Talk);

        Run fork = await host.Get<RunForking>().ForkAsync(run.Id, new ForkRequest { Turn = turn, Message = "Hurry." });
        fork = await host.Reader.WaitForEndAsync(fork.Id);

        Assert.That(fork.Status, Is.EqualTo(RunStatus.Completed), fork.Error?.Message);
        Assert.That(host.Model.Requests[^1].Messages.Take(4).Select(static message => message.GetRawText()),
            Is.EqualTo(host.Model.Requests[0].Messages.Select(static message => message.GetRawText())));
    }

    [Test]
    public async Task Shown_TurnOfARunWithMessages_IsWhatTheModelWasSent()
    {
        await using RunHost host = await StartAsync();
        Run run = await RunAsync(host, Talk);

        ShownRequest shown = await host.Get<ShownRequests>().GetAsync(run.Id, 1);

        Assert.That(shown.Messages.Select(static entry => entry.Message.Text),
            Is.EqualTo(new[] { "What does a car cost?", "42 euros.", "And this one?" }));
    }

    [Test]
    public async Task Send_MessageWithAnImage_IsShownWithIt()
    {
        await using RunHost host = await StartAsync();
        Run run = await RunAsync(host, Talk[..1]);

        await host.Steering.SendAsync(run.Id, "And this?", [Image(7)], Caller.Local, "m-1");
        await host.Reader.WaitForEndAsync(run.Id);
        await host.Steering.SendAsync(run.Id, "And this?", [Image(7)], Caller.Local, "m-1");

        JsonElement last = host.Model.Requests[^1].Messages[^1];
        Assert.That(last.GetProperty("content").EnumerateArray().Last().GetProperty("image_url").GetProperty("url").GetString(),
            Is.EqualTo(((DataContent)Image(7)).Uri));
        Assert.That(host.Model.Requests, Has.Count.EqualTo(2), "the message that was repeated is one");
        Assert.That(() => host.Steering.SendAsync(run.Id, "And this?", [Image(6)], Caller.Local, "m-1"),
            Throws.InstanceOf<AgentException>().With.Property(nameof(AgentException.Code))
                .EqualTo(ErrorCode.IdempotencyKeyReused));
    }

    [TestCase("none", "messages: send 1 to 1,000")]
    [TestCase("goal", "goal: leave it out beside messages, whose last is the goal")]
    [TestCase("system", "messages[0]: use the role user or assistant; instructions are the agent's")]
    [TestCase("call", "messages[0]: send text, data and addresses; FunctionCallContent cannot be part of a conversation")]
    [TestCase("end", "messages[1]: end with a message of the user that says in words what is to be reached")]
    [TestCase("image", "messages[0]: end with a message of the user that says in words what is to be reached")]
    [TestCase("data", "messages: send at most 16 MiB of data, or put files in the workspace")]
    [TestCase("text", "messages: send at most 256 KiB of text")]
    [TestCase("last", "messages[0]: use at most 32 KiB")]
    [TestCase("control", "messages[0]: leave out control characters and broken Unicode")]
    [TestCase("address", "messages[0]: use an absolute http or https address")]
    [TestCase("name", "messages[0].authorName: use 1 to 128 characters")]
    public void Validate_WhatARunCannotBeginWith_IsRefusedInWords(string what, string words)
    {
        ChatMessage go = new(ChatRole.User, "Go.");
        RunRequest request = what switch
        {
            "none" => new RunRequest { Messages = [] },
            "goal" => new RunRequest { Goal = "Go.", Messages = [go] },
            "system" => Of(new ChatMessage(ChatRole.System, "Obey."), go),
            "call" => Of(new ChatMessage(ChatRole.Assistant, [new FunctionCallContent("1", "act")]), go),
            "end" => Of(go, new ChatMessage(ChatRole.Assistant, "Done.")),
            "image" => Of(new ChatMessage(ChatRole.User, [Image(1)])),
            "data" => Of(new ChatMessage(ChatRole.User,
                [new TextContent("Go."), new DataContent(new byte[17 * 1024 * 1024], "image/png")])),
            "text" => Of([.. Enumerable.Repeat(new ChatMessage(ChatRole.Assistant, new string('x', 30_000)), 9), go]),
            "last" => Of(new ChatMessage(ChatRole.User, new string('x', 40_000))),
            "control" => Of(new ChatMessage(ChatRole.User, "Go.\u0001")),
            "address" => Of(new ChatMessage(ChatRole.User,
                [new TextContent("Go."), new UriContent("file:///etc/passwd", "image/png")])),
            _ => Of(new ChatMessage(ChatRole.User, "Go.") { AuthorName = new string('n', 200) }),
        };

        Assert.That(request.Validate, Throws.InstanceOf<AgentException>().With.Message.Contains(words));
    }

    [Test]
    public async Task Send_DataThatIsTooLargeOrNoData_IsRefusedInWords()
    {
        await using RunHost host = await StartAsync();
        Run run = await RunAsync(host, Talk[..1]);

        Assert.That(() => host.Steering.SendAsync(run.Id, "Look.", [new DataContent(new byte[600 * 1024], "image/png")],
            Caller.Local),
            Throws.InstanceOf<AgentException>().With.Message.Contains("media: send at most 512 KiB of data with a message"));
        Assert.That(() => host.Steering.SendAsync(run.Id, "Look.", [new HostedFileContent("f")], Caller.Local),
            Throws.InstanceOf<AgentException>().With.Message.Contains("HostedFileContent cannot be sent to a run"));
    }

    private static RunRequest Of(params ChatMessage[] messages) => new() { Messages = messages };

    private static AIContent Image(byte first) => new DataContent(new byte[] { first, 1, 2, 3 }, "image/png");

    private static async Task<Run> RunAsync(RunHost host, ChatMessage[] messages, params ChatMessage[] more)
    {
        Run run = await host.Gateway.SubmitAsync(new RunRequest { Agent = "worker", Messages = [.. messages, .. more] });
        return await host.Reader.WaitForEndAsync(run.Id);
    }

    private static Task<RunHost> StartAsync(PromptFraming framing = PromptFraming.Chat) => RunHost.StartAsync(
        static _ => { }, static _ => ChatReply.Say("Done."), Array.Empty<AgentTool>(), agent => agent.WithFraming(framing));
}
