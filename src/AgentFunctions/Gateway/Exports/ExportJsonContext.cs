using System.Text.Json.Serialization;
using AgentFunctions.Durability;

namespace AgentFunctions.Gateway.Exports;

/// <summary>Source-generated JSON of exported files.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(ExportManifest))]
[JsonSerializable(typeof(ExportSignature))]
[JsonSerializable(typeof(OrchestrationState))]
[JsonSerializable(typeof(System.Text.Json.JsonElement))]
internal sealed partial class ExportJsonContext : JsonSerializerContext;
