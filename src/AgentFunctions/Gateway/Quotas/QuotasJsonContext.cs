using System.Text.Json.Serialization;

namespace AgentFunctions.Gateway.Quotas;

/// <summary>Source-generated JSON of quotas.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(QuotaState))]
internal sealed partial class QuotasJsonContext : JsonSerializerContext;
