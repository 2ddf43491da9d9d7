using System.Text;
using AgentFunctions.Runs;
using AgentFunctions.Snapshots;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;

namespace AgentFunctions.Tests.Snapshots;

/// <summary>
/// What snapshots cost: what is entered before a change is in the commit that enters its call as begun, and what is entered after
/// it is one commit. The data file itself says in which commit a write was made, so whatever else the host writes does not count.
/// </summary>
[CancelAfter(300_000)]
internal sealed class SnapshotCommitTests
{
    private const int Turns = 8;

    [TestCase("own", false)]
    [TestCase("new folders", false)]
    [TestCase("secrets", false)]
    [TestCase("commands", true)]
    public async Task Turn_WithAnEffect_TakesOneMoreCommit(string kind, bool isCommand)
    {
        await using RunHost host =
            await StartAsync(request => request.Turn < Turns ? CallOf(kind, request.Turn) : ChatReply.Say("done"));

        Run run = await host.RunAsync();

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        IReadOnlyList<Written> all = CommitProbe.Read(host);
        long[] begun = [.. all.Where(one => one.To.StartsWith($"ledger/{run.Id}/", StringComparison.Ordinal))
            .Select(static one => one.Commit)];
        long[] entered = [.. all.Where(one => one.To == $"snapshots/{run.Id}").Select(static one => one.Commit)];
        long[] kept = [.. Kept(all).Distinct()];
        Assert.Multiple(() =>
        {
            Assert.That(begun, Has.Length.EqualTo(Turns), "each call is entered as begun in a commit of its own");
            Assert.That(entered, Is.Unique.And.Ordered);
            Assert.That(entered.Except(begun).Count(), Is.EqualTo(Turns),
                "what came of the calls, and nothing else, costs a commit");
            Assert.That(entered.Intersect(begun).Count(), Is.EqualTo(isCommand ? 1 : Turns),
                "what stood there is in the commit of the call");
            Assert.That(kept.Except(entered), Is.Empty, "contents are in the commit of the entry that names them");
            Assert.That(kept, Has.Length.GreaterThanOrEqualTo(Turns));
            Assert.That(
                all.Count(static one => one.To.StartsWith("sealed-content/", StringComparison.Ordinal)),
                kind == "secrets" ? Is.GreaterThan(Turns) : Is.EqualTo(1));
        });
    }

    [Test]
    public async Task Turn_WithoutEffects_EntersNothing()
    {
        await using RunHost host = await StartAsync(static request => request.Turn < Turns
            ? ChatReply.Call("read_file", new { path = "none.txt" }) : ChatReply.Say("done"));

        Run run = await host.RunAsync();

        IReadOnlyList<Written> all = CommitProbe.Read(host);
        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(all.Select(static one => one.To), Has.Some.EqualTo($"journals/{run.Id}"));
        Assert.That(all.Where(static one => one.To.StartsWith("snapshots/", StringComparison.Ordinal)), Is.Empty);
        Assert.That(Kept(all), Is.Empty);
    }

    private static async Task<RunHost> StartAsync(Func<ChatRequest, ChatReply> script)
    {
        RunHost host = await FolderHost.StartAsync(script, null, ("Workspace:Snapshots", "All"));
        await CommitProbe.EnterAsync(host);
        // The key that seals contents with secrets is read once a process.
        await host.Get<IBlobStore>().PutAsync("AKIAIOSFODNN7EXAMPLE"u8.ToArray());
        return host;
    }

    private static ChatReply CallOf(string kind, int turn) => kind switch
    {
        "own" => FolderHost.Write("a.txt", $"{turn}\n"),
        "new folders" => FolderHost.Write($"of-{turn}/in/a.txt", $"{turn}\n"),
        "secrets" => FolderHost.Write("a.txt", $"{turn} AKIAIOSFODNN7EXAMPLE\n"),
        _ => FolderHost.Shell($"echo {turn} > a.txt; echo {turn} of b > b.txt"),
    };

    /// <summary>The commits of references to contents that the log names, of the contents, and of what leads to them.</summary>
    private static IEnumerable<long> Kept(IReadOnlyList<Written> all)
    {
        string[] hashes = [.. all.Where(static one => one.To.StartsWith("snapshots/", StringComparison.Ordinal))
            .SelectMany(static one => SnapshotLog.HashesIn(one.Data)).Distinct()];
        string[] sealedAt = [.. all.Where(one => hashes.Any(hash => one.To == $"sealed-content/{hash}"))
            .Select(static one => Encoding.ASCII.GetString(one.Data))];
        return all.Where(one =>
                hashes.Any(hash => one.To.StartsWith($"refs/{hash}/", StringComparison.Ordinal)
                    || one.To == $"sealed-content/{hash}" || one.To == $"blobs/{hash}")
                || sealedAt.Any(place => one.To == $"blobs/{place}"))
            .Select(static one => one.Commit);
    }
}
