using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.AspNetCore.Agents;
using AgentFunctions.AspNetCore.Dashboard;
using AgentFunctions.AspNetCore.Gateway;
using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.AspNetCore.Health;
using AgentFunctions.AspNetCore.Monitors;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.AspNetCore.Usage;
using AgentFunctions.Gateway.Erasure;
using AgentFunctions.Gateway.Holds;
using AgentFunctions.Gateway.KillSwitch;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Keys;
using AgentFunctions.Records;

namespace AgentFunctions.AspNetCore.Http;

/// <summary>How the API writes and reads JSON, whatever the host has set for its own endpoints.</summary>
internal static class ApiJson
{
    /// <summary>The deepest nesting that a body may have.</summary>
    public const int MaxDepth = 32;

    /// <summary>Camel-cased; reading refuses unknown and repeated members, comments and numbers in quotes.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerOptions.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = MaxDepth,
        TypeInfoResolver = ApiJsonContext.Default,
        // For types of the library that the API shows as they are.
        Converters =
        {
            new CamelCaseEnumConverter<ApprovalQuestion>(),
            new CamelCaseEnumConverter<ApprovalState>(),
            new CamelCaseEnumConverter<Decision>(),
            new CamelCaseEnumConverter<ErasureState>(),
            new CamelCaseEnumConverter<KillScope>(),
            new CamelCaseEnumConverter<PolicyVerdict>(),
            new CamelCaseEnumConverter<QuestionState>(),
            new CamelCaseEnumConverter<QuestionUrgency>(),
            new CamelCaseEnumConverter<RiskLevel>(),
            new CamelCaseEnumConverter<ToolEffect>(),
            new CamelCaseEnumConverter<TranscriptOrigin>(),
        },
    };
}

/// <summary>Source-generated JSON for what the API writes and reads.</summary>
[JsonSerializable(typeof(RunSubmission))]
[JsonSerializable(typeof(CancelSubmission))]
[JsonSerializable(typeof(MessageSubmission))]
[JsonSerializable(typeof(BudgetResource))]
[JsonSerializable(typeof(ForkSubmission))]
[JsonSerializable(typeof(RunResource))]
[JsonSerializable(typeof(RunListResource))]
[JsonSerializable(typeof(RunTreeResource))]
[JsonSerializable(typeof(EventResource))]
[JsonSerializable(typeof(IReadOnlyList<EventResource>))]
[JsonSerializable(typeof(ModelStartedResource))]
[JsonSerializable(typeof(ModelSnapshotResource))]
[JsonSerializable(typeof(ModelDeltaResource))]
[JsonSerializable(typeof(ModelResetResource))]
[JsonSerializable(typeof(ModelRetryingResource))]
[JsonSerializable(typeof(RunStateResource))]
[JsonSerializable(typeof(ToolProgressResource))]
[JsonSerializable(typeof(TreePatchResource))]
[JsonSerializable(typeof(StreamEndResource))]
[JsonSerializable(typeof(TranscriptResource))]
[JsonSerializable(typeof(ArtifactListResource))]
[JsonSerializable(typeof(ChangesResource))]
[JsonSerializable(typeof(FilesResource))]
[JsonSerializable(typeof(RestoreSubmission))]
[JsonSerializable(typeof(RestoreResource))]
[JsonSerializable(typeof(RewindSubmission))]
[JsonSerializable(typeof(RewindResource))]
[JsonSerializable(typeof(AgentListResource))]
[JsonSerializable(typeof(ApprovalListResource))]
[JsonSerializable(typeof(ApprovalResource))]
[JsonSerializable(typeof(DecisionSubmission))]
[JsonSerializable(typeof(QuestionListResource))]
[JsonSerializable(typeof(QuestionResource))]
[JsonSerializable(typeof(AnswerSubmission))]
[JsonSerializable(typeof(ReviewSubmission))]
[JsonSerializable(typeof(ReviewListResource))]
[JsonSerializable(typeof(ReviewedResource))]
[JsonSerializable(typeof(AuditListResource))]
[JsonSerializable(typeof(AuditVerification))]
[JsonSerializable(typeof(PublicKeySet))]
[JsonSerializable(typeof(IssuerResource))]
[JsonSerializable(typeof(Erasure))]
[JsonSerializable(typeof(ErasurePlan))]
[JsonSerializable(typeof(Hold))]
[JsonSerializable(typeof(HoldListResource))]
[JsonSerializable(typeof(HoldSubmission))]
[JsonSerializable(typeof(KillSubmission))]
[JsonSerializable(typeof(KillReport))]
[JsonSerializable(typeof(KillListResource))]
[JsonSerializable(typeof(KeySubmission))]
[JsonSerializable(typeof(KeyListResource))]
[JsonSerializable(typeof(NewKeyResource))]
[JsonSerializable(typeof(CommentSubmission))]
[JsonSerializable(typeof(TickResource))]
[JsonSerializable(typeof(HealthResource))]
[JsonSerializable(typeof(RunRowListResource))]
[JsonSerializable(typeof(SpanListResource))]
[JsonSerializable(typeof(CriticalPathResource))]
[JsonSerializable(typeof(LineageResource))]
[JsonSerializable(typeof(ShownResource))]
[JsonSerializable(typeof(UsageListResource))]
[JsonSerializable(typeof(AgentDetailResource))]
[JsonSerializable(typeof(PolicyResource))]
[JsonSerializable(typeof(PolicyTestSubmission))]
[JsonSerializable(typeof(VerdictResource))]
[JsonSerializable(typeof(QueueResource))]
[JsonSerializable(typeof(QuotaListResource))]
[JsonSerializable(typeof(PreviewResource))]
[JsonSerializable(typeof(InboxResource))]
[JsonSerializable(typeof(RunGoneResource))]
[JsonSerializable(typeof(WatchCountsResource))]
[JsonSerializable(typeof(RunNodeListResource))]
[JsonSerializable(typeof(BulkSubmission))]
[JsonSerializable(typeof(BulkResource))]
[JsonSerializable(typeof(JobResource))]
[JsonSerializable(typeof(DecisionsSubmission))]
[JsonSerializable(typeof(DecidedListResource))]
[JsonSerializable(typeof(SessionResource))]
[JsonSerializable(typeof(TicketSubmission))]
[JsonSerializable(typeof(TicketResource))]
[JsonSerializable(typeof(ProblemResource))]
internal sealed partial class ApiJsonContext : JsonSerializerContext;
