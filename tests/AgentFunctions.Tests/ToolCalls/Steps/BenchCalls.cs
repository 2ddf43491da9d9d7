using AgentFunctions.Ledger;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.ToolCalls.Steps;

/// <summary>A bench with a call of <c>pay</c>, whose tool does what a test wants.</summary>
internal static class BenchCalls
{
    public const string Ask = "rules: [{name: lead, when: {tool: '*'}, then: ask, approval: {roles: [lead]}}]";
    public const string Deny = "rules: [{name: never, when: {tool: '*'}, then: deny, reason: Not here.}]";

    public static readonly LedgerEntry Started = new("pay", LedgerState.Started,
        new DateTimeOffset(2026, 5, 6, 11, 0, 0, TimeSpan.Zero));

    public static readonly (string, string)[] OneReview =
        [("Reviews:Queues:0:Label", "team"), ("Reviews:Queues:0:Capacity", "1"), ("Reviews:Queues:0:Roles:0", "reviewer")];

    public static Task<ToolCallBench> StartAsync(
        string? policy = null, ToolEffect effect = ToolEffect.NotIdempotent, Func<int, string>? pay = null,
        params (string, string)[] settings) =>
        StartAsync(new AgentTool(Function(pay), effect), policy, settings);

    public static Task<ToolCallBench> StartAsync(AgentTool tool, string? policy = null, params (string, string)[] settings) =>
        ToolCallBench.StartAsync(policy, [tool], "pay", new { amount = 5 }, null, null, settings);

    public static Microsoft.Extensions.AI.AIFunction Function(Func<int, string>? pay = null) =>
        AgentTool.CreateFunction("pay", "Pays.", (int amount) => pay?.Invoke(amount) ?? $"paid {amount}");
}
