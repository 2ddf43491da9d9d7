using AgentFunctions.Agents;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Workspaces.Commands;

namespace AgentFunctions.Tests.Tools.Workspaces.Commands;

/// <summary>What an agent's definition says of commands is obeyed.</summary>
[NonParallelizable]
[Platform("Unix")]
public sealed class CommandRestrictionTests
{
    [TestCase("rm", "a.txt")]
    [TestCase("rm", "-rf", ".")]
    [TestCase("sh", "-c", "r''m a.txt")]
    [TestCase("env", "rm", "a.txt")]
    [TestCase("find", ".", "-delete")]
    public async Task DisallowedTools_ACommand_IsNotRun(string command, params string[] arguments)
    {
        using ToolBench bench = Bench();
        ToolOutcome outcome = await RunAsync(bench, "tools: Bash, Read\ndisallowedTools: Bash(rm:*)", command, arguments);

        Assert.That(outcome.Code, Is.EqualTo(command == "find" ? ErrorCode.ToolArgumentsInvalid : ErrorCode.NotAllowed),
            outcome.Text);
        Assert.That(File.Exists(Path.Combine(bench.Root, "a.txt")), Is.True);
    }

    [TestCase("push")]
    [TestCase("--no-pager", "push", "origin")]
    [TestCase("push\0", "origin")]
    [TestCase("-c", "alias.p=push", "p", "origin")]
    [TestCase("-c", "alias.p=!git push", "p")]
    public async Task DisallowedTools_AProgramsSubcommand_IsNotRunUnderAnotherName(params string[] arguments)
    {
        using ToolBench bench = Bench();
        ToolOutcome outcome = await RunAsync(bench, "tools: Bash\ndisallowedTools: Bash(git push:*)", "git", arguments);

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.NotAllowed).Or.EqualTo(ErrorCode.ToolArgumentsInvalid), outcome.Text);
    }

    [Test]
    public async Task Argument_WithAZeroCharacter_IsRefusedForEveryProgram()
    {
        using ToolBench bench = Bench();
        ToolOutcome outcome = await RunAsync(bench, "tools: Bash", "echo", ["a\0b"]);

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolArgumentsInvalid));
        Assert.That(outcome.Text, Does.Contain("zero character"));
    }

    [TestCase("TODO", "TODO", "./")]
    [TestCase("TODO src", "TODO", "src")]
    [TestCase("-e TODO", "TODO", "./")]
    [TestCase("--files", "--files", "./")]
    public void Ripgrep_WithoutAPath_SearchesTheFolderAndNotItsEmptyInput(string words, params string[] last)
    {
        using ToolBench bench = Bench();

        Assert.That(new RipgrepForms().Plan(bench.Workspace, words.Split(' ')).Arguments.TakeLast(2), Is.EqualTo(last));
    }

    [TestCase("shortlog -s", "shortlog", "HEAD", "-s")]
    [TestCase("shortlog -s -- src", "shortlog", "HEAD", "-s", "--", "src")]
    [TestCase("shortlog -s main", "shortlog", "-s", "main")]
    public void Shortlog_WithoutARevision_IsOfTheHeadAndNotOfItsEmptyInput(string words, params string[] last)
    {
        using ToolBench bench = Bench();

        Assert.That(
            new GitForms().Plan(bench.Workspace, words.Split(' ')).Arguments.SkipWhile(static one => one != "shortlog"), Is.EqualTo(last));
    }

    [TestCase("tools: Bash, Read\ndisallowedTools: Bash(rm:*)", "echo x", true)]
    [TestCase("tools: Bash\ndisallowedTools: Bash(env rm:*)", "env A=farm", true)]
    [TestCase("tools: Bash\ndisallowedTools: Bash(env rm:*)", "env A=rm", false)]
    [TestCase("tools: Bash(echo:*)", "echo x", true)]
    [TestCase("tools: Bash(echo:*)", "rm a.txt", false)]
    [TestCase("tools: Bash(echo hi)", "echo hi", true)]
    [TestCase("tools: Bash(echo hi)", "echo hi there", false)]
    [TestCase("tools: Bash(echo hi *)", "echo hi there", true)]
    [TestCase("disallowedTools: Bash(echo b:*)\ntools: [Bash]", "echo -n b", false)]
    public async Task Tools_ACommandPattern_IsKept(string keys, string command, bool runs)
    {
        using ToolBench bench = Bench();
        string[] words = command.Split(' ');
        ToolOutcome outcome = await RunAsync(bench, keys, words[0], words[1..]);

        Assert.That(!outcome.IsError, Is.EqualTo(runs), outcome.Text);
    }

    [TestCase("disallowedTools: Read(secrets/**)")]
    [TestCase("disallowedTools: [Edit, 'Write(docs/*)']")]
    public void DisallowedTools_APatternThatCannotBeKept_IsRefused(string key) =>
        Assert.That(() => Read(key), Throws.TypeOf<AgentException>().With.Message.Contains("policy"));

    private static AgentDefinition Read(string keys) =>
        AgentFile.Parse($"---\nname: c\ndescription: d\n{keys}\n---\nYou work.\n", "c.md").Definition;

    private static ToolBench Bench()
    {
        var bench = new ToolBench(o => o.AllowedCommands.UnionWith(["rm", "sh", "env", "find", "echo", "git:*"]));
        bench.Write("a.txt", "x");
        return bench;
    }

    private static async Task<ToolOutcome> RunAsync(ToolBench bench, string keys, string command, string[] arguments)
    {
        IReadOnlyList<AgentTool> tools = await new ToolCatalog(bench.Tools).SelectAsync(Read(keys));
        return await bench.Invoker.InvokeAsync(tools, ToolBench.Call("run_command", new { command, arguments }), bench.Context());
    }
}
