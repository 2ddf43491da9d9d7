using System.Text.Json.Serialization;

namespace AgentFunctions.Governance.Policies;

/// <summary>Source-generated JSON of past calls.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(PastCall))]
internal sealed partial class PoliciesJsonContext : JsonSerializerContext;
