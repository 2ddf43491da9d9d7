namespace AgentFunctions.EndToEnd.Swarm;

[CancelAfter(120_000)]
internal sealed class RepoSwarmSampleTests
{
    [Test]
    public async Task Sample_WithoutAKey_AuditsTheTreeWithASubAgentForEachPart(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        for (int file = 0; file < 60; file++)
        {
            string path = Path.Combine(folder.Path, "src", $"part{file / 30}", $"file{file}.cs");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, file == 42 ? "int a;\nint b; // FIXME: overflow\n" : "int a;\n", cancellationToken);
        }

        await using ProgramProcess sample = ProgramProcess.StartSample("RepoSwarm", [], "--workspace", folder.Path);
        int exitCode = await sample.WaitAsync();

        Assert.That(exitCode, Is.Zero, sample.Output + sample.Errors);
        Assert.That(sample.Output, Does.Contain("2 sub-agents, ").And.Contain("[rehearsal model]"));
        string report = await File.ReadAllTextAsync(Path.Combine(folder.Path, ".agentfunctions", "swarm-report.md"), cancellationToken);
        Assert.That(report, Does.Contain("src/part0/**").And.Contain("src/part1/file42.cs:2: int b; // FIXME: overflow"));
    }
}
