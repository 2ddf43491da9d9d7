using System.Text.Json.Serialization;

namespace AgentFunctions.Gateway.Queueing;

/// <summary>Source-generated JSON of the queue.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(QueueState))]
internal sealed partial class QueueingJsonContext : JsonSerializerContext;
