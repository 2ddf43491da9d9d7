using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Records;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Crash;

/// <summary>One run, killed with SIGKILL at random moments and taken up again by the same command.</summary>
/// <remarks>The long form kills more often: set <c>AGENTFUNCTIONS_KILLS</c>.</remarks>
[CancelAfter(3_600_000)]
internal sealed class KilledRunTests
{
    private const int Answers = 3;

    private static readonly int Kills = KilledProgram.Kills(5);
    private static readonly int Turns = (Kills * Answers) + 5;

    [Test]
    public async Task Run_KilledAtRandomMoments_EndsAsIfUndisturbed(CancellationToken cancellationToken)
    {
        int seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var calm = new Scene();
        using var rough = new Scene();

        int calmRequests = await calm.RunAsync(0, random, cancellationToken);
        int roughRequests = await rough.RunAsync(Kills, random, cancellationToken);

        Assert.That(rough.KilledInMidRun, Is.EqualTo(Kills), "every kill must hit the run at work");
        Assert.That(await rough.TranscriptAsync(), Is.EqualTo(await calm.TranscriptAsync()));
        Assert.That(rough.Log, Is.EqualTo(calm.Log), "the file that every turn edits");
        Assert.That(rough.Log.Split('\n').Count(line => line.StartsWith("line ", StringComparison.Ordinal)), Is.EqualTo(Turns));
        IReadOnlyList<(int Turn, string Before, string After)> changes = await rough.ChangesAsync();
        Assert.That(changes, Is.EqualTo(await calm.ChangesAsync()), "what was kept of the folder");
        Assert.That(
            changes.Select(static one => one.Turn), Is.EqualTo(Enumerable.Range(1, Turns)), "each write is entered, and once");
        Assert.That(
            changes.Skip(1).Select(static one => one.Before), Is.EqualTo(changes.SkipLast(1).Select(static one => one.After)),
            "no state is missing");
        Assert.That(calmRequests, Is.EqualTo(Turns + 1));
        Assert.That(roughRequests, Is.InRange(calmRequests, calmRequests + Kills),
            "only a call in flight at a kill is made again");
    }

    /// <summary>A workspace, a data folder and a model server whose answers depend on the turn alone.</summary>
    private sealed class Scene : IDisposable
    {
        private readonly ScribeFolder _folder = new(2 * Turns);

        public int KilledInMidRun { get; private set; }

        public string Log => _folder.Log;

        public async Task<int> RunAsync(int kills, Random random, CancellationToken cancellationToken)
        {
            using var program = new KilledProgram(random);
            await using OpenAIProtocolServer model =
                await OpenAIProtocolServer.StartAsync(request => program.Answer(Reply(request.Turn)));
            string[] command =
            [
                "run", "Keep the log.", "--agent", "scribe", "--agents", _folder.Agents, "--workspace", _folder.Workspace,
                "--data", _folder.Data,
            ];
            KilledInMidRun = await program.RunAsync(model, kills, Answers, command, cancellationToken);
            return model.Count;
        }

        /// <summary>The messages of the one run that there is, without times.</summary>
        public async Task<IReadOnlyList<string>> TranscriptAsync()
        {
            IReadOnlyList<JsonElement> entries = await ReadAsync(Transcript.StreamOf);
            return [.. entries.Select(static entry => entry.GetProperty("message").GetRawText())];
        }

        /// <summary>What the log of the folder tells: the turns, and what stood in the file before and after.</summary>
        public async Task<IReadOnlyList<(int Turn, string Before, string After)>> ChangesAsync()
        {
            IReadOnlyList<JsonElement> entries = await ReadAsync(static run => $"snapshots/{run}");
            return
            [
                .. from entry in entries
                   where entry.GetProperty("kind").GetString() == "Call"
                   from change in entry.GetProperty("changes").EnumerateArray()
                   where change.GetProperty("path").GetString() == ScribeFolder.File
                   select (
                       entry.GetProperty("turn").GetInt32(), change.GetProperty("before").GetProperty("hash").GetString()!,
                       change.GetProperty("after").GetProperty("hash").GetString()!),
            ];
        }

        public void Dispose() => _folder.Dispose();

        /// <summary>The entries of a log of the one run that there is.</summary>
        private async Task<IReadOnlyList<JsonElement>> ReadAsync(Func<string, string> streamOf)
        {
            await using var engine = new SqliteEngine(
                new SqliteEngineOptions { DataFile = Path.Combine(_folder.Data, "agentfunctions.db") }, new DurableRegistry());
            await engine.StartAsync();
            Page<OrchestrationState> runs = await engine.Client.QueryAsync(new OrchestrationQuery());
            Assert.That(runs.Items, Has.Count.EqualTo(1));
            var entries = new List<JsonElement>();
            await foreach (LogEntry entry in engine.Logs.ReadAsync(streamOf(runs.Items[0].InstanceId)))
            {
                entries.Add(JsonElement.Parse(entry.Data.Span));
            }

            return entries;
        }

        private static ChatReply Reply(int turn) => turn < Turns
            ? new ChatReply
            {
                Calls =
                [
                    new($"call_{turn}_edit", "edit_file", JsonSerializer.Serialize(ScribeFolder.Edit(turn))),
                    new($"call_{turn}_write", "write_file", JsonSerializer.Serialize(
                        new { path = $"notes/{turn}.txt", content = $"note {turn}" })),
                    new($"call_{turn}_read", "read_file", JsonSerializer.Serialize(new { path = $"notes/{turn - 1}.txt" })),
                ],
            }
            : ChatReply.Say("The log is kept.");
    }
}
