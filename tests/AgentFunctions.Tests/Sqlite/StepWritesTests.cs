using System.Text;
using AgentFunctions.Durability;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.Sqlite.Runtime;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.Snapshots;
using AgentFunctions.Tests.Storage;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Sqlite;

/// <summary>
/// A step does not wait for its last writes: the engine records it no sooner than they are written, and settles what becomes of
/// a step whose writes fail.
/// </summary>
[CancelAfter(300_000)]
internal sealed class StepWritesTests
{
    private const int Turns = 6;

    private const string ProbeHistory = """
        CREATE TRIGGER probe_history AFTER INSERT ON history BEGIN
            INSERT INTO probe (write_to, made_in, data) SELECT 'history', (SELECT count FROM head), NEW.events;
        END;
        """;

    [Test]
    public async Task Step_IsRecordedNoSoonerThanItsLastWrites()
    {
        await using RunHost host = await StartAsync(
            static request => request.Turn < Turns ? ChatReply.Call("look", new { number = request.Turn }) : ChatReply.Say("done"),
            static (int number) => $"saw {number}", ProbeHistory);

        Run run = await host.RunAsync();

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Written[] all = [.. CommitProbe.Read(host)];
        Written[] outcomes = [.. all.Where(one => one.To.StartsWith($"ledger/{run.Id}/", StringComparison.Ordinal))];
        Written[] answers = [.. all.Where(one => one.To == Transcript.StreamOf(run.Id) && Has(one, "assistant"))];
        var names = new Dictionary<int, string>();
        List<Written> recorded = [];
        foreach (Written turn in all.Where(static one => one.To == "history"))
        {
            foreach (HistoryEvent happened in HistoryCodec.Read(turn.Data))
            {
                if (happened is TaskScheduled asked)
                {
                    names[asked.TaskId] = asked.Name;
                }
                else if (happened is TaskCompleted done && names[done.TaskId] is StepNames.CallModel or StepNames.CallTool)
                {
                    recorded.Add(turn);
                }
            }
        }

        Written[] written = [.. all.Where(one => outcomes.Contains(one) || answers.Contains(one))];
        Assert.That((outcomes.Length, answers.Length, recorded.Count), Is.EqualTo((Turns, Turns + 1, Turns + Turns + 1)));
        for (int step = 0; step < written.Length; step++)
        {
            Assert.That(Array.IndexOf(all, recorded[step]), Is.GreaterThan(Array.IndexOf(all, written[step])), $"step {step}");
        }

        // Not all of them: something else may have had the writer write in between.
        Assert.That(written.Where((one, step) => one.Commit == recorded[step].Commit), Is.Not.Empty,
            "the record of a step shares the commit of its last writes");
    }

    [Test]
    public async Task OutcomeThatCannotBeWritten_FailsTheStep_WhichIsToldAndMadeAgain()
    {
        int calls = 0;
        await using RunHost host = await StartAsync(
            static request => request.Turn == 0 ? ChatReply.Call("look", new { number = 0 })
                : ChatReply.Say($"done: {request.Body}"),
            _ => Interlocked.Increment(ref calls) == 1 ? "a refused outcome" : "a good outcome",
            RefusedIn("records", "value"));

        Run run = await host.RunAsync();

        Assert.That((run.Status, calls), Is.EqualTo((RunStatus.Completed, 2)), run.Error?.Message);
        Assert.That(run.Result?.Text, Does.Contain("a good outcome").And.Not.Contain("a refused outcome"));
        Assert.That((await host.JournalAsync(run.Id)).Count(static told => told.Type == JournalEventTypes.StepRetrying),
            Is.EqualTo(1));
        Assert.That((await host.JournalAsync(run.Id)).Count(static told => told.Type == JournalEventTypes.ToolCompleted),
            Is.EqualTo(1));
    }

    [Test]
    public async Task OutcomeThatCannotBeWritten_OfACallThatMayNotBeRepeated_IsUnknownToTheModel()
    {
        int calls = 0;
        await using RunHost host = await RunHost.StartAsync(
            static request => request.Turn == 0 ? ChatReply.Call("pay", new { number = 0 })
                : ChatReply.Say($"done: {request.Body}"),
            [AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, (int number) =>
                Interlocked.Increment(ref calls) == 1 ? "a refused outcome" : "a second payment")]);
        await CommitProbe.EnterAsync(host, RefusedIn("records", "value"));

        Run run = await host.RunAsync();

        Assert.That((run.Status, calls), Is.EqualTo((RunStatus.Completed, 1)), run.Error?.Message);
        Assert.That(run.Result?.Text, Does.Contain("unknown").And.Not.Contain("a refused outcome"));
    }

    [Test]
    public async Task AnswerThatIsTooLargeForAnEntry_IsWrittenWhenTheStepIsRecorded()
    {
        string large = new('x', 800_000);
        await using RunHost host = await StartAsync(
            request => request.Turn == 0 ? ChatReply.Call("look", new { number = 0 }) : ChatReply.Say(large),
            static number => $"saw {number}", ProbeHistory);

        Run run = await host.RunAsync();

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        Assert.That(run.Result?.Text, Is.EqualTo(large));
        Written[] all = [.. CommitProbe.Read(host)];
        int answer = Array.FindIndex(all, one => one.To == Transcript.StreamOf(run.Id) && Has(one, "xxx"));
        int told = Array.FindIndex(all, static one => one.To == "history" && Has(one, "model") && Has(one, "stop"));
        Assert.That(answer, Is.GreaterThanOrEqualTo(0).And.LessThan(told));
    }

    [Test]
    public async Task AnswerThatCannotBeWritten_FailsTheStep_AndTheModelIsAskedAgain()
    {
        int asked = 0;
        await using RunHost host = await StartAsync(
            _ => ChatReply.Say(Interlocked.Increment(ref asked) == 1 ? "a refused answer" : "a good answer"),
            static _ => "", RefusedIn("log_entries", "data"));

        Run run = await host.RunAsync();

        Assert.That((run.Status, run.Result?.Text, asked), Is.EqualTo((RunStatus.Completed, "a good answer", 2)), run.Error?.Message);
        Assert.That((await host.JournalAsync(run.Id)).Count(static told => told.Type == JournalEventTypes.StepRetrying),
            Is.EqualTo(1));
    }

    [Test]
    public async Task OutcomeThatAnotherDeliveryHasEntered_Counts_AndTheCallIsNotMadeAgain()
    {
        int calls = 0;
        RunHost? started = null;
        await using RunHost host = started = await RunHost.StartAsync(
            static request => request.Turn == 0 ? ChatReply.Call("look", new { number = 0 })
                : ChatReply.Say($"done: {request.Body}"),
            [AgentTool.Create("look", "Looks.", ToolEffect.None, async (ToolContext context, int number) =>
            {
                calls++;
                var other = new LedgerEntry("look", LedgerState.Finished, DateTimeOffset.UtcNow,
                    new ToolOutcome("what the other delivery saw"));
                await new CallLedger(started!.Get<IRecordStore>()).WriteAsync(context.RunId, context.Turn, context.Call, other);
                return "what this delivery saw";
            })]);

        Run run = await host.RunAsync();

        Assert.That((run.Status, calls), Is.EqualTo((RunStatus.Completed, 1)), run.Error?.Message);
        Assert.That(run.Result?.Text, Does.Contain("what the other delivery saw").And.Not.Contain("what this delivery saw"));
    }

    [Test]
    public async Task WriteThatTheStoreDoesNotTakeAtOnce_IsWrittenBeforeThoseThatFollow()
    {
        await using RunHost host = await RunHost.StartAsync(
            static services => services.AddSingleton<ILogStore>(
                static provider => new SlowStarts(provider.GetRequiredService<SqliteEngine>().Logs)),
            static request => request.Turn < Turns ? ChatReply.Call("look", new { number = request.Turn }) : ChatReply.Say("done"),
            [Look(static number => $"saw {number}")]);
        await CommitProbe.EnterAsync(host, ProbeHistory);

        Run run = await host.RunAsync();

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        // Of the audit log's entry, the ledger's and the journal's, in this order, none is at once in the writer's hands.
        Written[] all = [.. CommitProbe.Read(host)];
        foreach (Written outcome in all.Where(one => one.To.StartsWith($"ledger/{run.Id}/", StringComparison.Ordinal)))
        {
            int place = Array.IndexOf(all, outcome);
            int turn = int.Parse(outcome.To.Split('/')[2], System.Globalization.CultureInfo.InvariantCulture);
            Assert.That(Array.FindIndex(all, one => Has(one, "call.finished") && Has(one, $"\"turn\":{turn},")),
                Is.InRange(0, place - 1));
            Assert.That(Array.FindIndex(all, one => Has(one, "tool.completed") && Has(one, $"\"turn\":{turn},")),
                Is.GreaterThan(place));
        }
    }

    private static bool Has(Written one, string text) =>
        Encoding.UTF8.GetString(one.Data).Contains(text, StringComparison.Ordinal);

    private static AgentTool Look(Func<int, string> look) =>
        AgentTool.Create("look", "Looks.", ToolEffect.None, (int number) => look(number));

    /// <summary>Has the data file refuse what says so.</summary>
    private static string RefusedIn(string table, string column) => string.Concat(new[] { "INSERT", "UPDATE" }.Select(
        kind => $"""
            CREATE TRIGGER refused_{kind} BEFORE {kind} ON {table} WHEN instr(CAST(NEW.{column} AS TEXT), 'a refused') > 0 BEGIN
                SELECT RAISE(ABORT, 'refused');
            END;
            """));

    private static async Task<RunHost> StartAsync(Func<ChatRequest, ChatReply> model, Func<int, string> look, string more)
    {
        RunHost host = await RunHost.StartAsync(model, [Look(look)]);
        await CommitProbe.EnterAsync(host, more);
        return host;
    }

    /// <summary>Takes no append within the call.</summary>
    private sealed class SlowStarts(ILogStore inner) : DelegatingLogStore(inner)
    {
        public override async Task<long> AppendAsync(string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries,
            long? expectedPosition = null, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            return await base.AppendAsync(stream, entries, expectedPosition, cancellationToken);
        }
    }
}
