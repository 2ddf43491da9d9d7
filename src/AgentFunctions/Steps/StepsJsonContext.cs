using System.Text.Json.Serialization;

namespace AgentFunctions.Steps;

/// <summary>Source-generated JSON of callbacks.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(RunEndedNotice))]
internal sealed partial class StepsJsonContext : JsonSerializerContext;
