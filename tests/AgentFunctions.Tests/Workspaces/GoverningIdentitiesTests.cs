using AgentFunctions.Workspaces;


namespace AgentFunctions.Tests.Workspaces;

[Platform("Linux")]
internal sealed class GoverningIdentitiesTests
{
    [Test]
    public void Find_GoverningFileWasReplaced_ItsFormerIdentityGovernsNoLonger()
    {
        using var folder = new TemporaryFolder();
        string keys = Directory.CreateDirectory(Path.Combine(folder.Path, "keys")).FullName;
        string head = Path.Combine(keys, "audit.head");
        File.WriteAllText(head, "1");
        var identities = new GoverningIdentities([new GoverningPath(keys, "the host's keys")]);
        FileIdentity former = FileKind.IdentityOf(head)!.Value;
        Assert.That(identities.Find(former), Is.Not.Null);

        // What a file system does by itself: the identity of a file that is gone goes to the next one that is made.
        string workspace = Path.Combine(folder.Path, "log.txt");
        File.Move(head, workspace);
        File.WriteAllText(head, "2");

        Assert.That(identities.Find(former), Is.Null);
        Assert.That(identities.Find(workspace), Is.Null);
        Assert.That(identities.Find(head), Is.Not.Null, "its folder governs");
    }
}
