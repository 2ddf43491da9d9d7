using AgentFunctions.Runs;

namespace AgentFunctions.Tests.Runs;

/// <summary>Which changes of a folder are kept: a folder that holds far more than a run's work is never gone through.</summary>
internal sealed class RunFoldersTests
{
    private static readonly string s_home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
    private static readonly string s_root = Path.GetPathRoot(Path.GetTempPath())!;

    [Test]
    public void ModeOf_RootHomeAndWhatHoldsHomes_IsNeverAll()
    {
        string[] wide = [s_root, s_home, s_home + Path.DirectorySeparatorChar, Path.GetDirectoryName(s_home) ?? s_root];

        Assert.That(s_home, Is.Not.Empty, "the test needs a home");
        Assert.That(wide.Select(static folder => RunFolders.ModeOf(new RunOptions { Snapshots = SnapshotMode.All }, folder)), Is.All.EqualTo(SnapshotMode.Writes));
        Assert.That(RunFolders.ModeOf(new RunOptions { Snapshots = SnapshotMode.Off }, s_home), Is.EqualTo(SnapshotMode.Off));
        Assert.That(RunFolders.ModeOf(new RunOptions { Snapshots = SnapshotMode.All }, Path.Combine(s_home, "work")), Is.EqualTo(SnapshotMode.All));
    }

    [Test]
    public void ModeOf_WithoutASetting_IsAllInAFolderOfTheRunsOwnAlone()
    {
        string root = Path.Combine(Path.GetTempPath(), "runs");
        var own = new RunOptions { WorkspaceRoot = root };
        var shared = new RunOptions { WorkspaceRoot = root, Workspace = Path.Combine(root, "shared") };
        string folder = Path.Combine(root, RunId.New(DateTimeOffset.UnixEpoch));

        Assert.That(RunFolders.ModeOf(own, folder), Is.EqualTo(SnapshotMode.All));
        Assert.That(RunFolders.ModeOf(own, Path.Combine(folder, "below")), Is.EqualTo(SnapshotMode.Writes));
        Assert.That(RunFolders.ModeOf(shared, folder), Is.EqualTo(SnapshotMode.Writes));
    }
}
