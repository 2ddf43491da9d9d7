using System.Text.Json;
using AgentFunctions.Activities;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Loop;
using AgentFunctions.Storage;
using AgentFunctions.ToolCalls;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.ToolCalls;

/// <summary>The pipeline and what it replaces leave the same bytes behind and give the same results, for the same ledgers.</summary>
[CancelAfter(60_000)]
internal sealed class SameAsBeforeTests
{
    private const string Allow = "rules: [{name: all, when: {tool: '*'}, then: allow}]";
    private const string Deny = "rules: [{name: never, when: {tool: '*'}, then: deny, reason: Not here.}]";
    private const string Ask = "rules: [{name: lead, when: {tool: '*'}, then: ask, approval: {roles: [lead]}}]";
    private const string Cap = "rules: [{name: cap, when: {tool: '*'}, then: allow, atMost: {amount: 3}}]";
    private const string Look = Allow + "\nunknownOutcomes: [{name: look-first, when: {tool: '*'}, then: ask, approval: {roles: [lead]}}]";

    private static readonly LedgerEntry Started = new("pay", LedgerState.Started, new DateTimeOffset(2026, 5, 6, 11, 0, 0, TimeSpan.Zero));
    private static readonly (string, string)[] OneReview = [("Reviews:Queues:0:Label", "team"), ("Reviews:Queues:0:Capacity", "1"), ("Reviews:Queues:0:Roles:0", "reviewer")];

    private static SwarmAllowance Three => new(3, new(), new(3, 3, 1, 10, TimeSpan.FromHours(1), TimeSpan.FromMinutes(1), 1_000));

    /// <summary>What can be in the world when a call comes, by name.</summary>
    private static readonly Dictionary<string, Scenario> Scenarios = new()
    {
        ["first"] = new(),
        ["twice"] = new() { Play = static async play => { await play.PassAsync(); await play.PassAsync(); } },
        ["finished"] = new() { Left = Started with { State = LedgerState.Finished, Outcome = new("paid before"), ApprovalId = null } },
        ["begun"] = new() { Left = Started },
        ["begunUnderADecision"] = new() { Left = Started with { Decision = new(AgentFunctions.Governance.Policies.PolicyVerdict.Allow, "cap", "h") { Arguments = JsonElement.Parse("""{"amount":2}""") } } },
        ["begunAndGone"] = new() { Left = Started, Called = "gone" },
        ["unknownTool"] = new() { Called = "gone" },
        ["badArguments"] = new() { Arguments = new { amount = "many" } },
        ["denied"] = new() { Policy = Deny },
        ["allowed"] = new() { Policy = Allow },
        ["changed"] = new() { Policy = Cap },
        ["asked"] = new() { Policy = Ask },
        ["askedTwice"] = new() { Policy = Ask, Play = static async play => { await play.PassAsync(); await play.PassAsync(); } },
        ["approved"] = new() { Policy = Ask, Play = static async play => { await play.PassAsync(); await play.Bench.DecideAsync(true); await play.PassAsync(); } },
        ["approvedWithChanges"] = new() { Policy = Ask, Play = static async play => { await play.PassAsync(); await play.Bench.DecideAsync(true, JsonElement.Parse("""{"amount":1}""")); await play.PassAsync(); } },
        ["approvedWithWhatDoesNotFit"] = new() { Policy = Ask, Play = static async play => { await play.PassAsync(); await play.Bench.DecideAsync(true, JsonElement.Parse("""{"amount":"x"}""")); await play.PassAsync(); } },
        ["deniedByAPerson"] = new() { Policy = Ask, Play = static async play => { await play.PassAsync(); await play.Bench.DecideAsync(false); await play.PassAsync(); } },
        ["expired"] = new() { Policy = Ask, Play = static async play => { await play.PassAsync(); play.Bench.Time.Advance(TimeSpan.FromDays(2)); await play.PassAsync(); } },
        ["killed"] = new() { Play = static async play => { await play.KillAsync(); await play.PassAsync(); } },
        ["killedWhileAsked"] = new() { Policy = Ask, Play = static async play => { await play.PassAsync(); await play.KillAsync(); await play.PassAsync(); } },
        ["noRoom"] = new() { Settings = OneReview, Play = static async play => { await play.FillAsync(); await play.PassAsync(); await play.PassAsync(); } },
        ["room"] = new() { Settings = OneReview },
        ["roomButDenied"] = new() { Settings = OneReview, Policy = Deny },
        ["roomAndAsked"] = new() { Settings = OneReview, Policy = Ask, Play = static async play => { await play.PassAsync(); await play.Bench.DecideAsync(true); await play.PassAsync(); } },
        ["unknownAsked"] = new() { Policy = Look, Left = Started },
        ["unknownAskedAndRepeated"] = new() { Policy = Look, Left = Started, Play = static async play => { await play.PassAsync(); await play.Bench.DecideAsync(true); await play.PassAsync(); } },
        ["unknownAskedAndDenied"] = new() { Policy = Look, Left = Started, Play = static async play => { await play.PassAsync(); await play.Bench.DecideAsync(false); await play.PassAsync(); } },
        ["unknownAskedAndKilled"] = new() { Policy = Look, Left = Started, Play = static async play => { await play.PassAsync(); await play.KillAsync(); await play.PassAsync(); } },
        ["toolHasChanged"] = new() { Pinned = new(AgentTool.CreateFunction("pay", "Paid.", static (int amount, string? note) => "paid"), ToolEffect.Idempotent) },
        ["toolHasChangedAndIsFitted"] = new() { ResultBytes = 300, Pinned = new(AgentTool.CreateFunction("pay", "Paid.", static (int amount, string? note) => "paid"), ToolEffect.None) },
        ["fitted"] = new() { ResultBytes = 150 },
        ["later"] = new() { Play = static async play => { await play.PassAsync(); play.Bench.Time.Advance(TimeSpan.FromMinutes(2)); await play.PassAsync(); } },
        ["tooLate"] = new() { Policy = Allow, Play = static async play => { await play.PassAsync(); play.Bench.Time.Advance(TimeSpan.FromDays(2)); await play.PassAsync(); } },
        ["delegated"] = new() { Swarm = Three },
        ["delegatedAgain"] = new() { Swarm = Three with { Phase = 1 }, Left = Started },
    };

    /// <summary>Tools of every kind, by name.</summary>
    private static readonly Dictionary<string, Func<ToolCallBench?, AgentTool>> Tools = new()
    {
        ["reads"] = static _ => new(Pay(_ => $"it is {new string('x', 200)}"), ToolEffect.None),
        ["repeats"] = static _ => new(Pay(static amount => $"paid {amount}"), ToolEffect.Idempotent),
        ["pays"] = static _ => new(Pay(static amount => $"paid {amount}"), ToolEffect.NotIdempotent),
        ["fails"] = static _ => new(Pay(static _ => throw new AgentException(ErrorCode.ToolFailed, "no money")), ToolEffect.NotIdempotent),
        ["isLost"] = static _ => new(Pay(static _ => throw new AgentException(ErrorCode.ToolOutcomeUnknown, "the line went dead")), ToolEffect.NotIdempotent),
        ["losesItsStore"] = static _ => new(Pay(static _ => throw new AgentException(ErrorCode.EngineUnavailable, "the disk is full")), ToolEffect.NotIdempotent),
        ["happened"] = static _ => Probed(Reconciliation.Happened("found it")),
        ["didNotHappen"] = static _ => Probed(Reconciliation.DidNotHappen),
        ["job"] = static _ => Job(ToolEffect.NotIdempotent, Reconciliation.GoesOn),
        ["jobThatReads"] = static _ => Job(ToolEffect.None, Reconciliation.GoesOn),
        ["jobThatEnds"] = static _ => Job(ToolEffect.Idempotent, Reconciliation.Happened("done")),
        ["delegates"] = static _ => new(
            AgentTool.CreateFunction("pay", "Pays.", (ToolContext context, int amount) =>
            {
                if (context.Swarm is { } swarm)
                {
                    swarm.Request = new SwarmRequest { Wait = new ChildWait() };
                }

                return $"asked {amount}";
            }), ToolEffect.Idempotent),
    };

    [Test]
    public async Task Call_SameLedger_SameBytes([ValueSource(nameof(ScenarioNames))] string scenario, [ValueSource(nameof(ToolNames))] string tool)
    {
        string former = await PlayAsync(Scenarios[scenario], Tools[tool], static (bench, input) => bench.Get<CallToolActivity>().RunAsync(
            new ActivityContext(ToolCallBench.RunId, StepNames.CallTool, 1, CancellationToken.None), input));
        string present = await PlayAsync(Scenarios[scenario], Tools[tool], static async (bench, input) =>
            CallToolResults.Of(await bench.Get<ToolCallPipeline>(ToolCallPipeline.OfModel).RunAsync(new ToolCallState(input), CancellationToken.None)));

        Assert.That(present, Is.EqualTo(former));
        Assert.That(present, Does.Contain("result:").Or.Contain("threw:"));
    }

    private static IEnumerable<string> ScenarioNames() => Scenarios.Keys;

    private static IEnumerable<string> ToolNames() => Tools.Keys;

    private static async Task<string> PlayAsync(
        Scenario scenario, Func<ToolCallBench?, AgentTool> tool, Func<ToolCallBench, CallToolInput, Task<CallToolResult>> run)
    {
        var input = new CallToolInput(ToolCallBench.RunId, 1, 0, new ContextRef()) { ResultBytes = scenario.ResultBytes, Swarm = scenario.Swarm };
        await using ToolCallBench bench = await ToolCallBench.StartAsync(
            scenario.Policy, [tool(null)], scenario.Called, scenario.Arguments, input, scenario.Pinned, scenario.Settings);
        if (scenario.Left is { } left)
        {
            await bench.LeaveAsync(left);
        }

        var play = new Play(bench, run);
        await scenario.Play(play);
        return string.Join('\n', play.Told) + "\n" + await bench.DumpAsync();
    }

    private static Microsoft.Extensions.AI.AIFunction Pay(Func<int, string> pay) => AgentTool.CreateFunction("pay", "Pays.", pay.Invoke);

    private static AgentTool Probed(Reconciliation found) => new(Pay(static amount => $"paid {amount}"), ToolEffect.NotIdempotent)
    {
        Reconcile = (_, _, _) => Task.FromResult(found),
    };

    private static AgentTool Job(ToolEffect effect, Reconciliation found) => new(Pay(static amount => $"started {amount}"), effect)
    {
        Job = new ToolJob((_, _, _) => Task.FromResult(found)),
    };

    private sealed record Scenario
    {
        public string? Policy { get; init; }

        public LedgerEntry? Left { get; init; }

        public string Called { get; init; } = "pay";

        public AgentTool? Pinned { get; init; }

        public object Arguments { get; init; } = new { amount = 5 };

        public int ResultBytes { get; init; }

        public SwarmAllowance? Swarm { get; init; }

        public (string, string)[] Settings { get; init; } = [];

        public Func<Play, Task> Play { get; init; } = static play => play.PassAsync();
    }

    private sealed class Play(ToolCallBench bench, Func<ToolCallBench, CallToolInput, Task<CallToolResult>> run)
    {
        public ToolCallBench Bench => bench;

        public List<string> Told { get; } = [];

        public async Task PassAsync()
        {
            try
            {
                Told.Add($"result: {DurableJson.Serialize(await run(bench, bench.Input))}");
            }
            catch (AgentException e)
            {
                Told.Add($"threw: {e.Code} {e.Message}");
            }
        }

        public Task KillAsync() => bench.Get<KillOrders>().EngageAsync(KillScope.Tool, "pay", new Caller("olga") { Roles = [CallerRoles.Operator] }, "gone mad");

        public Task FillAsync() => bench.Get<AgentFunctions.Governance.Reviews.ReviewGate>().TakeAsync(
            new AgentFunctions.Runs.RunRecord
            {
                Id = "other",
                Agent = "worker",
                DefinitionHash = "",
                Model = "",
                Goal = "",
                Labels = new Dictionary<string, string> { ["team"] = "red" },
                CreatedAt = bench.Time.GetUtcNow(),
            },
            new("other", 1, 0), "pay", "anna", JsonElement.Parse("{}"), CancellationToken.None);
    }
}
