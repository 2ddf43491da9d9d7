using System.Text.Json.Serialization;

namespace AgentFunctions.Gateway;

/// <summary>Source-generated JSON of the gateway.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(ApiKeyChanges))]
[JsonSerializable(typeof(ApiKeyRecord))]
[JsonSerializable(typeof(RunRequest))]
[JsonSerializable(typeof(ForkClaim))]
[JsonSerializable(typeof(TakenParts))]
[JsonSerializable(typeof(Holds.Hold))]
[JsonSerializable(typeof(Folders.RestoreReport))]
[JsonSerializable(typeof(Retention.SweepState))]
internal sealed partial class GatewayJsonContext : JsonSerializerContext;
