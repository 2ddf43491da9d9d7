using System.Text.Json.Nodes;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Cli;

/// <summary><c>agentfunctions run</c> as a person uses it.</summary>
[CancelAfter(300_000)]
internal sealed class RunCommandTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public async Task Run_ThatCompletes_ShowsItsStepsAndExitsWithZero()
    {
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(Notes(1));
        (int exitCode, string output, string errors) = await RunAsync(model);
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.Contain("write_file done").And.Contain("All notes are written.").And.Contain("completed: 2 turns, 3 steps"));
        Assert.That(output, Does.Not.Contain("REHEARSAL"));
        Assert.That(File.ReadAllText(Path.Combine(_folder.Path, "ws", "note-0.txt")), Is.EqualTo("a note"));
    }

    [Test]
    public async Task Run_WithoutAModel_SaysThatItRehearses()
    {
        (int exitCode, string output, string errors) = await RunAsync(null);
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.Contain("REHEARSAL").And.Contain("scripted, no real model"));
    }

    [Test]
    public async Task Run_AsJson_WritesOneObjectALine()
    {
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(Notes(1));
        (int exitCode, string output, _) = await RunAsync(model, "--json");
        JsonNode[] lines = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
        Assert.That(exitCode, Is.Zero);
        Assert.That((string?)lines[^1]["run"]!["status"], Is.EqualTo("completed"));
        Assert.That(lines[1..^1].Select(line => (string?)line["event"]!["type"]), Does.Contain("tool.completed"));
    }

    [Test]
    public async Task Run_ThatFails_ExitsWithOne()
    {
        await using OpenAIProtocolServer model =
            await OpenAIProtocolServer.StartAsync(ChatReply.Error(400, "no such thing", "invalid_request_error"));
        (int exitCode, string output, _) = await RunAsync(model);
        Assert.That(exitCode, Is.EqualTo(1), output);
        Assert.That(output, Does.Contain("modelRequestRejected").And.Contain("failed:"));
    }

    [Test]
    public async Task Run_ThatALimitEnds_ExitsWithThree()
    {
        _folder.Write("team/short.md", "---\nname: short\ndescription: stops soon\nmaxTurns: 1\n---\nWork.\n");
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(Notes(5));
        (int exitCode, string output, _) = await RunAsync(model, "--agents", "team");
        Assert.That(exitCode, Is.EqualTo(3), output);
        Assert.That(output, Does.Contain("budgetExhausted"));
    }

    [Test]
    public async Task Run_WithADataFolderInTheWorkspace_HidesItAndNoOtherOfItsName()
    {
        _folder.Write("src/app/data/orders.csv", "an order");
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(static request => request.Turn switch
        {
            0 => ChatReply.Call("list_files", new { }),
            1 => ChatReply.Call("list_files", new { path = "data" }),
            _ => ChatReply.Say("I looked."),
        });

        (int exitCode, _, string errors) = await ProgramProcess.RunAsync(
            model, _folder.Path, "run", "look", "--workspace", ".", "--data", "./data");

        Assert.That(exitCode, Is.Zero, errors);
        string[] seen = [.. model.Requests.Skip(1).Select(static request => request.Last("tool"))];
        Assert.That(seen[0], Does.Contain("src/app/data/orders.csv").And.Not.Contain("agentfunctions.db"));
        Assert.That(seen[1], Does.Contain("the data folder").And.Not.Contain("agentfunctions.db"));
    }

    [TestCase("run")]
    [TestCase("run", "goal", "--unknown")]
    [TestCase("run", "goal", "--agent", "nobody")]
    [TestCase("run", "goal", "--workspace", "missing")]
    [TestCase("run", "goal", "--agents", "missing")]
    [TestCase("run", "")]
    [TestCase("nonsense")]
    [TestCase("serve", "--urls", "http://0.0.0.0:0")]
    [TestCase("serve", "--urls", "nonsense")]
    [TestCase("serve", "--api-key", "short")]
    public async Task Program_UsedWrongly_ExitsWithTwoAndOneClearLine(params string[] arguments)
    {
        (int exitCode, string output, string errors) = await ProgramProcess.RunAsync(null, _folder.Path, arguments);
        Assert.That(exitCode, Is.EqualTo(2), output + errors);
        Assert.That(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            Has.Length.EqualTo(1).And.All.StartsWith("error: "));
    }

    [Test]
    public async Task Run_KilledHalfWay_IsTakenUpByTheSameCommand()
    {
        int held = 0;
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request =>
            request.Turn == 2 && Interlocked.Exchange(ref held, 1) == 0
                ? ChatReply.Say("never said") with
                {
                    Before = async cancellationToken =>
                    {
                        reached.TrySetResult();
                        await Task.Delay(Timeout.Infinite, cancellationToken);
                    },
                }
                : Notes(3)(request));
        string id;
        await using (ProgramProcess first = Start(model))
        {
            id = (await first.LineAsync(line => line.StartsWith("starting run ",
                StringComparison.Ordinal))).Split(' ')[2].TrimEnd(':');
            await reached.Task.WaitAsync(TestContext.CurrentContext.CancellationToken);
            await first.KillAsync();
        }

        (int exitCode, string output, string errors) = await RunAsync(model);
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.StartWith($"resuming run {id}:").And.Contain("completed: 4 turns, 7 steps"));
        // Of each turn one call, bar the one that was in flight at the kill.
        Assert.That(model.Requests.GroupBy(request => request.Turn).Select(turn => turn.Count()),
            Is.EqualTo(new[] { 1, 1, 2, 1 }));

        (exitCode, output, _) = await RunAsync(model);
        Assert.That(exitCode, Is.Zero);
        Assert.That(output, Does.StartWith("starting run ").And.Not.Contain(id),
            "an ended run is not taken up: the command starts anew");
    }

    [Test]
    public async Task Run_InterruptedFromTheKeyboard_SaysHowToGoOn()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(ChatReply.Say("never said") with
        {
            Before = async cancellationToken =>
            {
                reached.TrySetResult();
                await Task.Delay(Timeout.Infinite, cancellationToken);
            },
        });
        await using ProgramProcess program = Start(model);
        await reached.Task.WaitAsync(TestContext.CurrentContext.CancellationToken);
        program.Interrupt();
        Assert.That(await program.WaitAsync(), Is.EqualTo(130), program.Errors);
        Assert.That(program.Errors, Does.Contain("the same command resumes run"));
    }

    private Task<(int ExitCode, string Output, string Errors)> RunAsync(OpenAIProtocolServer? model, params string[] more) =>
        ProgramProcess.RunAsync(model, _folder.Path, Arguments(more));

    private ProgramProcess Start(OpenAIProtocolServer model) => ProgramProcess.Start(model, _folder.Path, Arguments([]));

    private string[] Arguments(string[] more) =>
        ["run", "write notes", "--workspace", _folder.Folder("ws"), "--data", "data", .. more];

    private static Func<ChatRequest, ChatReply> Notes(int count) => request => request.Turn < count
        ? ChatReply.Call("write_file", new { path = $"note-{request.Turn}.txt", content = "a note" })
        : ChatReply.Say("All notes are written.");
}
