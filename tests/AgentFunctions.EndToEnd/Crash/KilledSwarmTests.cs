using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Records;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Crash;

/// <summary>A lead with its sub-agents, killed with SIGKILL at random moments and taken up again by the same command.</summary>
/// <remarks>
/// The long form kills more often, or has more sub-agents: set <c>AGENTFUNCTIONS_KILLS</c>, <c>AGENTFUNCTIONS_SUBAGENTS</c>.
/// </remarks>
[CancelAfter(3_600_000)]
internal sealed class KilledSwarmTests
{
    private static readonly int Kills = KilledProgram.Kills(3);

    /// <summary>At most 300, which is the bound of a tree.</summary>
    private static readonly int Children = int.Parse(Environment.GetEnvironmentVariable("AGENTFUNCTIONS_SUBAGENTS") ?? "40");

    private static readonly int Answers = Kills > 10 ? 4 : 20;
    private static readonly int Turns = Math.Max(4, (Kills * Answers / Children) + 1);

    [Test]
    public async Task Run_KilledAtRandomMoments_EndsWithTheSameResultsAndNoChildLostOrDoubled(CancellationToken cancellationToken)
    {
        int seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var calm = new Scene();
        using var rough = new Scene();

        TimeSpan calmTime = await calm.RunAsync(0, random, cancellationToken);
        TimeSpan roughTime = await rough.RunAsync(Kills, random, cancellationToken);
        TestContext.Out.WriteLine($"{Children} sub-agents: {calmTime.TotalSeconds:0.0} s without a kill, {roughTime.TotalSeconds:0.0} s with {Kills}");

        Assert.That(rough.KilledInMidRun, Is.EqualTo(Kills), "every kill must hit the swarm at work");
        (IReadOnlyDictionary<string, string> expected, _) = await calm.ReadAsync();
        (IReadOnlyDictionary<string, string> transcripts, IReadOnlyList<OrchestrationState> runs) = await rough.ReadAsync();
        Assert.That(runs, Has.Count.EqualTo(1 + Children));
        Assert.That(runs.Where(run => !run.IsEnded), Is.Empty);
        Assert.That(transcripts.Keys, Is.EquivalentTo(expected.Keys));
        foreach ((string name, string transcript) in expected)
        {
            Assert.That(transcripts[name], Is.EqualTo(transcript), $"transcript of {name}");
        }

        Assert.That(rough.Notes, Is.EqualTo(calm.Notes), "each sub-agent wrote each of its notes once");
        Assert.That(rough.Notes, Has.Count.EqualTo(Children * Turns));
    }

    /// <summary>A workspace, a data folder and a model server whose answers depend on the goal and the turn alone.</summary>
    private sealed class Scene : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public Scene()
        {
            Directory.CreateDirectory(Workspace);
            _folder.Folder("agents");
            File.WriteAllText(_folder.File("agents/lead.md"),
                "---\nname: lead\ndescription: Leads.\ndelegation: kimi\n---\nYou lead.\n");
            for (int child = 0; child < Children; child++)
            {
                File.WriteAllText(Path.Combine(Workspace, $"part{child}.txt"), "END\n");
            }
        }

        public int KilledInMidRun { get; private set; }

        /// <summary>All lines that the sub-agents wrote.</summary>
        public IReadOnlyList<string> Notes => [.. Directory.GetFiles(Workspace).Order(StringComparer.Ordinal)
            .SelectMany(file => File.ReadAllLines(file).Where(static line => line != "END")
                .Select(line => $"{Path.GetFileName(file)} {line}"))];

        private string Workspace => _folder.File("workspace");

        private string Data => _folder.File("data");

        public async Task<TimeSpan> RunAsync(int kills, Random random, CancellationToken cancellationToken)
        {
            long start = TimeProvider.System.GetTimestamp();
            using var program = new KilledProgram(random);
            await using OpenAIProtocolServer model =
                await OpenAIProtocolServer.StartAsync(request => program.Answer(Reply(request)));
            string[] command =
                ["run", "Have the parts read.", "--agent", "lead", "--agents", _folder.File("agents"), "--workspace",
                    Workspace, "--data", Data];
            KilledInMidRun = await program.RunAsync(model, kills, Answers, command, cancellationToken);
            return TimeProvider.System.GetElapsedTime(start);
        }

        /// <summary>The messages of every run by its name in the tree, without times; and the runs.</summary>
        public async Task<(IReadOnlyDictionary<string, string> Transcripts, IReadOnlyList<OrchestrationState> Runs)> ReadAsync()
        {
            await using var engine = new SqliteEngine(
                new SqliteEngineOptions { DataFile = Path.Combine(Data, "agentfunctions.db") }, new DurableRegistry());
            await engine.StartAsync();
            Page<OrchestrationState> runs = await engine.Client.QueryAsync(new OrchestrationQuery { PageSize = 1_000 });
            var transcripts = new Dictionary<string, string>();
            foreach (OrchestrationState run in runs.Items)
            {
                var messages = new List<string>();
                await foreach (LogEntry entry in engine.Logs.ReadAsync(Transcript.StreamOf(run.InstanceId)))
                {
                    using JsonDocument json = JsonDocument.Parse(entry.Data);
                    messages.Add(json.RootElement.GetProperty("message").GetRawText());
                }

                int dot = run.InstanceId.IndexOf('.', StringComparison.Ordinal);
                transcripts.Add(dot < 0 ? "lead" : run.InstanceId[dot..], string.Join('\n', messages));
            }

            return (transcripts, runs.Items);
        }

        public void Dispose() => _folder.Dispose();

        private static ChatReply Reply(ChatRequest request) =>
            request.Messages[0].GetProperty("content").ToString().Contains("You lead.", StringComparison.Ordinal)
                ? Lead(request.Turn)
                : Child(request.Messages[1].GetProperty("content").ToString().Split(' ')[^1], request.Turn);

        private static ChatReply Lead(int turn) => turn switch
        {
            0 => ChatReply.Call("create_subagent", new { name = "reader", system_prompt = "You read." }, "call_create"),
            1 => new ChatReply
            {
                Calls = [.. Enumerable.Range(0, Children).Select(static child => ChatReplyCall.Of("assign_task",
                    new { agent = "reader", prompt = $"Read part {child}" }, $"call_{child}"))],
            },
            _ => ChatReply.Say("All parts were read."),
        };

        private static ChatReply Child(string part, int turn) => turn < Turns
            ? ChatReply.Call("edit_file", new { path = $"part{part}.txt", old_text = "END", new_text = $"note {turn}\nEND" },
                $"call_{part}_{turn}")
            : ChatReply.Say($"Part {part} was read.");
    }
}
