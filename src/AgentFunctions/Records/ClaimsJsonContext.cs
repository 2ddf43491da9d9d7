using System.Text.Json.Serialization;

namespace AgentFunctions.Records;

/// <summary>Source-generated JSON of claims and troubles.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(IdempotencyClaim))]
[JsonSerializable(typeof(List<StepTrouble>))]
internal sealed partial class ClaimsJsonContext : JsonSerializerContext;
