using System.Diagnostics;
using System.Runtime.Versioning;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Tools.Workspaces.Commands;

/// <summary>No sequence of allowed commands changes a file that governs, or shows what is in the data and the keys.</summary>
[NonParallelizable]
[Platform("Linux"), SupportedOSPlatform("linux")]
internal sealed class CommandPropertyTests
{
    private const string Secret = "KEPT-FROM-AGENTS";
    private const int Steps = 150;

    private static readonly string[] Hidden = ["data/agentfunctions.db", "data/agentfunctions.db-wal", "data/keys/audit.pem"];
    private static readonly string[] Governing = ["agents/a.md", "agents/sub/b.md", "policy.yaml", "appsettings.json"];
    private static readonly string[] Absent = [".mcp.json", "agents/new.md", "appsettings.Test.json", "data/new"];
    private static readonly string[] Free = ["src/app.cs", "src/policy.yaml", "src/.mcp.json", "src/new.md", "notes.txt"];

    [TestCase(11)]
    [TestCase(12)]
    [TestCase(13)]
    public async Task AnySequenceOfCommands_LeavesWhatGovernsUnchangedAndTheDataUnread(int seed)
    {
        using var bench = new ToolBench(
            static o => o.AllowedCommands.UnionWith(["git", "cat", "head", "tail", "grep", "rg", "find", "ls", "wc", "diff"]),
            governing: ProtectedPathTests.Governing);
        bench.ReserveOfCommands();
        await PrepareAsync(bench);
        string[] kept = [.. Governing.Concat(Hidden).Select(bench.Read)];
        var random = new Random(seed);
        int refused = 0;
        int ran = 0;
        for (int step = 0; step < Steps; step++)
        {
            (string command, string[] arguments) = Command(random, bench.Root);
            string shown = $"step {step}: {command} {string.Join(' ', arguments)}";
            if (random.Next(12) == 0)
            {
                Link(bench, random, step);
            }

            ToolOutcome outcome = await bench.InvokeAsync("run_command", new { command, arguments });
            Assert.That(outcome.Text, Does.Not.Contain(Secret), shown);
            Assert.That(Governing.Concat(Hidden).Select(bench.Read), Is.EqualTo(kept), shown);
            Assert.That(Absent.Where(file => Path.Exists(Path.Combine(bench.Root, file))), Is.Empty, shown);
            refused += outcome.Code is ErrorCode.ToolArgumentsInvalid or ErrorCode.PathReserved ? 1 : 0;
            ran += outcome.Text.StartsWith("exit code 0", StringComparison.Ordinal) ? 1 : 0;
        }

        Assert.That((refused > 30, ran > 10), Is.EqualTo((true, true)), $"{refused} refused, {ran} ran: both must happen often");
    }

    private static (string, string[]) Command(Random random, string root)
    {
        string a = Spell(random, Pick(random), root);
        string b = Spell(random, Pick(random), root);
        string[][] git =
        [
            ["add", a], ["add", "-A"], ["add", "-f", a], ["mv", "-f", a, b], ["mv", a, "."], ["rm", "-rf", a],
            ["rm", "--cached", "-r", a], ["checkout", "HEAD~1", "--", a],
            ["checkout", "-f", "HEAD~1"], ["restore", "-s", "HEAD~1", a], ["restore", "."], ["switch", "-d", "HEAD~1"],
            ["reset", "--hard", "HEAD~1"], ["reset", "HEAD~1"],
            ["show", $"HEAD:{a}"], ["diff", "HEAD", "--", a], ["diff"], ["grep", "-e", "KEPT", "--untracked"], ["status", "-v"],
            ["commit", "-am", "x"], ["commit", "-m", "x", a],
            ["ls-files", "-o"], ["blame", a], ["log", "-p", "--", a], ["stash", "list"],
            ["checkout", "-b", $"b{random.Next(99)}"],
        ];
        return random.Next(9) switch
        {
            0 => ("cat", [a]),
            1 => ("head", ["-n", "3", a, b]),
            2 => ("grep", ["-rn", "KEPT", a]),
            3 => ("rg", random.Next(3) == 0 ? ["-uu", "KEPT"] : ["KEPT", a]),
            4 => ("find", [a, "-type", "f"]),
            5 => ("diff", ["-r", a, b]),
            6 => (random.Next(2) == 0 ? "tail" : "wc", [a]),
            _ => ("git", git[random.Next(git.Length)]),
        };
    }

    private static string Pick(Random random)
    {
        string[] from = random.Next(5) switch
        {
            0 => Hidden,
            1 => Governing,
            2 => Absent,
            3 => ["data", "data/keys", "agents", ".", "src", "src/link0", "src/link7"],
            _ => Free
        };
        return from[random.Next(from.Length)];
    }

    private static string Spell(Random random, string path, string root) => random.Next(7) switch
    {
        0 => "./" + path,
        1 => $"{root}/{path}",
        2 => $"src/../{path}",
        3 => path.Replace("/", "//", StringComparison.Ordinal),
        4 => path + "/",
        _ => path,
    };

    private static void Link(ToolBench bench, Random random, int step)
    {
        string place = Path.Combine(bench.Root, "src", $"link{step % 10}");
        if (!Path.Exists(place) && new FileInfo(place).LinkTarget is null && Directory.Exists(Path.GetDirectoryName(place)))
        {
            File.CreateSymbolicLink(place, Path.Combine(bench.Root, Pick(random)));
        }
    }

    private static async Task PrepareAsync(ToolBench bench)
    {
        foreach (string file in Free)
        {
            bench.Write(file, $"free {file}\n");
        }

        foreach (string file in Governing)
        {
            bench.Write(file, $"first {file}\n");
        }

        await GitAsync(bench.Root, "init", "-q");
        await GitAsync(bench.Root, "config", "user.name", "x");
        await GitAsync(bench.Root, "config", "user.email", "x@y");
        await GitAsync(bench.Root, "add", "-A");
        await GitAsync(bench.Root, "commit", "-qm", "first");
        foreach (string file in Governing.Append("notes.txt"))
        {
            bench.Write(file, $"second {file}\n");
        }

        await GitAsync(bench.Root, "commit", "-qam", "second");
        foreach (string file in Hidden)
        {
            bench.Write(file, $"{Secret} {file}\n");
        }
    }

    private static async Task GitAsync(string folder, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = folder })!;
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero);
    }
}
