using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Core;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Queueing;
using AgentFunctions.Gateway.Quotas;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Governance.Reviews;
using AgentFunctions.Keys;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Steps;
using AgentFunctions.Swarm;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Workspaces;

namespace AgentFunctions.Hosting;

/// <summary>Joins the JSON of the rooms to the one that payloads are written with.</summary>
internal static class RoomJson
{
    /// <summary>Runs before any code of the assembly: a payload may be the first thing that is written.</summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255",
        Justification = "The port in Durability cannot name the rooms above it, and tests use it without a host.")]
    internal static void Join()
    {
        DurableJson.AddResolver(CoreJsonContext.Default);
        DurableJson.AddResolver(AgentsJsonContext.Default);
        DurableJson.AddResolver(ApprovalsJsonContext.Default);
        DurableJson.AddResolver(AuditJsonContext.Default);
        DurableJson.AddResolver(BudgetsJsonContext.Default);
        DurableJson.AddResolver(ClaimsJsonContext.Default);
        DurableJson.AddResolver(GatewayJsonContext.Default);
        DurableJson.AddResolver(HeadsJsonContext.Default);
        DurableJson.AddResolver(KillSwitchJsonContext.Default);
        DurableJson.AddResolver(LedgerJsonContext.Default);
        DurableJson.AddResolver(LoopJsonContext.Default);
        DurableJson.AddResolver(PoliciesJsonContext.Default);
        DurableJson.AddResolver(QuestionsJsonContext.Default);
        DurableJson.AddResolver(QueueingJsonContext.Default);
        DurableJson.AddResolver(QuotasJsonContext.Default);
        DurableJson.AddResolver(ReviewsJsonContext.Default);
        DurableJson.AddResolver(RunsJsonContext.Default);
        DurableJson.AddResolver(SigningKeysJsonContext.Default);
        DurableJson.AddResolver(StepsJsonContext.Default);
        DurableJson.AddResolver(StoredRecordsJsonContext.Default);
        DurableJson.AddResolver(SwarmJsonContext.Default);
        DurableJson.AddResolver(ToolsJsonContext.Default);
        DurableJson.AddResolver(WorkspaceJsonContext.Default);
    }
}
