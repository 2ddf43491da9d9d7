using System.Text.Json.Serialization;

namespace AgentFunctions.Governance.Approvals;

/// <summary>Source-generated JSON of approvals.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(Approval))]
[JsonSerializable(typeof(ApprovalNotice))]
[JsonSerializable(typeof(PastDecisions))]
[JsonSerializable(typeof(SteererList))]
internal sealed partial class ApprovalsJsonContext : JsonSerializerContext;
