using System.Text.Json.Serialization;

namespace AgentFunctions.Snapshots;

/// <summary>Source-generated JSON of the logs of folders.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(SnapshotEntry))]
internal sealed partial class SnapshotsJsonContext : JsonSerializerContext;
