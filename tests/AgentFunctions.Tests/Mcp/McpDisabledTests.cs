using AgentFunctions.Tools.Servers;




namespace AgentFunctions.Tests.Mcp;

/// <summary>What an owner has switched off is neither started nor offered.</summary>
[Platform("Unix")]
public sealed class McpDisabledTests
{
    [TestCase("""{"command": "sh", "args": ["-c", "echo $$ >> pids; exec cat"], "disabled": true}""")]
    [TestCase("""{"command": "sh", "args": ["-c", "echo $$ >> pids; exec cat"], "enabled": false}""")]
    public async Task Server_Disabled_IsNotStartedAndSaidToBeDisabled(string server)
    {
        await using var bench = new McpBench("{\"mcpServers\": {\"s\": " + server + "}}");

        Assert.That(await bench.Catalog.SelectAsync(McpBench.Definition()), Is.Empty);
        AgentException? named =
            Assert.ThrowsAsync<AgentException>(() => bench.Catalog.SelectAsync(McpBench.Definition("mcp__s__echo")));
        AgentException? called =
            Assert.ThrowsAsync<AgentException>(() => bench.Catalog.FindAsync(McpBench.Definition(), "mcp__s__echo"));

        Assert.That((named!.Code, called!.Code), Is.EqualTo((ErrorCode.ToolUnavailable, ErrorCode.ToolUnavailable)));
        Assert.That(named.Message, Does.Contain("disabled in .mcp.json"));
        Assert.That(bench.Pids, Is.Empty, "nothing was started");
    }

    [Test]
    public void Disabled_NotTrueOrFalse_IsRefused() =>
        Assert.That(
            () => McpConfiguration.Parse("""{"mcpServers": {"s": {"command": "x", "disabled": "yes"}}}""", "f"),
            Throws.TypeOf<AgentException>().With.Message.Contains("mcpServers.s.disabled: must be true or false"));
}
