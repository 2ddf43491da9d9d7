using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Cli;

/// <summary>What governs a run lies apart from its agent, and a folder governs only after a person has trusted it.</summary>
[CancelAfter(300_000)]
internal sealed class GroundTests
{
    private const string Agent = "---\nname: mine\ndescription: mine\n---\nWork.\n";

    private TemporaryFolder _folder = null!;

    private string File(string name) => Path.Combine(_folder.Path, name);

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public async Task Agents_OfAFolder_AreLoadedOnceAPersonTrustsIt()
    {
        _folder.Write("agents/mine.md", Agent);
        (int exitCode, _, string errors) = await RunAsync(null, "run", "work", "--agent", "mine");
        Assert.That(exitCode, Is.EqualTo(2));
        Assert.That(errors, Does.Contain("nobody has trusted").And.Contain("--trust").And.Contain(Path.Combine("agents",
            "mine.md")));
        Assert.That(errors.Split('\n').Count(static line => line.StartsWith("note:", StringComparison.Ordinal)), Is.EqualTo(1),
            errors);

        await CompletesAsync("run", "work", "--agent", "mine", "--trust");
        await CompletesAsync("run", "work again", "--agent", "mine");

        _folder.Write("agents/other.md", Agent.Replace("mine", "other", StringComparison.Ordinal));
        (exitCode, _, errors) = await RunAsync(null, "run", "work", "--agent", "mine");
        Assert.That(exitCode, Is.EqualTo(2));
        Assert.That(errors, Does.Contain("changed since"));
        await CompletesAsync("run", "work", "--agent", "mine", "--agents", "agents");
    }

    [TestCase("agents/mine.MD")]
    [TestCase("agents/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/mine.md")]
    public async Task Agents_HoweverTheyAreSpelledAndHoweverDeep_NeedTrust(string file)
    {
        _folder.Write(file, Agent);

        (int exitCode, _, string errors) = await RunAsync(null, "run", "work", "--agent", "mine");

        Assert.That(exitCode, Is.EqualTo(2));
        Assert.That(errors, Does.Contain("nobody has trusted"));
    }

    [Test]
    [Platform("Linux")]
    public async Task Agents_ANameThatSaysWhatTwoTrustedFilesSay_IsNotTrusted()
    {
        string harmless = Agent.Replace("mine", "a", StringComparison.Ordinal);
        _folder.Write("agents/a.md", harmless);
        _folder.Write("agents/y.md", Agent);
        await CompletesAsync("run", "work", "--agent", "mine", "--trust");

        Directory.Delete(File("agents"), recursive: true);
        _folder.Write($"agents/a.md\n{harmless.Length}\n{harmless}agents/y.md", Agent);
        (int exitCode, _, string errors) = await RunAsync(null, "run", "work", "--agent", "mine");

        Assert.That(exitCode, Is.EqualTo(2), errors);
        Assert.That(errors, Does.Contain("changed since"));
    }

    [Test]
    public async Task Configuration_OfAFolder_IsLoadedOnceAPersonTrustsIt()
    {
        _folder.Write("appsettings.json", """{"Gateway": {"Quotas": [{"Name": ""}]}}""");
        (int exitCode, _, string errors) = await RunAsync(null, "run", "work");
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(errors, Does.Contain("appsettings.json").And.Contain("--trust"));
        (exitCode, _, errors) = await RunAsync(null, "run", "work", "--trust");
        Assert.That((exitCode, errors.Contains("Gateway", StringComparison.Ordinal)), Is.EqualTo((2, true)), errors);
    }

    [Test]
    public async Task Folder_WithNothingOfItsOwn_NeedsNoTrust()
    {
        (int exitCode, _, string errors) = await RunAsync(null, "run", "work");
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(errors, Does.Not.Contain("note:"));
        Assert.That(Directory.Exists(File(".agentfunctions")), Is.False, "the data folder is outside of the workspace");
    }

    [Test]
    public async Task Agent_OfAHostWithEverythingInTheWorkspace_ReachesNothingThatGoverns()
    {
        string[] targets =
        [
            "data/agentfunctions.db", "data/agentfunctions.db-wal", "data/keys/host.key", "./agents/mine.md", "agents/evil.md",
            "appsettings.json",
            "appsettings.Production.json", ".mcp.json", "policy.yaml", "link/keys/host.key", ".agentfunctions/agentfunctions.db",
        ];
        _folder.Write("agents/mine.md", Agent);
        _folder.Write("appsettings.json", """{"Governance": {"PolicyPath": "policy.yaml"}}""");
        _folder.Write("policy.yaml", "rules:\n  - name: all\n    when: { tool: \"*\" }\n    then: allow\n");
        Directory.CreateSymbolicLink(File("link"), "data");
        string[] before = [File("agents/mine.md"), File("appsettings.json"), File("policy.yaml")];
        string[] contents = [.. before.Select(System.IO.File.ReadAllText)];
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request => request.Turn < targets.Length
            ? new ChatReply
            {
                Calls =
                [
                    ChatReplyCall.Of("write_file", new { path = targets[request.Turn], content = "stolen" }),
                    ChatReplyCall.Of("read_file", new { path = targets[request.Turn] }),
                ],
            }
            : request.Turn == targets.Length
            ? ChatReply.Call("search_files", new { pattern = "PRIVATE KEY|then: allow|PolicyPath|^name: mine" })
            : ChatReply.Say(string.Join('\n', request.Results)));
        (int exitCode, string output, string errors) = await RunAsync(model, "run", "attack", "--data", "data", "--trust");
        Assert.That(exitCode, Is.Zero, output + errors);
        Assert.That(output.Split("reserved for the host").Length - 1, Is.GreaterThanOrEqualTo(2 * targets.Length), output);
        Assert.That(output, Does.Contain("(no matches in"));
        Assert.That(before.Select(System.IO.File.ReadAllText), Is.EqualTo(contents));
        Assert.That(new[] { "agents/evil.md", ".mcp.json", "appsettings.Production.json",
            ".agentfunctions" }.Where(name => Path.Exists(File(name))), Is.Empty);
        (exitCode, output, errors) = await RunAsync(null, "engine", "check", File("data/agentfunctions.db"));
        Assert.That((exitCode, output.Trim()), Is.EqualTo((0, "ok")), errors);
    }

    [Test]
    public async Task Run_WhoseDataFolderIsTheWorkspace_IsRefused()
    {
        (int exitCode, _, string errors) = await RunAsync(null, "run", "work", "--data", ".");
        Assert.That((exitCode, errors.Contains("the data folder", StringComparison.Ordinal)), Is.EqualTo((2, true)), errors);
    }

    [Test]
    public async Task Run_KilledWithoutDataOption_IsTakenUpByTheSameCommand() => await KilledAsync([], []);

    [Test]
    public async Task Run_KilledInTheFolderOfAnEarlierVersion_IsTakenUpWhereItIs()
    {
        string errors = await KilledAsync(["--data", ".agentfunctions"], []);
        Assert.That(errors, Does.Contain("earlier version is used where it is"));
    }

    [Test]
    public async Task Run_OnAnEmptiedDataFile_IsRefusedUntilAPersonAcceptsIt()
    {
        await CompletesAsync("run", "work", "--data", "data");
        string data = File("data/agentfunctions.db");
        await System.IO.File.WriteAllBytesAsync(data, []);
        foreach (string[] command in new[] { new[] { "run", "work", "--data", "data" }, ["engine", "check", data] })
        {
            (int exitCode, string output, string errors) = await RunAsync(null, command);
            Assert.That(exitCode, Is.EqualTo(1), output);
            Assert.That(output + errors, Does.Contain("it is empty, and").And.Contain("commits are on record"));
        }

        (int accepted, string words, _) = await RunAsync(null, "engine", "accept", data);
        Assert.That((accepted, words.Contains("empty", StringComparison.Ordinal)), Is.EqualTo((0, true)), words);
        await CompletesAsync("run", "work", "--data", "data");
    }

    private async Task<string> KilledAsync(string[] first, string[] second)
    {
        int held = 0;
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request =>
            request.Turn == 1 && Interlocked.Exchange(ref held, 1) == 0
                ? ChatReply.Say("never said") with
                {
                    Before = async cancellationToken =>
                    {
                        reached.TrySetResult();
                        await Task.Delay(Timeout.Infinite, cancellationToken);
                    },
                }
                : request.Turn == 0
                    ? ChatReply.Call("write_file", new { path = "note.txt", content = "a note" })
                    : ChatReply.Say("done"));
        string id;
        await using (ProgramProcess killed = ProgramProcess.Start(model, _folder.Path, ["run", "work", .. first]))
        {
            id = (await killed.LineAsync(static line => line.StartsWith("starting run ",
                StringComparison.Ordinal))).Split(' ')[2].TrimEnd(':');
            await reached.Task.WaitAsync(TestContext.CurrentContext.CancellationToken);
            await killed.KillAsync();
        }

        (int exitCode, string output, string errors) = await RunAsync(model, ["run", "work", .. second]);
        Assert.That(exitCode, Is.Zero, output + errors);
        Assert.That(output, Does.StartWith($"resuming run {id}:"));
        return errors;
    }

    private async Task CompletesAsync(params string[] command)
    {
        (int exitCode, string output, string errors) = await RunAsync(null, command);
        Assert.That(exitCode, Is.Zero, output + errors);
        Assert.That(errors, Does.Not.Contain("note:"));
    }

    private Task<(int ExitCode, string Output, string Errors)> RunAsync(OpenAIProtocolServer? model, params string[] command) =>
        ProgramProcess.RunAsync(model, _folder.Path, command);
}
