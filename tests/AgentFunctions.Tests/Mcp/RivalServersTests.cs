using AgentFunctions.Agents;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Servers;

namespace AgentFunctions.Tests.Mcp;

/// <summary>
/// Servers whose tools could have one name: the first counts, the other is left out with a note, in whatever order they answer.
/// </summary>
[CancelAfter(300_000)]
internal sealed class RivalServersTests
{
    [TestCase("a", "a..b")]
    [TestCase("a. b", "a")]
    [TestCase("a", "a_")]
    [TestCase("a.b", "a_b. c")]
    public void File_TwoServersOfOneSpelling_LeavesOutTheSecond(string first, string second)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write(".mcp.json",
            "{\"mcpServers\": {\"FIRST\": {\"command\": \"x\"}, \"SECOND\": {\"command\": \"y\"}, \"other\": {\"command\": \"z\"}}}"
            .Replace("FIRST", first, StringComparison.Ordinal).Replace("SECOND", second, StringComparison.Ordinal));

        McpConfiguration read = McpConfiguration.LoadTolerantly(path);

        Assert.That(read.Servers.Select(static server => server.Name), Is.EqualTo([first, "other"]));
        Assert.That(
            read.LeftOut.Single(),
            Does.Contain($"mcpServers.{second}: the names of its tools").And.Contain($"could be those of the server '{first}'").And.Contain("rename one of them"));
        Assert.That(() => McpConfiguration.Load(path),
            Throws.TypeOf<AgentException>().With.Message.Contains("rename one of them"));
    }

    [TestCase("a__b")]
    public void File_NameWithTheMarkBetweenTheParts_IsLeftOut(string name) => Assert.That(
        () => McpConfiguration.Parse("{\"mcpServers\": {\"" + name + "\": {\"command\": \"x\"}}}", ".mcp.json"),
        Throws.TypeOf<AgentException>().With.Message.Contains("must not hold '__'"));

    [TestCase("a", "ab")]
    [TestCase("a_b", "a")]
    [TestCase("a. b", "a. c")]
    public void File_NamesThatStayApart_AreBothRead(string first, string second) => Assert.That(
        McpConfiguration.Parse("{\"mcpServers\": {\"" + first + "\": {\"command\": \"x\"}, \"" + second
            + "\": {\"command\": \"y\"}}}", ".mcp.json").Servers, Has.Count.EqualTo(2));

    [Test]
    public async Task Agent_OwnServerThatRivalsAnother_GoesWithoutItAndIsTold(CancellationToken cancellationToken)
    {
        await using var bench = new McpBench(McpBench.Configuration(new { a = OddServerTests.Definition("error") }));
        AgentDefinition agent = AgentFile.Parse(
            $$$"""
            ---
            name: one
            description: d
            mcpServers:
              - a
              - a..b: { command: no-such-program }
            ---
            Work.
            """,
            "one.md").Definition;

        ToolOffer offer = await bench.Catalog.ChooseAsync(agent, TimeSpan.FromMinutes(1), cancellationToken);

        Assert.That(offer.Tools.Select(static tool => tool.Name), Does.Contain("mcp__a__act"));
        Assert.That(offer.Missing, Is.Empty, "what is left out is not waited for");
        Assert.That(offer.Notes.Single(),
            Does.Contain("mcpServers.a..b").And.Contain("could be those of the server 'a'").And.Contain("rename"));
        Assert.That(await bench.Catalog.FindAsync(agent, "mcp__a__b__act", cancellationToken), Is.Null);
    }
}
