using System.Text.Json;
using AgentFunctions.EndToEnd.Crash;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Tools;

/// <summary>A run that searches for its tools, killed between the searches and the calls of what they found.</summary>
[CancelAfter(3_600_000)]
internal sealed class KilledSearchTests
{
    private const int Answers = 6;

    private static readonly int Kills = KilledProgram.Kills(3);
    private static readonly int Rounds = (Kills * Answers / 2) + 2;

    [Test]
    public async Task Run_KilledBetweenSearchAndCall_KnowsWhatItHasLoaded(CancellationToken cancellationToken)
    {
        int seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        using var folder = new TemporaryFolder();
        string workspace = Directory.CreateDirectory(Path.Combine(folder.Path, "workspace")).FullName;
        string agents = Directory.CreateDirectory(Path.Combine(folder.Path, "agents")).FullName;
        File.WriteAllText(Path.Combine(agents, "clerk.md"),
            $"---\nname: clerk\ndescription: Writes reports.\nmaxTurns: {3 * Rounds}\n---\nWrite reports.\n");
        string servers = Path.Combine(folder.Path, "servers.json");
        string[] script = [Path.Combine(AppContext.BaseDirectory, "node", "odd-server.mjs"), "many:1231"];
        File.WriteAllText(servers,
            JsonSerializer.Serialize(new { mcpServers = new { odd = new { command = "node", args = script } } }));
        using var program = new KilledProgram(new Random(seed));
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request => program.Answer(Reply(request)));

        int inMidRun = await program.RunAsync(
            model, Kills, Answers,
            ["run", "Write reports.", "--agent", "clerk", "--agents", agents, "--workspace", workspace, "--data",
                Path.Combine(folder.Path, "data"), "--mcp-config", servers],
            cancellationToken);

        Assert.That(inMidRun, Is.EqualTo(Kills), "every kill must hit the run at work");
        Assert.That(model.Requests.SelectMany(request => request.Results), Has.None.Contains("Error"));
        foreach (IGrouping<int, ChatRequest> turn in model.Requests.GroupBy(request => request.Turn))
        {
            Assert.That(turn.Select(request => string.Join(' ', request.Tools)).Distinct().Count(), Is.EqualTo(1),
                $"turn {turn.Key} asked again shows the same tools");
        }

        ChatRequest last = model.Requests.MaxBy(request => request.Turn)!;
        Assert.That(last.Results, Is.EqualTo(new[] { $"report_{Rounds - 1} for ann" }));
        Assert.That(last.Tools.TakeLast(Rounds), Is.EqualTo(Enumerable.Range(0, Rounds).Select(i => $"mcp__odd__report_{i}")),
            "in the order of their loading");
    }

    private static ChatReply Reply(ChatRequest request)
    {
        int round = request.Turn / 2;
        return (round < Rounds, request.Turn % 2) switch
        {
            (false, _) => ChatReply.Say("The reports are written."),
            (_, 0) => ChatReply.Call("search_tools", new { names = new[] { $"mcp__odd__report_{round}" } }),
            _ => ChatReply.Call($"mcp__odd__report_{round}", new { customer = "ann" }),
        };
    }
}
