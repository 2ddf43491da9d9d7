using System.Runtime.Versioning;

namespace AgentFunctions.Tests.Tools.Workspaces;

/// <summary>
/// No sequence of an agent's tool calls reads or changes a file that governs its run, whatever links are made between them.
/// </summary>
[Platform("Unix"), UnsupportedOSPlatform("windows")]
internal sealed class ProtectedPathPropertyTests
{
    private const string Secret = "GOVERNING-CONTENT";
    private const int Steps = 250;

    private static readonly string[] Files =
    [
        "data/agentfunctions.db", "data/agentfunctions.db-wal", "data/agentfunctions.db-shm", "data/keys/audit.pem",
        "data/keys/heads/x.head",
        "agents/a.md", "agents/sub/b.md", "policy.yaml", "appsettings.json", "appsettings.Production.json",
    ];

    private static readonly string[] Absent = [".mcp.json", "agents/new.md", "data/new/x", "data/agentfunctions.db-journal",
        "appsettings.Test.json"];

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(4)]
    public async Task AnySequenceOfCalls_LeavesWhatGovernsUnreadAndUnchanged(int seed)
    {
        using var bench = new ToolBench(governing: ProtectedPathTests.Governing);
        foreach (string file in Files)
        {
            bench.Write(file, $"{Secret} {file}");
        }

        bench.Write("src/app.cs", "free");
        var random = new Random(seed);
        List<string> links = ["src"];
        int refused = 0;
        for (int step = 0; step < Steps; step++)
        {
            if (random.Next(5) == 0)
            {
                MakeLink(bench, random, links);
            }

            string path = Spell(random, Target(random, links), bench.Root);
            (string tool, object arguments) = Call(random, path);
            string text = (await bench.InvokeAsync(tool, arguments)).Text;
            Assert.That(text, Does.Not.Contain(Secret), $"step {step}: {tool} '{path}'");
            refused += text.Contains("reserved for the host", StringComparison.Ordinal) ? 1 : 0;
            foreach (string file in Files)
            {
                Assert.That(bench.Read(file), Is.EqualTo($"{Secret} {file}"), $"step {step}: {tool} '{path}'");
            }

            Assert.That(Absent.Where(file => Path.Exists(Path.Combine(bench.Root, file))), Is.Empty,
                $"step {step}: {tool} '{path}'");
        }

        Assert.That(refused, Is.GreaterThan(20), "the calls must meet what governs");
        string written = (await bench.InvokeAsync("write_file", new { path = "src/free.txt", content = "free" })).Text;
        Assert.That(written, Does.StartWith("Wrote "), "what is free must be writable");
    }

    // What an agent can make with allowed programs (ln, git, a build): links to files, to folders, to links, and hard links.
    private static void MakeLink(ToolBench bench, Random random, List<string> links)
    {
        string name = $"src/l{links.Count}";
        string path = Path.Combine(bench.Root, name);
        string target = Path.Combine(bench.Root, Target(random, links));
        switch (random.Next(3))
        {
            case 0:
                File.CreateSymbolicLink(path, target);
                break;
            case 1:
                File.CreateSymbolicLink(path, Path.GetRelativePath(Path.GetDirectoryName(path)!, Path.GetDirectoryName(target)!));
                break;
            default:
                if (ProtectedPathTests.HardLink(Path.Combine(bench.Root, Files[random.Next(Files.Length)]), path) != 0)
                {
                    return;
                }

                break;
        }

        links.Add(name);
    }

    private static string Target(Random random, List<string> links) => random.Next(6) switch
    {
        0 => Absent[random.Next(Absent.Length)],
        1 => links[random.Next(links.Count)],
        2 => $"{links[random.Next(links.Count)]}/{Path.GetFileName(Files[random.Next(Files.Length)])}",
        3 => $"src/free-{random.Next(9)}.txt",
        _ => Files[random.Next(Files.Length)],
    };

    private static string Spell(Random random, string path, string root) => random.Next(9) switch
    {
        0 => "./" + path,
        1 => $"{root}/{path}",
        2 => $"nothing/../{path}",
        3 => path.Replace("/", "//", StringComparison.Ordinal),
        4 => path.Replace('/', '\\'),
        5 => path + "/",
        6 => $"{root}/./x/../{path}",
        7 => path.Contains('/', StringComparison.Ordinal) ? path.Insert(path.IndexOf('/', StringComparison.Ordinal), "/.") : path,
        _ => path,
    };

    private static (string, object) Call(Random random, string path) => random.Next(7) switch
    {
        0 => ("read_file", new { path }),
        1 => ("write_file", new { path, content = "stolen" }),
        2 => ("edit_file", new { path, old_text = Secret, new_text = "stolen" }),
        3 => ("search_files", new { pattern = "CONTENT", path }),
        4 => ("search_files", new { pattern = "CONTENT", glob = "**/" + Path.GetFileName(path.TrimEnd('/', '\\')) }),
        5 => ("list_files", new { path }),
        _ => ("search_files", new { pattern = "." }),
    };
}
