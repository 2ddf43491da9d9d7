using System.Text;
using System.Text.Json;
using AgentFunctions.Agents;

namespace AgentFunctions.Tests.Agents;

public sealed class AgentFileTests
{
    [Test]
    public void Parse_AClaudeCodeAgent_WorksAsItIs()
    {
        AgentFile file = AgentFile.Parse(
            """
            ---
            name: code-reviewer
            description: Reviews code. Use proactively after changes.
            tools: Read, Grep, Glob, LS, Bash, Agent(planner, writer), mcp__github__search
            disallowedTools: [Write, Edit, MultiEdit]
            model: inherit
            maxTurns: 12
            color: blue
            hooks:
              Stop: [{command: ./stop.sh, retries: 2, quiet: true}]
            ---

            You are a reviewer.

            --- not a fence
            """,
            "agents/r.md");

        AgentDefinition agent = file.Definition;
        Assert.Multiple(() =>
        {
            Assert.That(agent.Name, Is.EqualTo("code-reviewer"));
            Assert.That(
                agent.Tools,
                Is.EqualTo(new[] { "read_file", "search_files", "list_files", "run_command", "Agent(planner, writer)",
                    "mcp__github__search" }));
            Assert.That(agent.DisallowedTools, Is.EqualTo(new[] { "write_file", "edit_file" }));
            Assert.That(agent.Model, Is.Null);
            Assert.That(agent.Limits.MaxTurns, Is.EqualTo(12));
            Assert.That(agent.Instructions, Is.EqualTo("You are a reviewer.\n\n--- not a fence"));
            Assert.That(agent.Extra["color"].GetString(), Is.EqualTo("blue"));
            Assert.That(agent.Extra["hooks"].GetRawText(),
                Is.EqualTo("""{"Stop":[{"command":"./stop.sh","retries":2,"quiet":true}]}"""));
            Assert.That(file.Notes.Select(n => n.Line), Is.EqualTo(new[] { 4, 8, 9 }));
            Assert.That(file.Notes[0].ToString(), Does.StartWith("agents/r.md(4): tools: 'Agent(planner, writer)'"));
        });
    }

    [Test]
    public void Parse_OurOwnKeys_AreRead()
    {
        AgentDefinition agent = AgentFile.Parse(
            """
            ---
            name: a
            description: "d"
            model: gpt-5
            maxTokens: 2000000
            maxDuration: P5D
            outputSchema:
              type: object
              properties: {count: {type: integer, minimum: 0}, when: {const: "5"}}
            ---
            x
            """,
            "a.md").Definition;

        Assert.Multiple(() =>
        {
            Assert.That(agent.Model, Is.EqualTo("gpt-5"));
            Assert.That(agent.Tools, Is.Null);
            Assert.That(agent.Limits, Is.EqualTo(new AgentLimits { MaxTokens = 2_000_000, MaxDuration = TimeSpan.FromDays(5) }));
            Assert.That(
                agent.OutputSchema!.Value.GetRawText(),
                Is.EqualTo("""{"type":"object","properties":{"count":{"type":"integer","minimum":0},"when":{"const":"5"}}}"""));
        });
    }

    [TestCase("PT90M", 5400)]
    [TestCase("90s", 90)]
    [TestCase("30m", 1800)]
    [TestCase("1.5h", 5400)]
    [TestCase("2d", 172800)]
    public void Parse_ADuration_IsRead(string text, int seconds) =>
        Assert.That(
            AgentFile.Parse($"---\nname: a\nmaxDuration: {text}\n---\nx", "a.md").Definition.Limits.MaxDuration,
            Is.EqualTo(TimeSpan.FromSeconds(seconds)));

    [TestCase("tools:\n", null)]
    [TestCase("tools: '*'\n", null)]
    [TestCase("tools: []\n", "")]
    [TestCase("tools:\n  - Read\n  - read_file\n", "read_file")]
    public void Parse_Tools_NoneGivenMeansAll(string yaml, string? expected) =>
        Assert.That(
            AgentFile.Parse($"---\nname: a\n{yaml}---\nx", "a.md").Definition.Tools,
            expected is null ? Is.Null : Is.EqualTo(expected.Split(',', StringSplitOptions.RemoveEmptyEntries)));

    [Test]
    public void Parse_WindowsLinesAndByteOrderMark_AreFine()
    {
        AgentDefinition agent = AgentFile.Parse("\uFEFF---\r\nname: a\r\ndescription: d\r\n---\r\none\r\ntwo\r\n",
            "a.md").Definition;
        Assert.That(agent.Instructions, Is.EqualTo("one\ntwo"));
    }

    [Test]
    public void Parse_AnUnquotedDescriptionWithColons_IsTakenAsText()
    {
        AgentFile file = AgentFile.Parse("---\nname: a\ndescription: Use it. Examples: user: 'hi' # now\n---\nx", "a.md");
        Assert.That(file.Definition.Description, Is.EqualTo("Use it. Examples: user: 'hi' # now"));
        Assert.That(file.Notes.Single().Line, Is.EqualTo(3));
    }

    [TestCase("no front matter", 1, "front matter")]
    [TestCase("---\nname: a\n", 1, "not closed")]
    [TestCase("---\nname: a\ndescription: d\nmaxTurns: many\n---\nx", 4, "maxTurns")]
    [TestCase("---\nname: a\nmaxTurns: 0\n---\nx", 3, "maxTurns")]
    [TestCase("---\nname: a\nmaxTurns: 3000000000\n---\nx", 3, "maxTurns")]
    [TestCase("---\nname: a\nmaxDuration: soon\n---\nx", 3, "maxDuration")]
    [TestCase("---\nname: a\nmaxDuration: P99999999999D\n---\nx", 3, "maxDuration")]
    [TestCase("---\nname: a\ntools: {a: b}\n---\nx", 3, "tools")]
    [TestCase("---\nname: a\noutputSchema: '{'\n---\nx", 3, "outputSchema")]
    [TestCase("---\nname: a\noutputSchema: '[]'\n---\nx", 3, "outputSchema")]
    [TestCase("---\ndescription: d\nname: '!?'\n---\nx", 3, "name")]
    [TestCase("---\ndescription: d\n---\nx", 1, "name")]
    [TestCase("---\nname: a\n---\n \n", 1, "instructions")]
    [TestCase("---\nname: a\ntools: [Read, Grep\nmodel: x\n---\nx", 3, "YAML")]
    [TestCase("---\nname: a\nname: b\n---\nx", 3, "twice")]
    [TestCase("---\nname: a\n\tmodel: b\n---\nx", 3, "YAML")]
    [TestCase("---\n- a\n- b\n---\nx", 2, "name: my-agent")]
    [TestCase("---\nname: &n a\nmodel: *n\n---\nx", 3, "aliases")]
    [TestCase("---\n---\nx", 1, "name")]
    public void Parse_ABrokenFile_NamesFileAndLine(string text, int line, string words)
    {
        AgentException error = Assert.Throws<AgentException>(() => AgentFile.Parse(text, "agents/a.md"))!;
        Assert.That(error.Code, Is.EqualTo(ErrorCode.InvalidInput));
        Assert.That(error.Message, Does.StartWith($"agents/a.md({line}): ").And.Contain(words));
    }

    [TestCase("007", "007")]
    [TestCase("1.10", "1.10")]
    [TestCase("12", "12")]
    [TestCase("+7", "+7")]
    [TestCase("0x1F", "0x1F")]
    [TestCase("00", "00")]
    public void Parse_ADescriptionOfDigits_StaysText(string written, string read) => Assert.That(
        AgentFile.Parse($"---\nname: a\ndescription: {written}\n---\nx", "a.md").Definition.Description, Is.EqualTo(read));

    [TestCase("---\nname: a\ntools:\n\t- Read\n---\nx", 4)]
    [TestCase("---\nname: a\nmcpServers:\n  b:\n\t\tcommand: c\n---\nx", 5)]
    public void Parse_ATabThatIndents_IsNamedByItsLine(string text, int line) => Assert.That(
        Assert.Throws<AgentException>(() => AgentFile.Parse(text, "a.md"))!.Message,
        Does.StartWith($"a.md({line}): ").And.Contain("use spaces"));

    [Test]
    public void Parse_RandomlyBrokenFiles_FailInNoOtherWay()
    {
        const string Valid = "---\nname: a\ndescription: |\n  two\n  lines\ntools: [Read, 'Grep']\nx: {a: [1, b], c: \"d\"}\n? y\n: z\n---\nx";
        const string Noise = "[]{}:,-'\"|>&*!%@`?#\t\n a\u0000\uFFFD";
        var random = new Random(20);
        int refused = 0;
        for (int i = 0; i < 20_000; i++)
        {
            var text = new StringBuilder(Valid);
            for (int edit = random.Next(1, 6); edit > 0; edit--)
            {
                text[random.Next(4, text.Length)] = Noise[random.Next(Noise.Length)];
            }

            try
            {
                AgentFile.Parse(text.ToString(), "a.md");
            }
            catch (AgentException error)
            {
                Assert.That(error.Message, Does.Match(@"^a\.md\([1-9]\d*\): "));
                refused++;
            }
        }

        Assert.That(refused, Is.GreaterThan(1_000));
    }

    [Test]
    public void Parse_VeryDeepYaml_IsRefused()
    {
        string deep = new string('[', 100_000);
        Assert.That(() => AgentFile.Parse($"---\nname: a\nx: {deep}\n---\nx", "a.md"), Throws.TypeOf<AgentException>());
    }

    [Test]
    public void Load_AFileThatIsNoUtf8_IsRefused()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("a.md", "");
        File.WriteAllBytes(path, [.. Encoding.UTF8.GetBytes("---\nname: a\n---\n"), 0xC3, 0x28]);
        Assert.That(() => AgentFile.Load(path), Throws.TypeOf<AgentException>().With.Message.Contains("UTF-8"));
        Assert.That(() => AgentFile.Load(path + "x"), Throws.TypeOf<AgentException>().With.Message.Contains(path + "x"));
    }

    [Test]
    public void LoadFolder_NestedFilesAndAReadme_LoadsTheAgents()
    {
        using var folder = new TemporaryFolder();
        folder.Write("b.md", "---\nname: b\n---\nx");
        folder.Write("sub/deeper/a.md", "---\nname: a\n---\nx");
        folder.Write("README.md", "# Agents");
        folder.Write(".hidden/c.md", "---\nname: b\n---\nx");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "linked.md"), folder.Write("..data/l.md", "---\nname: linked\n---\nx"));
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "sub", "circle"), folder.Path);

        AgentFolder loaded = AgentFolder.Load(folder.Path);

        Assert.That(loaded.Files.Select(f => f.Definition.Name), Is.EqualTo(new[] { "b", "linked", "a" }));
        Assert.That(loaded.Notes.Any(n => n.Path.EndsWith("README.md", StringComparison.Ordinal)), Is.True);
    }

    [Test]
    public void LoadFolder_OneNameTwice_NamesBothFiles()
    {
        using var folder = new TemporaryFolder();
        folder.Write("one.md", "---\nname: a\n---\nx");
        folder.Write("sub/two.md", "---\nname: a\n---\nx");

        AgentFolder loaded = AgentFolder.Load(folder.Path);

        Assert.That(loaded.Files.Select(file => Path.GetFileName(file.Path)), Is.EqualTo(["one.md"]));
        Assert.That(loaded.LeftOut.Single().Reason.ToString(), Does.Contain("one.md").And.Contain("two.md"));
    }
}
