using System.Security.Cryptography;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Keys;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;
using AgentFunctions.Tests.Tools;

namespace AgentFunctions.Tests.Governance.Identity;

/// <summary>A key that somebody else put beside the host's keys is neither used nor published.</summary>
internal sealed class PlantedKeyTests
{
    private TemporaryFolder _folder = null!;

    private string Keys => Path.Combine(_folder.Path, "keys");

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [TestCase("audit-000001-20990101T000000Z.pem", "")]
    [TestCase("audit-000000-20000101T000000Z.pem", "")]
    [TestCase("audit-000001-20990101T000000Z.pem", "Seal: 0000000000000000000000000000000000000000000000000000000000000000\n")]
    [TestCase("audit-000001-never.pem", "")]
    public async Task Published_FileThatWasPlanted_IsNotAmongThem(string name, string seal)
    {
        PublicKeySet own = await New().PublishedAsync();
        await File.WriteAllTextAsync(Path.Combine(Keys, name), seal + Pem());
        PublicKeySet published = await New().PublishedAsync();
        Assert.That(published.Keys.Select(key => key.Kid), Is.EqualTo(own.Keys.Select(key => key.Kid)));
        Assert.That((await New().CurrentAsync()).Public.Kid, Is.EqualTo(own.Keys[0].Kid));
    }

    [Test]
    public async Task Published_OwnKeyUnderAnotherNameOrChanged_IsNotAmongThem()
    {
        await New().PublishedAsync();
        string file = Directory.GetFiles(Keys, "audit-*.pem").Single();
        File.Copy(file, Path.Combine(Keys, "tokens-000000-20260101T000000Z.pem"));
        var tokens = new SigningKeys(new FolderKeyStore(Keys), "tokens", TimeProvider.System);
        Assert.That((await tokens.PublishedAsync()).Keys[0].Kid, Is.Not.EqualTo((await New().PublishedAsync()).Keys[0].Kid));
    }

    [Test]
    public async Task Rotate_BesideAPlantedFile_Works()
    {
        SigningKeys keys = New();
        await keys.PublishedAsync();
        await File.WriteAllTextAsync(Path.Combine(Keys, "audit-000001-20990101T000000Z.pem"), Pem());
        PublicKey rotated = await keys.RotateAsync();
        Assert.That((await New().PublishedAsync()).Keys.Select(key => key.Kid).ToArray(),
            Has.Length.EqualTo(2).And.Member(rotated.Kid));
        Assert.That((await New().CurrentAsync()).Public.Kid, Is.EqualTo(rotated.Kid));
    }

    [Test]
    public async Task Published_KeyOfAnEarlierVersion_StaysIfItSignedTheAuditLog()
    {
        await using var engine = new SqliteEngine(new SqliteEngineOptions { DataFile = SqliteEngineOptions.InMemory },
            new DurableRegistry());
        await engine.StartAsync();
        ILogStore logs = engine.Logs;
        await new AuditLog(logs, New(), TimeProvider.System).AppendAsync(new AuditEntry("test"));
        string file = Directory.GetFiles(Keys, "audit-*.pem").Single();
        string[] lines = await File.ReadAllLinesAsync(file);
        await File.WriteAllTextAsync(file, string.Join('\n', lines[1..]));
        await File.WriteAllTextAsync(Path.Combine(Keys, "audit-000001-20990101T000000Z.pem"), Pem());
        File.Delete(Path.Combine(Keys, "host.key"));

        PublicKeySet published = await new SigningKeys(new FolderKeyStore(Keys, new EarlierKeys(logs)), "audit",
            TimeProvider.System).PublishedAsync();
        Assert.That(published.Keys, Has.Count.EqualTo(1));
        Assert.That((await new AuditLog(logs, New(), TimeProvider.System).VerifyAsync()).Holds, Is.True, "taken over for good");
    }

    [Test]
    public async Task Published_RecordThatWasPlanted_IsNotAmongThem()
    {
        var records = new MemoryStores();
        var keys = new SigningKeys(new RecordKeyStore(records), "audit", TimeProvider.System);
        PublicKeySet own = await keys.PublishedAsync();
        byte[] planted = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(
            new StoredKey(DateTimeOffset.UtcNow, Pem()) { Seal = own.Keys[0].Kid }, System.Text.Json.JsonSerializerOptions.Web);
        await records.PutAsync("signing-keys/audit/000001", planted, RecordCondition.IfNew);
        PublicKey rotated = await keys.RotateAsync();
        PublicKeySet published = await new SigningKeys(new RecordKeyStore(records), "audit",
            TimeProvider.System).PublishedAsync();
        Assert.That(published.Keys.Select(key => key.Kid), Is.EqualTo(new[] { rotated.Kid, own.Keys[0].Kid }));
    }

    private static string Pem()
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return pair.ExportPkcs8PrivateKeyPem();
    }

    private SigningKeys New() => new(new FolderKeyStore(Keys), "audit", TimeProvider.System);
}
