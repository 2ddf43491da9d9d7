using AgentFunctions.Keys;
using AgentFunctions.Storage;

namespace AgentFunctions.Tests.Keys;

internal sealed class FileHeadStoreTests
{
    private TemporaryFolder _folder = null!;

    private static Head Ten => new("epoch-1", 10, "aa");

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void Read_NothingWritten_IsNullAndCreatesNothing()
    {
        using var heads = new FileHeadStore(Path.Combine(_folder.Path, "keys"));
        Assert.That(heads.Read("audit"), Is.Null);
        Assert.That(Directory.Exists(Path.Combine(_folder.Path, "keys")), Is.False);
    }

    [Test]
    public void Write_ManyHeads_TheLastIsReadByAnotherStoreAtOnce()
    {
        using var heads = new FileHeadStore(_folder.Path);
        using var others = new FileHeadStore(_folder.Path);
        for (int count = 1; count <= 9; count++)
        {
            var head = new Head("epoch-1", count, $"chain-{count}");
            heads.Write("data", head);
            Assert.That(others.Read("data"), Is.EqualTo(head));
        }
    }

    [TestCase("epoch-1", 3)]
    [TestCase("epoch-2", 3)]
    [TestCase("epoch-2", 30)]
    public void Write_AnewOrBack_ReplacesWhatWas(string epoch, int count)
    {
        using var heads = new FileHeadStore(_folder.Path);
        heads.Write("data", Ten);
        heads.Write("data", Ten with { Count = 11 });
        heads.Write("data", new Head(epoch, count, "bb"), flush: true);
        Assert.That(heads.Read("data"), Is.EqualTo(new Head(epoch, count, "bb")));
    }

    [Test]
    public void Read_OneSlotTorn_GivesTheOther()
    {
        using var heads = new FileHeadStore(_folder.Path);
        heads.Write("data", Ten);
        heads.Write("data", Ten with { Count = 11 });
        string text = File.ReadAllText(heads.PathOf("data"));
        File.WriteAllText(heads.PathOf("data"), text.Replace("\"count\":11", "\"count\":99", StringComparison.Ordinal));
        Assert.That(heads.Read("data"), Is.EqualTo(Ten));
    }

    [TestCase("")]
    [TestCase("{}")]
    [TestCase("null")]
    [TestCase("[1,2,3]")]
    [TestCase("""{"epoch":"epoch-1","count":99,"chain":"aa","seal":"00"}""")]
    public void Read_PlantedFile_IsRefused(string planted)
    {
        using var heads = new FileHeadStore(_folder.Path);
        heads.Write("data", Ten);
        File.WriteAllText(heads.PathOf("data"), planted);
        AgentException? refused = Assert.Throws<AgentException>(() => heads.Read("data"));
        Assert.That(refused!.Code, Is.EqualTo(ErrorCode.DataFileUnusable));
        Assert.That(refused.Message, Does.Contain("seal").And.Contain("host.key"));
    }

    [Test]
    public void Read_HeadOfAnotherName_IsRefused()
    {
        using var heads = new FileHeadStore(_folder.Path);
        heads.Write("data", Ten);
        File.Copy(heads.PathOf("data"), heads.PathOf("audit"));
        Assert.That(() => heads.Read("audit"), Throws.TypeOf<AgentException>());
    }

    [Test]
    public void Read_HeadOfAnotherHost_IsRefused()
    {
        using var heads = new FileHeadStore(_folder.Path);
        heads.Write("data", Ten);
        string other = Directory.CreateDirectory(Path.Combine(_folder.Path, "other")).FullName;
        using var others = new FileHeadStore(other);
        others.Write("audit", Ten);
        File.Copy(heads.PathOf("data"), others.PathOf("data"));
        Assert.That(() => others.Read("data"), Throws.TypeOf<AgentException>());
    }

    [Test]
    public async Task RemoveAsync_ThenRead_IsNull()
    {
        using var heads = new FileHeadStore(_folder.Path);
        heads.Write("data", Ten);
        await heads.RemoveAsync("data");
        Assert.That(await heads.ReadAsync("data"), Is.Null);
        await heads.WriteAsync("data", Ten with { Count = 1 });
        Assert.That((await heads.ReadAsync("data"))!.Count, Is.EqualTo(1));
    }

    [Test]
    [Platform(Exclude = "Win")]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void Write_OnUnix_OnlyTheOwnerMayRead()
    {
        using var heads = new FileHeadStore(Path.Combine(_folder.Path, "keys"));
        heads.Write("data", Ten);
        foreach (string file in new[] { heads.PathOf("data"), Path.Combine(_folder.Path, "keys", "host.key") })
        {
            Assert.That(File.GetUnixFileMode(file), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite), file);
        }
    }

    [TestCase("")]
    [TestCase("..")]
    [TestCase("a/b")]
    [TestCase("a\"b")]
    public void Write_NameOrEpochThatIsNone_IsRefused(string text)
    {
        using var heads = new FileHeadStore(_folder.Path);
        Assert.That(() => heads.Write(text, Ten), Throws.InstanceOf<ArgumentException>());
        Assert.That(() => heads.Write("data", Ten with { Epoch = text }), Throws.InstanceOf<ArgumentException>());
    }
}
