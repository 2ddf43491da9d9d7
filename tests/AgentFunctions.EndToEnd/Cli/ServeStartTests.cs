namespace AgentFunctions.EndToEnd.Cli;

/// <summary>The first lines of <c>serve</c> say what it runs with, and what it left out.</summary>
[CancelAfter(300_000)]
internal sealed class ServeStartTests
{
    [Test]
    public async Task Serve_BadItems_AreSaidInTheFirstLinesAndTheRestIsServed()
    {
        using var folder = new TemporaryFolder();
        string agents = folder.Folder("agents");
        await File.WriteAllTextAsync(Path.Combine(agents, "bad.md"), "---\nname: bad\ndescription: d\nmaxTurns: many\n---\nx");
        await File.WriteAllTextAsync(
            Path.Combine(agents, "published.md"),
            "---\nname: published\ndescription: d\nmodel: sonnet\ntools: Read, Frobnicate\ncolor: \"\\e[31mred\"\n---\nx");
        string servers = Path.Combine(folder.Path, "mcp.json");
        await File.WriteAllTextAsync(servers,
            """{"mcpServers": {"bad": {"command": 7}, "off": {"command": "x", "disabled": true}}}""");

        await using ProgramProcess server = ProgramProcess.Start(
            model: null, folder.Path, "serve", "--urls", "http://127.0.0.1:0", "--data", "data", "--agents", agents,
            "--mcp-config", servers);
        await server.LineAsync(static line => line.StartsWith("models: ", StringComparison.Ordinal));
        string said = server.Output + server.Errors;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(server.Output,
                Does.Match(@"(?m)^Listening on http://127\.0\.0\.1:\d+$").And.Match("(?m)^data: .*data$").And.Match("(?m)^agents: .*published"));
            Assert.That(said, Does.Contain("bad.md(4)").Or.Contain("bad.md:4"), "the file and the line");
            Assert.That(said, Does.Contain("maxTurns"));
            Assert.That(said, Does.Contain("mcpServers.bad.command"));
            Assert.That(said, Does.Contain("'off'").And.Contain("disabled"));
            Assert.That(said, Does.Contain("note: ").And.Contain("color"));
            Assert.That(said, Does.Contain("note: agent 'published': ").And.Contain("sonnet").And.Contain("Frobnicate"));
            Assert.That(said, Does.Not.Contain("\u001b"));
        }
    }

    [TestCase("{\"Models\": {\"x\":\n {", @"line 2: ")]
    [TestCase("[1]", "must be an object")]
    [TestCase("", "line 1: ")]
    public async Task Serve_BrokenSettings_RefusesTheStartAndNamesTheFile(string text, string words)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "appsettings.json"), text);

        (int exitCode, string output, string errors) = await ProgramProcess.RunAsync(
            model: null, folder.Path, "serve", "--urls", "http://127.0.0.1:0", "--data", "data", "--trust");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(exitCode, Is.EqualTo(2));
            Assert.That(output.Trim(), Is.Empty);
            Assert.That(errors, Does.StartWith("error: ").And.Contain("appsettings.json").And.Contain(words).And.Contain("Correct the file"));
            Assert.That(errors, Does.Not.Contain("   at "), "no stack trace");
            Assert.That(Directory.Exists(Path.Combine(folder.Path, "data")), Is.False, "nothing was opened");
        }
    }
}
