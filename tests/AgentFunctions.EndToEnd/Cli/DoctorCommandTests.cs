using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Cli;

/// <summary><c>doctor</c> says what is wrong and what to do.</summary>
[CancelAfter(300_000)]
internal sealed class DoctorCommandTests
{
    [Test]
    public async Task Doctor_AllIsWell_SaysSoOfEachThing()
    {
        using var folder = new TemporaryFolder();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(static _ => ChatReply.Say("ok"));

        (int exit, string said, string errors) = await ProgramProcess.RunAsync(model, folder.Path, "doctor", "--data",
            folder.Path);

        Assert.That(exit, Is.Zero, said + errors);
        foreach (string what in new[] { "configuration", "store", "policy", "models", "clock", "disk", "toolServers",
            "model 'openai'", "agent 'lead'" })
        {
            Assert.That(said, Does.Contain($"ok    {what}\n"), said);
        }

        Assert.That(model.Count, Is.EqualTo(1));
    }

    [Test]
    public async Task Doctor_MuchIsWrong_FailsAndNamesEachRemedy()
    {
        using var folder = new TemporaryFolder();
        string policy = Path.Combine(folder.Path, "policy.yaml");
        await File.WriteAllTextAsync(policy, "rules: [{nam: x}]");
        string servers = Path.Combine(folder.Path, "servers.json");
        await File.WriteAllTextAsync(servers, """{"mcpServers":{"ghost":{"command":"/nowhere/ghost"}}}""");
        await using OpenAIProtocolServer refuses =
            await OpenAIProtocolServer.StartAsync(static _ => ChatReply.Error(401, "no such key"));
        await using ProgramProcess doctor = ProgramProcess.Start(
            new Dictionary<string, string>
            {
                ["Models__a__Provider"] = "openai",
                ["Models__a__Endpoint"] = refuses.BaseUrl,
                ["Models__a__Key"] = "sk-a",
                ["Models__a__Fallback"] = "b",
                ["Models__a__ContextWindow"] = "200000",
                ["Models__b__Provider"] = "openai",
                ["Models__b__Endpoint"] = "http://127.0.0.1:1/v1",
                ["Models__b__Key"] = "sk-b",
                ["Models__b__ContextWindow"] = "100000",
                ["Models__b__MaxRetries"] = "0",
                ["Governance__PolicyPath"] = policy,
            },
            "doctor", "--data", folder.Path, "--mcp-config", servers);

        Assert.That(await doctor.WaitAsync(), Is.EqualTo(1), doctor.Output + doctor.Errors);
        string[] lines = doctor.Output.Split('\n');
        Assert.That(lines, Has.Some.Matches<string>(static line => line.StartsWith("FAIL  policy: ", StringComparison.Ordinal)
            && line.Contains("policy.yaml", StringComparison.Ordinal)));
        Assert.That(lines, Has.Some.Matches<string>(static line => line.StartsWith("FAIL  model 'a': ", StringComparison.Ordinal)
            && line.Contains("check Key", StringComparison.Ordinal)));
        Assert.That(lines, Has.Some.Matches<string>(static line => line.StartsWith("FAIL  model 'b': ", StringComparison.Ordinal)
            && line.Contains("Check Endpoint", StringComparison.Ordinal)));
        Assert.That(lines, Has.Some.Matches<string>(static line => line.StartsWith("note  model 'a', fallback 'b': its context window is smaller", StringComparison.Ordinal)));
        Assert.That(lines, Has.Some.Matches<string>(static line => line.StartsWith("note  toolServers: ",
            StringComparison.Ordinal) && line.Contains("ghost", StringComparison.Ordinal)));
        Assert.That(doctor.Output + doctor.Errors, Does.Not.Contain("sk-a").And.Not.Contain("sk-b"));
    }

    [Test]
    public async Task Doctor_OfAFolderThatServeWasToldToTrust_LoadsIt()
    {
        using var folder = new TemporaryFolder();
        folder.Write("agents/mine.md", "---\nname: mine\ndescription: mine\n---\nWork.\n");
        folder.Write("appsettings.json", """{"Gateway": {}}""");
        (int exit, string said, string errors) = await ProgramProcess.RunAsync(null, folder.Path, "doctor", "--no-calls");
        Assert.That((exit, said.Contains("agent 'lead'", StringComparison.Ordinal)), Is.EqualTo((0, true)), said + errors);
        Assert.That(errors, Does.Contain("nobody has trusted"));

        await using (ProgramProcess server = ProgramProcess.Start(model: null, folder.Path, "serve", "--urls",
            "http://127.0.0.1:0", "--agents", "agents", "--trust"))
        {
            await server.LineAsync(static line => line.StartsWith("Listening on ", StringComparison.Ordinal));
        }

        foreach (string[] options in new string[][] { [], ["--agents", "agents"] })
        {
            (exit, said, errors) = await ProgramProcess.RunAsync(null, folder.Path, ["doctor", "--no-calls", .. options]);
            Assert.That((exit, errors.Trim()), Is.EqualTo((0, "")), said);
            Assert.That(said, Does.Contain("ok    agent 'mine'\n"));
        }
    }

    [TestCase("", "", "http://0.0.0.0:7071", "--urls", "http://0.0.0.0:7071")]
    [TestCase("Doors__Open", "telex", "FAIL  configuration: Doors:Open: name mcp, openai, a2a and agui, separated by commas, or none.")]
    public async Task Doctor_OfAHostThatServeWouldNotStart_SaysWhy(string variable, string value, string found,
        params string[] options)
    {
        using var folder = new TemporaryFolder();
        await using ProgramProcess doctor = ProgramProcess.Start(
            variable.Length == 0 ? [] : new Dictionary<string, string> { [variable] = value },
            ["doctor", "--no-calls", "--data", folder.Path, .. options]);

        Assert.That(await doctor.WaitAsync(), Is.EqualTo(1), doctor.Output + doctor.Errors);
        Assert.That(doctor.Output, Does.StartWith("FAIL  configuration: ").And.Contain(found));
    }

    [Test]
    public async Task Doctor_SettingThatIsNoGood_SaysWhich()
    {
        using var folder = new TemporaryFolder();
        await using ProgramProcess doctor = ProgramProcess.Start(
            new Dictionary<string,
                string>
            { ["Models__a__Provider"] = "openai", ["Models__a__Fallback"] = "b", ["Models__a__Key"] = "sk-a" },
            "doctor", "--no-calls", "--data", folder.Path);

        Assert.That(await doctor.WaitAsync(), Is.EqualTo(1));
        Assert.That(doctor.Output, Does.StartWith("FAIL  configuration: Models:a:Fallback: 'b' is no model of this host"));
    }
}
