using AgentFunctions.Diagnostics;
using AgentFunctions.Sqlite.Operations;

namespace AgentFunctions.Conformance.Engine;

internal sealed class DiskReadinessTests
{
    private const long MiB = 1024 * 1024;

    [TestCase(15 * MiB, ReadinessStatus.Failed, "has 15.0 MiB left. Make room, or move the data.")]
    [TestCase(16 * MiB, ReadinessStatus.Degraded, "has 16.0 MiB left. Make room soon.")]
    [TestCase(255 * MiB, ReadinessStatus.Degraded, "has 255.0 MiB left. Make room soon.")]
    [TestCase(256 * MiB, ReadinessStatus.Ok, null)]
    [TestCase(null, ReadinessStatus.Ok, null)]
    public void Judge_ByTheRoomLeft_SaysHowFarTheHostCanServe(long? free, ReadinessStatus status, string? words)
    {
        ReadinessItem item = DiskReadiness.Judge(free);

        Assert.That((item.Name, item.Status), Is.EqualTo(("disk", status)));
        Assert.That(item.Message, words is null ? Is.Null : Does.EndWith(words));
    }

    [Test]
    public async Task Check_ADataFileOfThisMachine_IsLookedAt()
    {
        using var folder = new TemporaryFolder();
        var check = new DiskReadiness(Microsoft.Extensions.Options.Options.Create(new Sqlite.SqliteEngineOptions { DataFile = folder.File("data.db") }));

        Assert.That((await check.CheckAsync(CancellationToken.None)).Single().Name, Is.EqualTo("disk"));
    }
}
