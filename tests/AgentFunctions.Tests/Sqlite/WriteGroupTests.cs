using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.Snapshots;

namespace AgentFunctions.Tests.Sqlite;

/// <summary>Writes that were handed over as one group are one commit of the data file, or none.</summary>
[CancelAfter(300_000)]
internal sealed class WriteGroupTests
{
    private static readonly ReadOnlyMemory<byte> Some = "{}"u8.ToArray();

    [Test]
    public async Task Group_OfSeveralStores_IsOneCommitWithoutWhatIsRejected()
    {
        await using RunHost host = await StartAsync();
        IRecordStore records = host.Get<IRecordStore>();
        await records.PutAsync("group/taken", Some);
        Task first, taken, last;
        using (host.Get<IWriteGroups>().Begin())
        {
            first = records.PutAsync("group/first", Some);
            using (host.Get<IWriteGroups>().Begin())
            {
                taken = records.PutAsync("group/taken", Some, RecordCondition.IfNew);
                last = host.Get<ILogStore>().AppendAsync("group/last", [Some]);
            }

            Assert.That((first.IsCompleted, taken.IsCompleted, last.IsCompleted), Is.EqualTo((false, false, false)),
                "all of it is held back");
        }

        await Task.WhenAll(first, last);
        Assert.That(Assert.ThrowsAsync<AgentException>(() => taken)!.Code, Is.EqualTo(ErrorCode.EtagConflict));
        Written[] written = [.. CommitProbe.Read(host).Where(static one => one.To is "group/first" or "group/last")];
        Assert.That(written.Select(static one => one.To), Is.EqualTo(new[] { "group/first", "group/last" }));
        Assert.That(written[0].Commit, Is.EqualTo(written[1].Commit));
    }

    [Test]
    public async Task Group_OfWhichOneWriteFails_IsNotOnDiskAtAll()
    {
        await using RunHost host = await StartAsync();
        IRecordStore records = host.Get<IRecordStore>();
        Task first, bad;
        using (host.Get<IWriteGroups>().Begin())
        {
            first = records.PutAsync("group/first", Some);
            bad = records.PutAsync("group/bad", Some);
        }

        Assert.ThrowsAsync<AgentException>(() => bad);
        Assert.ThrowsAsync<AgentException>(() => first);
        Assert.That(await records.GetAsync("group/first"), Is.Null);
        await records.PutAsync("group/first", Some);
    }

    private static async Task<RunHost> StartAsync()
    {
        RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("done"));
        await CommitProbe.EnterAsync(
            host, "CREATE TRIGGER bad BEFORE INSERT ON records WHEN NEW.key = 'group/bad' BEGIN SELECT RAISE(ABORT, 'bad'); END;");
        return host;
    }
}
