using System.Text.Json.Serialization;

namespace AgentFunctions.Governance.Reviews;

/// <summary>Source-generated JSON of review queues.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(ReviewState))]
internal sealed partial class ReviewsJsonContext : JsonSerializerContext;
