namespace AgentFunctions.EndToEnd.Cli;

/// <summary>The program calls itself what people type.</summary>
internal sealed class HelpTests
{
    [Test]
    [CancelAfter(300_000)]
    public async Task Help_OfProgram_NamesItAsItIsTyped()
    {
        using var folder = new TemporaryFolder();

        (int exitCode, string output, _) = await ProgramProcess.RunAsync(null, folder.Path, "--help");

        Assert.That(exitCode, Is.Zero);
        Assert.That(output, Does.Contain("agentfunctions [command]").And.Contain("--version"));
        Assert.That(output, Does.Not.Contain("AgentFunctions.Cli"));
    }

    [TestCase("agentfunctions [command]", "serve")]
    [TestCase("agentfunctions policy [command]", "check", "policy")]
    [CancelAfter(300_000)]
    public async Task Group_Alone_SaysWhichCommandsThereAre(string usage, string command, params string[] group)
    {
        using var folder = new TemporaryFolder();

        (int exitCode, string output, string errors) = await ProgramProcess.RunAsync(null, folder.Path, group);

        Assert.That((exitCode, output.Trim()), Is.EqualTo((2, "")));
        Assert.That(errors, Does.Contain(usage).And.Contain($"  {command} "));
    }
}
