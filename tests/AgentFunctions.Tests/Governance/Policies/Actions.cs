using System.Text.Json;
using AgentFunctions.Governance.Policies;

namespace AgentFunctions.Tests.Governance.Policies;

/// <summary>Actions to ask a policy about.</summary>
internal static class Actions
{
    public static readonly DateTimeOffset Noon = new(2026, 5, 6, 12, 0, 0, TimeSpan.Zero);

    public static ActionContext Call(string tool, ToolEffect effect = ToolEffect.NotIdempotent, string arguments = "{}") => new()
    {
        RunId = "run",
        RootId = "root",
        Requester = "anna",
        Agent = "worker",
        Chain = ["lead", "worker"],
        Goal = "Release version 3",
        Tool = tool,
        Effect = effect,
        Risk = RiskLevel.Medium,
        Arguments = JsonElement.Parse(arguments),
        Hosts = HostNames.Of(JsonElement.Parse(arguments)),
        Now = Noon,
    };

    public static PastCall Past(string tool, ToolEffect effect = ToolEffect.None, double minutesAgo = 10,
        bool? succeeded = true) =>
        new("run", 1, (int)(minutesAgo * 10), tool, effect, Noon.AddMinutes(-minutesAgo))
        {
            FinishedAt = Noon.AddMinutes(-minutesAgo).AddSeconds(1),
            Succeeded = succeeded,
        };

    public static Policy Policy(string yaml, params IPolicyRule[] rules)
    {
        using var folder = new TemporaryFolder();
        return PolicySource.Load(folder.Write("policy.yaml", yaml), rules);
    }
}
