using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Durability;
using AgentFunctions.Gateway.KillSwitch;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Governance.Reviews;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.ToolCalls;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.ToolCalls;

/// <summary>
/// What a call leaves in ledger, journal, history, audit log and other records, as it was before there was a pipeline: stores of
/// running hosts hold such records, which may grow by fields alone. AGENTFUNCTIONS_RECORD=FOLDER writes the expectations anew.
/// </summary>
[CancelAfter(300_000)]
internal sealed class RecordedCallsTests
{
    private const string Ask = "rules: [{name: lead, when: {tool: '*'}, then: ask, approval: {roles: [lead]}}]";
    private const string Cap = "rules: [{name: cap, when: {tool: '*'}, then: allow, atMost: {amount: 3}}]";
    private const string Deny = "rules: [{name: never, when: {tool: '*'}, then: deny, reason: Not here.}]";
    private const string Look = """
        rules: [{name: all, when: {tool: '*'}, then: allow}]
        unknownOutcomes: [{name: look-first, when: {tool: '*'}, then: ask, approval: {roles: [lead]}}]
        """;

    private static readonly LedgerEntry Started = new("pay", LedgerState.Started,
        new DateTimeOffset(2026, 5, 6, 11, 0, 0, TimeSpan.Zero));

    private static readonly (string, string)[] OneReview =
        [("Reviews:Queues:0:Label", "team"), ("Reviews:Queues:0:Capacity", "1"), ("Reviews:Queues:0:Roles:0", "reviewer")];

    private static AgentTool Pay { get; } = new(AgentTool.CreateFunction("pay", "Pays.", static (int amount) => $"paid {amount}"),
        ToolEffect.NotIdempotent);

    private static AgentTool Job { get; } = new(Pay.Function, ToolEffect.Idempotent)
    {
        Job = new ToolJob(static (_, _, _) => Task.FromResult(Reconciliation.TookEffect("done"))),
    };

    private static AgentTool Delegates { get; } = new(
        AgentTool.CreateFunction("pay", "Pays.", static (ToolContext context, int amount) =>
        {
            context.Features.Get<SwarmCall>()!.Request = new SwarmRequest { Wait = new ChildWait(null, amount) };
            return "asked";
        }),
        ToolEffect.Idempotent);

    [Test]
    public Task Call_First() => CompareAsync(new());

    [Test]
    public Task Call_FinishedBefore() =>
    CompareAsync(new() { Left = Started with { State = LedgerState.Finished, Outcome = new("paid before") } });

    [Test]
    public Task Call_CutOffByACrash() => CompareAsync(new() { Left = Started });

    [Test]
    public Task Call_ChangedByARule() => CompareAsync(new() { Policy = Cap });

    [Test]
    public Task Call_Denied() => CompareAsync(new() { Policy = Deny });

    [Test]
    public Task Call_ApprovedWithOtherArguments() => CompareAsync(new() { Policy = Ask }, static async play =>
    {
        await play.PassAsync();
        await play.Bench.DecideAsync(true, JsonElement.Parse("""{"amount":1}"""));
        await play.PassAsync();
    });

    [Test]
    public Task Call_Stopped() => CompareAsync(new(), static async play =>
    {
        await play.Bench.Get<KillOrders>().EngageAsync(KillScope.Tool, "pay", new Caller("olga"), "gone mad");
        await play.PassAsync();
    });

    [Test]
    public Task Call_TakesRoomForReview() => CompareAsync(new() { Settings = OneReview });

    [Test]
    public Task Call_WaitsForRoom() => CompareAsync(new() { Settings = OneReview }, static async play =>
    {
        RunRecord run = await play.Bench.Get<RunStore>().GetAsync(ToolCallBench.RunId);
        await play.Bench.Get<ReviewAdmission>()
            .TakeAsync(run, new("other", 1, 0), "pay", "anna", JsonElement.Parse("{}"), CancellationToken.None);
        await play.PassAsync();
    });

    [Test]
    public Task Call_UnknownOutcome_IsRepeatedWhenAPersonSaysSo() =>
    CompareAsync(new() { Policy = Look, Left = Started }, static async play =>
    {
        await play.PassAsync();
        await play.Bench.DecideAsync(true);
        await play.PassAsync();
    });

    [Test]
    public Task Call_Job() => CompareAsync(new() { Tool = Job }, static async play =>
    {
        await play.PassAsync();
        play.Bench.Time.Advance(TimeSpan.FromMinutes(2));
        await play.PassAsync();
    });

    [Test]
    public Task Call_Delegated() => CompareAsync(new()
    {
        Tool = Delegates,
        Swarm = new(3, new(), new(3, 3, 1, 10, TimeSpan.FromHours(1), TimeSpan.FromMinutes(1), 1_000)),
    });

    private static async Task CompareAsync(World world, Func<Play, Task>? play = null)
    {
        var input = new CallToolInput(ToolCallBench.RunId, 1, 0, new ContextRef()) { Swarm = world.Swarm };
        await using ToolCallBench bench = await ToolCallBench.StartAsync(
            world.Policy, [world.Tool], "pay", new { amount = 5 }, input, null, world.Settings);
        if (world.Left is { } left)
        {
            await bench.LeaveAsync(left);
        }

        var played = new Play(bench);
        await (play?.Invoke(played) ?? played.PassAsync());
        string present = string.Join('\n', [.. played.Results, await bench.DumpAsync(), ""]);
        string name = TestContext.CurrentContext.Test.MethodName + ".txt";
        if (Environment.GetEnvironmentVariable("AGENTFUNCTIONS_RECORD") is { Length: > 0 } folder)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, name), present);
        }

        string[] recorded = await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "ToolCalls", "Recorded", name));
        string[] lines = present.TrimEnd('\n').Split('\n');
        Assert.That(lines, Has.Length.EqualTo(recorded.Length), present);
        foreach ((string line, string before) in lines.Zip(recorded))
        {
            Assert.That(Holds(line, before),
                $"Running hosts hold other bytes; records may grow by fields alone.\nbefore: {before}\n   now: {line}");
        }
    }

    /// <summary>Whether a line says all that it said before, in the same place and words.</summary>
    private static bool Holds(string line, string before)
    {
        int json = before.IndexOf('{', StringComparison.Ordinal);
        return json < 0
            ? line == before
            : line.Length > json && line[..json] == before[..json]
                && Holds(JsonNode.Parse(line[json..]), JsonNode.Parse(before[json..]));
    }

    private static bool Holds(JsonNode? node, JsonNode? before) => (node, before) switch
    {
        (JsonObject now, JsonObject then) =>
            then.All(member => now.ContainsKey(member.Key) && Holds(now[member.Key], member.Value)),
        (JsonArray now, JsonArray then) =>
            now.Count == then.Count && now.Zip(then).All(static pair => Holds(pair.First, pair.Second)),
        _ => JsonNode.DeepEquals(node, before),
    };

    private sealed record World
    {
        public string? Policy { get; init; }

        public LedgerEntry? Left { get; init; }

        public AgentTool Tool { get; init; } = Pay;

        public SwarmAllowance? Swarm { get; init; }

        public (string, string)[] Settings { get; init; } = [];
    }

    private sealed class Play(ToolCallBench bench)
    {
        public ToolCallBench Bench => bench;

        public List<string> Results { get; } = [];

        public async Task PassAsync()
        {
            var context = new ActivityContext(ToolCallBench.RunId, StepNames.CallTool, 1, CancellationToken.None);
            Results.Add($"result: {DurableJson.Serialize(await bench.Get<CallToolActivity>().RunAsync(context, bench.Input))}");
        }
    }
}
