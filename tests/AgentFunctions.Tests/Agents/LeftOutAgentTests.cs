using AgentFunctions.Agents;
using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Agents;

internal sealed class LeftOutAgentTests
{
    private const string Good = "---\nname: good\ndescription: d\n---\nWork.";

    [TestCase("---\nname: bad\ntools: {a: b}\n---\nx", 3)]
    [TestCase("---\nname: bad\ndisallowedTools: Read(./secrets/**)\n---\nx", 3)]
    [TestCase("---\nname: bad\nmaxTurns: many\n---\nx", 3)]
    [TestCase("---\nname: bad\n", 1)]
    [TestCase("---\nname: bad\ntools: Read\nallowed-tools: Write\n---\nx", 4)]
    public void Folder_OneBrokenFile_IsLeftOutAndTheRestWorks(string text, int line)
    {
        using var folder = new TemporaryFolder();
        folder.Write("a-bad.md", text);
        folder.Write("good.md", Good);
        using ServiceProvider provider = new ServiceCollection().AddAgentsFrom(folder.Path).BuildServiceProvider();

        AgentCatalog catalog = provider.GetRequiredService<AgentCatalog>();

        Assert.That(catalog.Agents.Select(agent => agent.Name), Is.EqualTo(["good"]));
        Assert.That(catalog.LeftOut.Single().Name, Is.EqualTo("bad"));
        Assert.That(catalog.LeftOut.Single().Reason.Line, Is.EqualTo(line));
        Assert.That(
            () => catalog.Resolve("bad"),
            Throws.TypeOf<AgentException>().With.Message.Contains("a-bad.md").And.Property("Code")
                .EqualTo(ErrorCode.AgentNotFound));
    }

    [Test]
    public void Folder_ReadmeWithFrontMatter_IsLeftOut()
    {
        using var folder = new TemporaryFolder();
        folder.Write("README.md", "---\ntitle: Agents\n---\n# Agents");
        folder.Write("good.md", Good);

        AgentFolder loaded = AgentFolder.Load(folder.Path);

        Assert.That(loaded.Files.Select(file => file.Definition.Name), Is.EqualTo(["good"]));
        Assert.That(loaded.LeftOut.Single().Name, Is.EqualTo("README"));
    }

    [Test]
    public void Parse_ExamplesBelowTheDescription_AreReadAsItsText()
    {
        AgentFile file = AgentFile.Parse(
            "---\nname: a\ndescription: Use this agent. Examples:\n\n<example>\nuser: \"Look: at it\"\n</example>\n\nmodel: inherit\ntools: Read, Grep\ncolor: red\n---\nx",
            "a.md");

        Assert.That(file.Definition.Description,
            Is.EqualTo("Use this agent. Examples:\n\n<example>\nuser: \"Look: at it\"\n</example>"));
        Assert.That(file.Definition.Tools, Is.EqualTo(["read_file", "search_files"]));
        Assert.That(file.Notes.Select(note => note.Line), Does.Contain(3));
    }

    [TestCase("disallowed-tools: Bash", "run_command")]
    [TestCase("DisallowedTools: [bash, WRITE]", "run_command,write_file")]
    [TestCase("disallowed_tools: Agent", "Task")]
    [TestCase("disallowedTools: WebFetch, TodoWrite", "web_fetch,update_plan")]
    [TestCase("permissionMode: plan\ndisallowedTools: Read", "write_file,edit_file,run_command,read_file")]
    public void Parse_ANoInOtherWords_IsKept(string lines, string expected) =>
        Assert.That(
            AgentFile.Parse($"---\nname: a\ndescription: d\n{lines}\n---\nx", "a.md").Definition.DisallowedTools,
            Is.EqualTo(expected.Split(',')));

    [TestCase("python.expert", "python-expert")]
    [TestCase("Code Reviewer", "Code-Reviewer")]
    [TestCase("a  b c!", "a-b-c")]
    [TestCase("-kept-", "-kept-")]
    public void Parse_ANameThatIsNone_IsMadeOne(string written, string name)
    {
        AgentFile file = AgentFile.Parse($"---\nname: {written}\ndescription: d\n---\nx", "a.md");

        Assert.That(file.Definition.Name, Is.EqualTo(name));
        Assert.That(file.Notes.Any(note => note.Message.StartsWith("name:", StringComparison.Ordinal)),
            Is.EqualTo(written != name));
    }

    [Test]
    public void Servers_OneBadEntry_IsLeftOutAndTheRestIsRead()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write(
            ".mcp.json",
            """{"mcpServers": {"bad": {"command": 7}, "off": {"command": "x", "disabled": "yes"}, "good": {"command": "x"}, "good": {"command": "y"}}}""");

        McpConfiguration read = McpConfiguration.LoadTolerantly(path);

        Assert.That(read.Servers.Select(server => server.Name), Is.EqualTo(["good"]));
        Assert.That(read.Servers[0].Command, Is.EqualTo("x"));
        Assert.That(read.LeftOut,
            Has.Count.EqualTo(3).And.Some.Contains("mcpServers.bad.command: must be text").And.Some.Contains("mcpServers.off.disabled"));
    }
}
