using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using AgentFunctions.Activities;
using AgentFunctions.Agents;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Queueing;
using AgentFunctions.Gateway.Quotas;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Identity;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Reviews;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Runs.Index;
using AgentFunctions.Storage;
using AgentFunctions.Swarm;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Search;
using AgentFunctions.Tools.Workspaces;

namespace AgentFunctions;

/// <summary>Source-generated JSON for all that the library itself writes.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(SteererList))]
[JsonSerializable(typeof(HistoryEvent))]
[JsonSerializable(typeof(HistoryEvent[]))]
[JsonSerializable(typeof(List<HistoryEvent>))]
[JsonSerializable(typeof(FailureDetails))]
[JsonSerializable(typeof(Artifact))]
[JsonSerializable(typeof(TranscriptEntry))]
[JsonSerializable(typeof(JournalEvent))]
[JsonSerializable(typeof(List<StepTrouble>))]
[JsonSerializable(typeof(LedgerEntry))]
[JsonSerializable(typeof(AgentDefinition))]
[JsonSerializable(typeof(ToolOutcome))]
[JsonSerializable(typeof(EditMemo))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
[JsonSerializable(typeof(JsonNode))]
[JsonSerializable(typeof(PastCall))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
[JsonSerializable(typeof(ApiKeyRecord))]
[JsonSerializable(typeof(QuotaBook))]
[JsonSerializable(typeof(ReviewBook))]
[JsonSerializable(typeof(QueueState))]
[JsonSerializable(typeof(Approval))]
[JsonSerializable(typeof(ApprovalNotice))]
[JsonSerializable(typeof(KillOrder))]
[JsonSerializable(typeof(AuditEntry))]
[JsonSerializable(typeof(AuditCheckpoint))]
[JsonSerializable(typeof(StoredKey))]
[JsonSerializable(typeof(AgentFunctions.Keys.HeadSlot))]
[JsonSerializable(typeof(PublicKeySet))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(IReadOnlyList<ToolDeclaration>))]
[JsonSerializable(typeof(RunRecord))]
[JsonSerializable(typeof(RunIndexEntry))]
[JsonSerializable(typeof(ToolArrivals))]
[JsonSerializable(typeof(IReadOnlyList<ToolLoad>))]
[JsonSerializable(typeof(RunState))]
[JsonSerializable(typeof(RunOutcome))]
[JsonSerializable(typeof(RunRequest))]
[JsonSerializable(typeof(IdempotencyClaim))]
[JsonSerializable(typeof(CallModelInput))]
[JsonSerializable(typeof(CallModelResult))]
[JsonSerializable(typeof(CallToolInput))]
[JsonSerializable(typeof(CallToolResult))]
[JsonSerializable(typeof(NotifyInput))]
[JsonSerializable(typeof(CompactInput))]
[JsonSerializable(typeof(CompactResult))]
[JsonSerializable(typeof(CheckAcceptanceInput))]
[JsonSerializable(typeof(CheckAcceptanceResult))]
[JsonSerializable(typeof(BoardNote))]
[JsonSerializable(typeof(PathLease))]
[JsonSerializable(typeof(ChildEnded))]
[JsonSerializable(typeof(ReportResult))]
[JsonSerializable(typeof(EndChildrenInput))]
[JsonSerializable(typeof(RunCommand))]
[JsonSerializable(typeof(Budgets.Budget))]
[JsonSerializable(typeof(ForkClaim))]
[JsonSerializable(typeof(TakenParts))]
[JsonSerializable(typeof(Note))]
[JsonSerializable(typeof(InboxMessage))]
[JsonSerializable(typeof(PlanItem[]))]
[JsonSerializable(typeof(RunEndedNotice))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(bool))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(long))]
internal sealed partial class AgentJsonContext : JsonSerializerContext;
