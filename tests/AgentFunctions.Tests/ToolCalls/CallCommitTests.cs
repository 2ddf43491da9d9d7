using System.Text;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.Snapshots;
using AgentFunctions.Tests.Storage;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.ToolCalls;

/// <summary>A call is recorded in one commit before it is made and one after, as the data file itself tells.</summary>
[CancelAfter(300_000)]
internal sealed class CallCommitTests
{
    private const int Turns = 6;

    [TestCase(ToolEffect.NotIdempotent)]
    [TestCase(ToolEffect.Idempotent)]
    [TestCase(ToolEffect.None)]
    public async Task Call_IsRecordedInTwoCommits(ToolEffect effect)
    {
        await using RunHost host = await RunHost.StartAsync(
            static request => request.Turn < Turns ? ChatReply.Call("pay", new { amount = request.Turn }) : ChatReply.Say("done"),
            [AgentTool.Create("pay", "Pays.", effect, static (int amount) => $"paid {amount}")]);
        await CommitProbe.EnterAsync(host);

        Run run = await host.RunAsync();

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Written[] all = [.. CommitProbe.Read(host).Where(one => one.To.StartsWith($"ledger/{run.Id}/", StringComparison.Ordinal)
            || Tells(one, "tool.") || Tells(one, "call."))];
        // The first call finds nothing in memory: keys are read, and the end of the log is looked for.
        Written[] calls = [.. all.SkipWhile(static one => !Tells(one, "tool.completed")).Skip(1)];
        int complete = calls.Count(static one => Tells(one, "tool.completed"));
        Assert.That(complete, Is.EqualTo(Turns - 1));
        // The start of a call without effects is told with its outcome, unless the machine is so busy that it waits too long.
        Assert.That(
            calls.Select(static one => one.Commit).Distinct().Count(),
            effect == ToolEffect.None ? Is.InRange(complete, complete * 2) : Is.EqualTo(complete * 2),
            string.Join('\n', calls.Select(static one => $"{one.Commit} {one.To} {Encoding.UTF8.GetString(one.Data)}")));
    }

    [Test]
    public async Task Call_WithEffects_IsDecidedBeforeItIsBegunInOneCommit()
    {
        await using RunHost host = await RunHost.StartAsync(
            static request => request.Turn < Turns ? ChatReply.Call("pay", new { amount = request.Turn }) : ChatReply.Say("done"),
            [AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, static (int amount) => $"paid {amount}")]);
        await CommitProbe.EnterAsync(host);

        Run run = await host.RunAsync();

        IReadOnlyList<Written> all = CommitProbe.Read(host);
        Written[] begun = [.. all.Where(one => one.To.StartsWith($"ledger/{run.Id}/", StringComparison.Ordinal))];
        Assert.That(begun, Has.Length.EqualTo(Turns));
        int together = 0;
        foreach (Written entry in begun)
        {
            Written decided = all.Where(one => Tells(one, "call.decided")).ElementAt(Array.IndexOf(begun, entry));
            Assert.That(decided.Commit, Is.LessThanOrEqualTo(entry.Commit));
            Assert.That(all.ToList().IndexOf(decided), Is.LessThan(all.ToList().IndexOf(entry)));
            together += decided.Commit == entry.Commit ? 1 : 0;
        }

        Assert.That(together, Is.GreaterThanOrEqualTo(Turns - 1));
    }

    [TestCase(ToolEffect.None, true)]
    [TestCase(ToolEffect.Idempotent, false)]
    public async Task Call_WaitsUntilItsStartIsOnDiskOnlyIfItHasEffects(ToolEffect effect, bool isMadeBefore)
    {
        var start = new TaskCompletionSource();
        bool wasHeld = false, wasMadeBefore = false;
        await using RunHost host = await RunHost.StartAsync(
            services => services.AddSingleton<ILogStore>(provider => new HeldStarts(provider.GetRequiredService<SqliteEngine>().Logs,
                () =>
                {
                    wasHeld = true;
                    return start.Task;
                })),
            static request => request.Turn == 0 ? ChatReply.Call("look", new { amount = 1 }) : ChatReply.Say("done"),
            [AgentTool.Create("look", "Looks.", effect, (int amount) =>
            {
                wasMadeBefore = !start.Task.IsCompleted;
                start.TrySetResult();
                return $"saw {amount}";
            })]);
        Run run = await host.SubmitAsync();
        if (!isMadeBefore)
        {
            await Poll.ForAsync(() => Task.FromResult(wasHeld), static held => held);
            start.TrySetResult();
        }

        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That((run.Status, wasMadeBefore), Is.EqualTo((RunStatus.Completed, isMadeBefore)));
        Assert.That((await host.JournalAsync(run.Id)).Count(static told => told.Type == JournalEventTypes.ToolStarted),
            Is.EqualTo(1));
    }

    /// <summary>Holds back what tells of the start of a call.</summary>
    private sealed class HeldStarts(ILogStore inner, Func<Task> held) : DelegatingLogStore(inner)
    {
        public override async Task<long> AppendAsync(string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries,
            long? expectedPosition = null, CancellationToken cancellationToken = default)
        {
            if (stream.StartsWith("journals/", StringComparison.Ordinal)
                && Encoding.UTF8.GetString(entries[0].Span).Contains(JournalEventTypes.ToolStarted, StringComparison.Ordinal))
            {
                await held();
            }

            return await base.AppendAsync(stream, entries, expectedPosition, cancellationToken);
        }
    }

    private static bool Tells(Written one, string type) =>
        Encoding.UTF8.GetString(one.Data).Contains($"\"{type}", StringComparison.Ordinal);
}
