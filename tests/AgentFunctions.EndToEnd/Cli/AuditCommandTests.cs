using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Cli;

/// <summary>
/// What an auditor does with the program: takes the log away, checks it, and compares it with an earlier check.
/// </summary>
[CancelAfter(300_000)]
internal sealed class AuditCommandTests
{
    [Test]
    public async Task Audit_ExportedNotedAndCut_VerifyTells(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        string data = Path.Combine(folder.Path, "data");
        string log = Path.Combine(folder.Path, "audit.jsonl");
        string keys = Path.Combine(folder.Path, "keys.json");
        string noted = Path.Combine(folder.Path, "noted.json");
        await RunAsync(0, "run", "Look at this folder.", "--data", data, "--workspace",
            Directory.CreateDirectory(Path.Combine(folder.Path, "work")).FullName);
        await using (ProgramProcess server = ProgramProcess.Start(new Dictionary<string, string>(), "serve", "--urls",
            "http://127.0.0.1:0", "--data", data))
        {
            string line = await server.LineAsync(static line => line.StartsWith("Listening on ", StringComparison.Ordinal));
            await File.WriteAllTextAsync(keys, await RunAsync(0, "audit", "keys", "--server", line["Listening on ".Length..]),
                cancellationToken);
        }

        string exported = await RunAsync(0, "audit", "export", "--data", data, "--output", log);
        Assert.That(await VerifyAsync(0, "--note", noted), Does.StartWith($"holds: {exported.Split(' ')[0]} entries, "));
        Assert.That(await VerifyAsync(0, "--known", noted), Does.StartWith("holds: "));
        Assert.That(await VerifyAsync(0, "--key-folder", Path.Combine(data, "keys")), Does.StartWith("holds: "));

        string[] lines = await File.ReadAllLinesAsync(log, cancellationToken);
        Assert.That(lines[0], Does.Contain("\"log.joined\""), "at its end the program joined what it wrote");
        // The last write of the run's shard: an entry and its signature.
        await File.WriteAllLinesAsync(log, lines[..^2], cancellationToken);
        Assert.That(await VerifyAsync(1), Does.StartWith("BROKEN: Shard '"));
        await File.WriteAllLinesAsync(log, lines.Where(static line => !line.Contains("\"log.joined\"", StringComparison.Ordinal)),
            cancellationToken);
        Assert.That(await VerifyAsync(1, "--known", noted), Does.StartWith("BROKEN: "));
        Assert.That((await VerifyAsync(1, "--known", keys + ".none")).Trim(), Is.Empty, "an error is no finding");

        Task<string> VerifyAsync(int exitCode, params string[] more) =>
            RunAsync(exitCode, ["audit", "verify", log, "--keys", keys, .. more]);
    }

    [Test]
    public async Task Export_TheServerIsGone_LeavesTheEarlierFile(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        string log = folder.Write("audit.jsonl", "the evidence of yesterday\n");
        string none = $"http://127.0.0.1:{FreePort.Take()}";

        await RunAsync(1, "audit", "export", "--server", none, "--output", log);
        await RunAsync(1, "artifacts", "a-run", "--get", "report.md", "--server", none, "--output", Path.Combine(folder.Path, "new"));

        Assert.That(await File.ReadAllTextAsync(log, cancellationToken), Is.EqualTo("the evidence of yesterday\n"));
        Assert.That(Directory.GetFileSystemEntries(folder.Path), Is.EqualTo(new[] { log }), "nothing half done is left");
    }

    private static async Task<string> RunAsync(int expected, params string[] arguments)
    {
        (int exitCode, string output, string errors) = await ProgramProcess.RunAsync(null, Path.GetTempPath(), arguments);
        Assert.That(exitCode, Is.EqualTo(expected), $"{string.Join(' ', arguments)}\n{output}\n{errors}");
        return output;
    }
}
