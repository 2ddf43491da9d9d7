using System.Text.Json.Serialization;

namespace AgentFunctions.Governance.KillSwitch;

/// <summary>Source-generated JSON of the orders of the kill switch.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(KillOrder))]
internal sealed partial class KillSwitchJsonContext : JsonSerializerContext;
