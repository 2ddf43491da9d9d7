using AgentFunctions.Runs;

namespace AgentFunctions.Tests.Runs;

internal sealed class RunFoldersTests
{
    private const string Id = "7zzzj1kq3r5w8v2x4y6a9bcdef";

    [TestCase(Id, true)]
    [TestCase(Id + "/", true)]
    [TestCase("..", false)]
    [TestCase(".", false)]
    [TestCase("", false)]
    [TestCase("projects", false)]
    [TestCase("src.backup", false)]
    [TestCase("7ZZZJ1KQ3R5W8V2X4Y6A9BCDEF", false)]
    [TestCase("7zzzj1kq3r5w8v2x4y6a9bcdeu", false, Description = "a letter that ids have not")]
    [TestCase(Id + ".1-0", false, Description = "a sub-agent works in the folder of its lead")]
    [TestCase(Id + "/in", false)]
    [TestCase("../" + Id, false)]
    public void IsOwn_OfAName_IsOnlyWhatTheHostMakes(string name, bool expected)
    {
        string root = Path.Combine(Path.GetTempPath(), "runs");

        Assert.That(RunFolders.IsOwn(new RunOptions { WorkspaceRoot = root }, $"{root}/{name}"), Is.EqualTo(expected));
        Assert.That(RunFolders.IsOwn(new RunOptions { WorkspaceRoot = root, Workspace = root }, $"{root}/{name}"), Is.False);
    }

    [Test]
    public void IsMade_OfNewIds_IsTrue() => Assert.That(
        Enumerable.Range(0, 100).Select(static day => RunId.New(DateTimeOffset.UnixEpoch.AddDays(day * 200)))
            .Where(static id => !RunId.IsMade(id)), Is.Empty);
}
