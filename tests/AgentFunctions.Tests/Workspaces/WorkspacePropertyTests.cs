using System.Runtime.Versioning;
using System.Text;
using AgentFunctions.Tests.Tools;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Tests.Workspaces;

/// <summary>Random folders full of random links, random paths into them: nothing is ever read or written outside.</summary>
[Platform("Unix"), UnsupportedOSPlatform("windows")]
public sealed class WorkspacePropertyTests
{
    private const string Secret = "SECRET";

    private static readonly string[] Names = ["a", "b", "c", "d", "ws", "out", "secret.txt", "new"];

    [Test, CancelAfter(300_000)]
    public async Task EveryTool_RandomLinksAndPaths_StaysInside([Range(1, 12)] int seed, CancellationToken cancellationToken)
    {
        var random = new Random(seed);
        using var bench = new ToolBench();
        string outside = Path.Combine(bench.Outside, "out");
        Directory.CreateDirectory(Path.Combine(outside, "a"));
        File.WriteAllText(Path.Combine(bench.Outside, "secret.txt"), Secret);
        File.WriteAllText(Path.Combine(outside, "secret.txt"), Secret);
        File.WriteAllText(Path.Combine(outside, "a", "b"), Secret);
        Populate(bench, random);
        string before = Snapshot(bench.Outside, bench.Root);

        int resolved = 0;
        for (int i = 0; i < 400; i++)
        {
            string path = RandomPath(bench, random);
            resolved += Check(bench.Workspace, path) ? 1 : 0;
            ToolOutcome outcome = random.Next(5) switch
            {
                0 => await bench.InvokeAsync("read_file", new { path }, cancellationToken),
                1 => await bench.InvokeAsync("search_files", new { pattern = Secret, path }, cancellationToken),
                2 => await bench.InvokeAsync("list_files", new { path }, cancellationToken),
                3 => await bench.InvokeAsync("write_file", new { path, content = "mine " + i }, cancellationToken),
                _ => await bench.InvokeAsync("edit_file", new { path, old_text = Secret, new_text = "gone" }, cancellationToken),
            };
            Assert.That(outcome.Text.Contains(Secret, StringComparison.Ordinal), Is.False, $"{path}: {outcome.Text}");
        }

        Assert.That(Snapshot(bench.Outside, bench.Root), Is.EqualTo(before));
        Assert.That(resolved, Is.InRange(40, 380), "the paths are too tame, or too wild, to show anything");
    }

    // What resolves is inside, in the eyes of the kernel.
    private static bool Check(Workspace workspace, string path)
    {
        string full;
        try
        {
            full = workspace.Resolve(path);
        }
        catch (AgentException error)
        {
            Assert.That(error.Code, Is.EqualTo(ErrorCode.PathOutsideWorkspace));
            return false;
        }

        Assert.That(full == workspace.Root || full.StartsWith(workspace.Root + "/", StringComparison.Ordinal), full);
        if (File.Exists(full))
        {
            using FileStream stream = File.OpenRead(full);
            Assert.That(new FileInfo($"/proc/self/fd/{stream.SafeFileHandle.DangerousGetHandle()}").LinkTarget, Is.EqualTo(full));
        }

        return true;
    }

    private static void Populate(ToolBench bench, Random random)
    {
        string[] targets = ["..", "../..", "../secret.txt", "../out", "../out/a/b", "a", "b/c", ".", "./d", "/etc", bench.Outside,
            bench.Root, bench.Root + "/a", "../ws/a", "nowhere", "../nowhere", "a/../../secret.txt"];
        var folders = new List<string> { bench.Root };
        for (int i = 0; i < 30; i++)
        {
            string path = Path.Combine(folders[random.Next(folders.Count)], Names[random.Next(Names.Length)]);
            if (Path.Exists(path) || new FileInfo(path).LinkTarget is not null)
            {
                continue;
            }

            switch (random.Next(3))
            {
                case 0:
                    Directory.CreateDirectory(path);
                    folders.Add(path);
                    break;
                case 1:
                    File.WriteAllText(path, "inside");
                    break;
                default:
                    File.CreateSymbolicLink(path, targets[random.Next(targets.Length)]);
                    break;
            }
        }
    }

    private static string RandomPath(ToolBench bench, Random random)
    {
        string[] odd = ["..", ".", "", "...", "..\\", "~", "%2e%2e", "a\\..\\.."];
        var path = new StringBuilder(random.Next(10) switch
        {
            0 => "/",
            1 => bench.Root + "/",
            2 => bench.Outside + "/",
            _ => ""
        });
        for (int parts = random.Next(1, 6); parts > 0; parts--)
        {
            path.Append(random.Next(5) == 0 ? odd[random.Next(odd.Length)] : Names[random.Next(Names.Length)])
                .Append(parts > 1 ? "/" : "");
        }

        return path.ToString();
    }

    private static string Snapshot(string outer, string root) => string.Join(
        '\n',
        Directory.EnumerateFileSystemEntries(outer, "*",
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Where(path => !path.StartsWith(root + "/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(path => File.Exists(path) ? $"{path}={File.ReadAllText(path)}" : path));
}
