using System.Globalization;
using AgentFunctions.Governance.Audit;

namespace AgentFunctions.Tests.Governance.Audit;

/// <summary>How long it takes to find entries by a search in the log, without an index of them.</summary>
internal sealed class AuditFilterMeasure
{
    private const int Runs = 1_000;
    private const int Entries = 100_000;
    private const int Portion = 1_000;

    [Test]
    [Explicit("Prints how long filters of the audit log take at 100,000 entries.")]
    public async Task Measure()
    {
        await using AuditBench bench = await AuditBench.OpenAsync();
        DateTimeOffset begin = DateTimeOffset.UnixEpoch.AddDays(20_000);
        foreach (IGrouping<string?, AuditEntry> part in Enumerable.Range(0, Entries).Select(i => Entry(i, begin))
            .GroupBy(AuditShards.Of))
        {
            int number = 0;
            foreach (AuditEntry[] some in part.Chunk(Portion))
            {
                await bench.Store.AppendAsync(
                    AuditShards.StreamOf(part.Key),
                    [.. some.Select(entry => (ReadOnlyMemory<byte>)AuditLine.Write(entry with { Seq = number++,
                        Shard = part.Key }, null))]);
            }
        }

        AuditLog log = bench.Log();
        await PrintAsync("all entries of a run", 100, () => log.ReadAsync("run0007"));
        await PrintAsync("a run and a tool", 1,
            () => log.ReadAfterAsync(AuditCursor.Start, "run0000", new AuditFilter { Tool = "pay" }), atLeast: true);
        await PrintAsync("a tool in the whole log", Entries / 997,
            () => log.ReadAfterAsync(AuditCursor.Start, null, new AuditFilter { Tool = "pay" }), atLeast: true);
        await PrintAsync("what nobody did, in the whole log", 0,
            () => log.ReadAfterAsync(AuditCursor.Start, null, new AuditFilter { Actor = "user:none" }));
    }

    private static AuditEntry Entry(int number, DateTimeOffset begin)
    {
        string run = string.Create(CultureInfo.InvariantCulture, $"run{number % Runs:0000}");
        return new AuditEntry(number % 2 == 0 ? AuditTypes.CallDecided : AuditTypes.CallFinished)
        {
            At = begin.AddSeconds(number),
            RunId = run,
            RootId = run,
            Actor = $"user:{number % 17}",
            Tool = number % 997 == 0 ? "pay" : "read_file",
            Arguments = new string('x', 300),
        };
    }

    private static async Task PrintAsync(string what, int expected, Func<IAsyncEnumerable<AuditEntry>> read, bool atLeast = false)
    {
        double best = double.MaxValue;
        int found = 0;
        for (int i = 0; i < 5; i++)
        {
            long start = TimeProvider.System.GetTimestamp();
            found = await read().CountAsync();
            best = Math.Min(best, TimeProvider.System.GetElapsedTime(start).TotalMilliseconds);
        }

        Assert.That(found, atLeast ? Is.GreaterThanOrEqualTo(expected) : Is.EqualTo(expected), what);
        await TestContext.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{what}: {found} of {Entries} entries in {best:0.0} ms"));
    }
}
