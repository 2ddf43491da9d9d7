using System.Text.Json.Serialization;

namespace AgentFunctions.Swarm;

/// <summary>Source-generated JSON of what sub-agents share.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(BoardNote))]
[JsonSerializable(typeof(PathLease))]
internal sealed partial class SwarmJsonContext : JsonSerializerContext;
