using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Data.Sqlite;

namespace AgentFunctions.Tests.Snapshots;

/// <summary>What it costs to keep changes, in commits: the file counts them.</summary>
[CancelAfter(300_000)]
internal sealed class SnapshotCostTests
{
    private const int Turns = 30;

    /// <summary>Commits of several jobs are one, so the count of a run differs by a few; two a turn, or one where there is none, differ by far more.</summary>
    private const int Jitter = Turns / 2;

    [TestCase("write", 1)]
    [TestCase("command", 1)]
    [TestCase("read", 0)]
    public async Task Commits_WithSnapshots_AreAtMostOneMoreATurnThatHasAnEffect(string what, int more)
    {
        long without = await CountAsync(what, "off");
        long with = await CountAsync(what, "all");

        TestContext.Out.WriteLine($"{Turns} turns of {what}: {without} commits without, {with} with");
        Assert.That(with - without, Is.LessThan((more * Turns) + Jitter));
    }

    /// <summary>Counts the commits of a run, after one that made all that is made once.</summary>
    private static async Task<long> CountAsync(string what, string mode)
    {
        await using RunHost host = await FolderHost.StartAsync(
            request => request.Turn == 0 ? FolderHost.Write("file.txt", "0") : request.Turn <= Turns ? Act(what, request.Turn) : ChatReply.Say("done"),
            null, ("Workspace:Snapshots", mode));
        Assert.That((await host.RunAsync()).Status, Is.EqualTo(RunStatus.Completed));
        long before = Commits(host.DataFile);

        Run run = await host.RunAsync();

        Assert.That((run.Status, run.Turns), Is.EqualTo((RunStatus.Completed, Turns + 2)), run.Error?.Message);
        return Commits(host.DataFile) - before;
    }

    private static long Commits(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT count FROM head";
        return (long)command.ExecuteScalar()!;
    }

    private static ChatReply Act(string what, int turn) => what switch
    {
        "write" => FolderHost.Write("file.txt", $"{turn}"),
        "command" => FolderHost.Shell($"echo {turn} > file.txt"),
        _ => ChatReply.Call("read_file", new { path = "file.txt" }),
    };
}
