using System.Text.Json.Serialization;

namespace AgentFunctions.Agents;

/// <summary>Source-generated JSON of definitions.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(AgentDefinition))]
internal sealed partial class AgentsJsonContext : JsonSerializerContext;
