using AgentFunctions.Tools;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Tests.Tools.Workspaces;

/// <summary>What goes wrong with a file is told without where the workspace lies on the host.</summary>
internal sealed class HostPathTests
{
    private static readonly string TooLong = new('a', 300);

    private static IEnumerable<TestCaseData> Calls()
    {
        string umlauts = new('ä', 128);
        string deep = string.Join('/', Enumerable.Repeat(new string('b', 200), 20));
        foreach ((string kind,
            string path) in new[] { ("name", TooLong), ("name below", $"a/{TooLong}/b"), ("bytes", umlauts), ("path", deep) })
        {
            yield return new TestCaseData("write_file", new { path, content = "x" }).SetArgDisplayNames("write_file", kind);
            yield return new TestCaseData("read_file", new { path }).SetArgDisplayNames("read_file", kind);
            yield return new TestCaseData("edit_file",
                new { path, old_text = "a", new_text = "b" }).SetArgDisplayNames("edit_file", kind);
            yield return new TestCaseData("list_files", new { path }).SetArgDisplayNames("list_files", kind);
            yield return new TestCaseData("search_files", new { pattern = "x", path }).SetArgDisplayNames("search_files", kind);
        }
    }

    [TestCaseSource(nameof(Calls))]
    public async Task Call_PathThatIsTooLong_IsRefusedWithTheRemedyAndNoHostPath(string tool, object arguments)
    {
        using var bench = new ToolBench();

        ToolOutcome outcome = await bench.InvokeAsync(tool, arguments);

        Assert.That(outcome.IsError, Is.True, outcome.Text);
        Assert.That(outcome.Text, Does.Contain("use a shorter one").And.Not.Contain(bench.Root));
        Assert.That(outcome.Text, Has.Length.LessThan(500));
    }

    [Test]
    public async Task Call_AFileInTheWayOfAFolder_IsToldWithoutTheHostPath()
    {
        using var bench = new ToolBench();
        bench.Write("file", "x");

        ToolOutcome outcome = await bench.InvokeAsync("write_file", new { path = "file/below.txt", content = "x" });

        Assert.That(outcome.IsError, Is.True);
        Assert.That(outcome.Text, Does.Contain("file").And.Not.Contain(bench.Root));
    }

    [Test]
    public void Hide_EverySpellingOfTheFolder_IsTakenOut()
    {
        using var folder = new TemporaryFolder();
        string real = Directory.CreateDirectory(Path.Combine(folder.Path, "real")).FullName;
        string link = Path.Combine(folder.Path, "link");
        Directory.CreateSymbolicLink(link, real);
        var workspace = new Workspace(link);

        Assert.That(
            workspace.Hide($"Could not find '{real}/a/b' or '{link}/c'; access to '{real}' is denied."),
            Is.EqualTo("Could not find 'a/b' or 'c'; access to '.' is denied."));
    }
}
