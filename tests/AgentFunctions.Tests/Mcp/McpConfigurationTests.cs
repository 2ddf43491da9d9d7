using AgentFunctions.Agents;
using AgentFunctions.Mcp;
using AgentFunctions.Tools.Servers;

namespace AgentFunctions.Tests.Mcp;

[TestFixture]
internal sealed class McpConfigurationTests
{
    [Test]
    public void Parse_FormsThatPeopleHave_AreRead()
    {
        McpConfiguration configuration = McpConfiguration.Parse(
            """
            {
              // comments and trailing commas are common in these files
              "mcpServers": {
                "files": { "command": "npx", "args": ["-y", "server", "${HOME}"], "env": { "LEVEL": "${LEVEL:-info}" } },
                "typed": { "type": "stdio", "command": "x", "timeout": 5000, "effects": { "act": "idempotent" } },
                "remote": { "type": "http", "url": "https://example.com/mcp", "headers": { "Authorization": "Bearer ${TOKEN}" } },
                "short": { "url": "http://localhost:1/mcp" },
                "old": { "type": "sse", "url": "http://localhost:1/sse" },
              },
            }
            """,
            ".mcp.json");

        Assert.That(configuration.Notes, Is.Empty);
        Assert.That(configuration.Servers.Select(server => server.Name),
            Is.EqualTo(["files", "typed", "remote", "short", "old"]));
        Assert.That(configuration.Servers[0].Args, Is.EqualTo(["-y", "server", "${HOME}"]),
            "variables are expanded when the server is started");
        Assert.That(configuration.Servers[1].Timeout, Is.EqualTo(TimeSpan.FromSeconds(5)));
        Assert.That(configuration.Servers[1].Effects["act"], Is.EqualTo(ToolEffect.Idempotent));
        Assert.That(configuration.Servers[2].Headers["Authorization"], Is.EqualTo("Bearer ${TOKEN}"));
        Assert.That(configuration.Servers[4].Sse);
    }

    [Test]
    public void Parse_UnknownKeys_AreReported()
    {
        McpConfiguration configuration = McpConfiguration.Parse(
            """{"inputs": [], "mcpServers": {"a": {"command": "x", "autoApprove": ["x"]}}}""", "my.json");

        Assert.That(configuration.Notes,
            Is.EqualTo(["my.json: inputs: not used here.", "my.json: mcpServers.a.autoApprove: not used here."]));
    }

    [TestCase("{", "my.json(1): is not valid JSON")]
    [TestCase("{}", "my.json: mcpServers: is missing")]
    [TestCase("""{"mcpServers": {"a": 1}}""", "my.json: mcpServers.a: write an object")]
    [TestCase("""{"mcpServers": {"a": {}}}""", "my.json: mcpServers.a.command: is missing")]
    [TestCase("""{"mcpServers": {"a": {"type": "http"}}}""", "my.json: mcpServers.a.url: is missing")]
    [TestCase("""{"mcpServers": {"a": {"type": "ws", "url": "ws://x"}}}""", "my.json: mcpServers.a.type: 'ws' is not supported")]
    [TestCase("""{"mcpServers": {"a": {"command": "x", "url": "http://x"}}}""",
        "my.json: mcpServers.a.url: stands next to command")]
    [TestCase("""{"mcpServers": {"a": {"command": 1}}}""", "my.json: mcpServers.a.command: must be text")]
    [TestCase("""{"mcpServers": {"a": {"command": "x", "args": "y"}}}""", "my.json: mcpServers.a.args: must be a list of texts")]
    [TestCase("""{"mcpServers": {"a": {"command": "x", "env": {"A": 1}}}}""", "my.json: mcpServers.a.env: must be an object")]
    [TestCase("""{"mcpServers": {"a": {"command": "x", "timeout": 0}}}""",
        "my.json: mcpServers.a.timeout: must be a number of milliseconds")]
    [TestCase("""{"mcpServers": {"a": {"command": "x", "effects": {"t": "safe"}}}}""",
        "my.json: mcpServers.a.effects: 'safe' is not a valid effect")]
    [TestCase("""{"mcpServers": {"a__b": {"command": "x"}}}""", "my.json: mcpServers.a__b: the name must not hold '__'")]
    [TestCase("""{"mcpServers": {"a": {"command": "x"}, "a": {"command": "y"}}}""", "my.json")]
    public void Parse_Mistake_NamesFileServerAndField(string text, string complaint)
    {
        AgentException? error = Assert.Throws<AgentException>(() => McpConfiguration.Parse(text, "my.json"));

        Assert.That(error!.Code, Is.EqualTo(ErrorCode.InvalidInput));
        Assert.That(error.Message, Does.StartWith(complaint));
    }

    [Test]
    public void Load_RelativeCwd_IsOfTheFilesFolder()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write(".mcp.json",
            """{"mcpServers": {"a": {"command": "x"}, "b": {"command": "x", "cwd": "sub"}}}""");

        McpConfiguration configuration = McpConfiguration.Load(file);

        Assert.That(configuration.Servers.Select(server => server.Cwd),
            Is.EqualTo([folder.Path, Path.Combine(folder.Path, "sub")]));
    }

    [Test]
    public void AgentFile_McpServers_AreNamesAndDefinitions()
    {
        AgentFile file = AgentFile.Parse(
            """
            ---
            name: tester
            description: Tests.
            tools: mcp__github, Read
            mcpServers:
              - github
              - playwright:
                  type: stdio
                  command: npx
                  args: ["-y", "@playwright/mcp"]
                  colour: blue
            effects:
              mcp__github: notIdempotent
            ---
            Test.
            """,
            "tester.md");

        Assert.That(file.Definition.McpServers!.Select(server => (server.Name, server.Definition is null)),
            Is.EqualTo([("github", true), ("playwright", false)]));
        Assert.That(file.Definition.Effects["mcp__github"], Is.EqualTo(ToolEffect.NotIdempotent));
        Assert.That(file.Definition.Extra, Is.Empty);
        Assert.That(file.Notes.Select(note => note.ToString()),
            Is.EqualTo(["tester.md(5): mcpServers.playwright.colour: not used here."]));
    }

    [TestCase("mcpServers: 3", "mcpServers: must be a list")]
    [TestCase("mcpServers: [{a: {type: ws}}]", "mcpServers.a.type: 'ws' is not supported")]
    [TestCase("effects: {x: safe}", "effects: x: 'safe' is not a valid effect")]
    public void AgentFile_Mistake_NamesFileAndLine(string line, string complaint)
    {
        AgentException? error = Assert.Throws<AgentException>(() => AgentFile.Parse($"---\nname: a\n{line}\n---\nDo.", "a.md"));

        Assert.That(error!.Message, Does.StartWith("a.md(3): ").And.Contain(complaint));
    }
}
