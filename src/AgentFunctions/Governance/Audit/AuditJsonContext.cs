using System.Text.Json.Serialization;

namespace AgentFunctions.Governance.Audit;

/// <summary>Source-generated JSON of the audit log.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(AuditEntry))]
[JsonSerializable(typeof(AuditCheckpoint))]
[JsonSerializable(typeof(AuditTexts))]
[JsonSerializable(typeof(AuditSealed))]
[JsonSerializable(typeof(string))]
internal sealed partial class AuditJsonContext : JsonSerializerContext;
