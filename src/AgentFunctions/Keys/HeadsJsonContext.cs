using System.Text.Json.Serialization;

namespace AgentFunctions.Keys;

/// <summary>Source-generated JSON of heads.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(HeadSlot))]
internal sealed partial class HeadsJsonContext : JsonSerializerContext;
