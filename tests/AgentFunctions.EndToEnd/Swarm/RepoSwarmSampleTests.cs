namespace AgentFunctions.EndToEnd.Swarm;

[CancelAfter(300_000)]
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
            await File.WriteAllTextAsync(path, file == 42 ? "int a;\nint b; // FIXME: overflow\n" : "int a;\n",
                cancellationToken);
        }

        await using ProgramProcess sample = ProgramProcess.StartSample("RepoSwarm", [], "--workspace", folder.Path);
        int exitCode = await sample.WaitAsync();

        Assert.That(exitCode, Is.Zero, sample.Output + sample.Errors);
        Assert.That(sample.Output, Does.Contain("2 sub-agents, ").And.Contain("[rehearsal model]"));
        string report = await File.ReadAllTextAsync(Path.Combine(folder.Path, ".agentfunctions", "swarm-report.md"),
            cancellationToken);
        Assert.That(report, Does.Contain("src/part0/**").And.Contain("src/part1/file42.cs:2: int b; // FIXME: overflow"));
    }

    [Test]
    public async Task Sample_OddTree_MissesNothingThatIsTextAndIsHeldUpByNothing(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        folder.Write("at the top.cs", "// TODO: top\n");
        folder.Write("br[ack]et,{x}/f.cs", "string password = \"hunter2hunter2\";\n");
        folder.Write("two  blanks/ünïcode.cs", "// FIXME: blanks\n");
        folder.Write("new\nline/f.cs", "// HACK: line\n");
        folder.Write("long/f.cs", string.Concat(Enumerable.Repeat($"// XXX: {new string('x', 250)}\n", 15)));
        folder.Write("huge/f.txt",
            $"{string.Concat(Enumerable.Repeat($"{new string('x', 1_000)}\n", 20_000))}TODO: at the end\n");
        folder.Write("empty/f.cs", "");
        folder.Write("obj/f.cs", "// TODO: not asked for\n");
        await File.WriteAllBytesAsync(Path.Combine(folder.Folder("binary"), "f.dat"), [.. "TODO: no text"u8, 0, 1, 2, 3],
            cancellationToken);
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "empty", "loop"), folder.Path);
        File.CreateSymbolicLink(Path.Combine(folder.Path, "dangling"), "nowhere");

        string report = await AuditAsync(folder, cancellationToken);

        string[] found = [.. report.Split('\n').Where(static line => line.StartsWith("- ", StringComparison.Ordinal))];
        Assert.That(found[0], Does.Contain("br[ack]et,{x}/f.cs:1: string password"), "the worst first");
        Assert.That(found.Count(static line => line.Contains("XXX: x", StringComparison.Ordinal)), Is.EqualTo(15),
            "long answers are read whole");
        Assert.That(report, Does.Contain("at the top.cs:1: // TODO: top").And.Contain("two  blanks/ünïcode.cs:1: // FIXME: blanks"));
        Assert.That(report, Does.Contain("- \"new\\nline/f.cs\":1: // HACK: line\n").And.Contain("huge/f.txt:20001: TODO: at the end"));
        Assert.That(report, Does.Contain("## Unfinished work: 19\n"),
            "each once, and on one line: a name with a line break is quoted");
        Assert.That(report, Does.Contain("- empty/** (no matches in 1 files)").And.Contain("- binary/** (no matches in 0 files)").And.Not.Contain("not asked for"));
    }

    [Test]
    public async Task Sample_MoreFoldersThanPartsMayBe_GivesSeveralToOneSubAgent(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        for (int number = 0; number < 260; number++)
        {
            folder.Write($"d{number}/f.cs", number == 259 ? "// TODO: the last\n" : "int a;\n");
        }

        Assert.That(await AuditAsync(folder, cancellationToken),
            Does.Contain("d259/f.cs:1: // TODO: the last").And.Contain("Parts without findings: 129\n"));
    }

    [Test]
    public async Task Sample_EmptyFolder_SaysSoInTheReport(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        Assert.That(await AuditAsync(folder, cancellationToken), Does.Contain("There is nothing to audit."));
    }

    private static async Task<string> AuditAsync(TemporaryFolder folder, CancellationToken cancellationToken)
    {
        await using ProgramProcess sample = ProgramProcess.StartSample("RepoSwarm", [], "--workspace", folder.Path);
        Assert.That(await sample.WaitAsync(), Is.Zero, sample.Output + sample.Errors);
        return await File.ReadAllTextAsync(Path.Combine(folder.Path, ".agentfunctions", "swarm-report.md"), cancellationToken);
    }
}
