using AgentFunctions.Core;
using AgentFunctions.Governance.Audit;

namespace AgentFunctions.Tests.Governance.Audit;

/// <summary>Where entries are written is where they are looked for in years to come.</summary>
public sealed class AuditShardTests
{
    [TestCase("7ybqnbvgqjfappgyzkz4afwc3s", "7ybqnbvgqjfappgyzkz4afwc3s", "09")]
    [TestCase("7ybqnbvgqjfappgyzkz4afwc3s", "7ybqnbvgqjfappgyzkz4afwc3s.1-0", "10")]
    [TestCase("run", "run", "11")]
    public void Of_KnownRun_StaysWhereItIs(string root, string run, string shard) =>
        Assert.That(AuditShards.Of(new AuditEntry("any") { RootId = root, RunId = run }), Is.EqualTo(shard));

    [Test]
    public void Of_NoRun_IsTheHostsOwn() => Assert.That(AuditShards.Of(new AuditEntry(AuditTypes.KeyChanged)), Is.Null);

    [Test]
    public void Of_EntryThatNamesNoRoot_IsWhereThoseAreThatDo([Values("run", "run.2-0", "run.2-0.3-1")] string run) =>
        Assert.That(AuditShards.Of(new AuditEntry("any") { RunId = run }),
            Is.EqualTo(AuditShards.Of(new AuditEntry("any") { RunId = run, RootId = "run" })));

    [Test]
    public void OfRun_TreeOfManySubAgents_IsSpreadOverItsShardsAlone()
    {
        string[] used = [.. Enumerable.Range(0, 300).Select(static item => ChildName.RunId("root", ChildName.Of(1, 0, item)))
            .Select(static run => AuditShards.Of(new AuditEntry("any") { RunId = run, RootId = "root" })!).Distinct()];

        Assert.That(used, Has.Length.EqualTo(AuditShards.Spread));
        Assert.That(AuditShards.OfRun("root"), Is.EquivalentTo(used));
    }

    [Test]
    public void OfRun_SubAgent_IsOne() =>
        Assert.That(AuditShards.OfRun("root.1-0"),
            Is.EqualTo(new[] { AuditShards.Of(new AuditEntry("any") { RunId = "root.1-0", RootId = "root" }) }));

    [Test]
    public void OfRuns_ManyRoots_AreEven()
    {
        int[] counts = [.. Enumerable.Range(0, 6_400)
            .GroupBy(static number => AuditShards.Of(new AuditEntry("any") { RunId = $"run{number}" }))
            .Select(static shard => shard.Count())];

        Assert.That(counts, Has.Length.EqualTo(AuditShards.Count));
        Assert.That(counts, Is.All.InRange(50, 150));
    }
}
