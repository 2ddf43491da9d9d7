using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentFunctions.Views.Runs;

/// <summary>Source-generated JSON for what readers keep of the run index.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(RunIndexRow))]
[JsonSerializable(typeof(RunIndexRow[]))]
[JsonSerializable(typeof(RunIndexHead))]
[JsonSerializable(typeof(RunIndexState))]
internal sealed partial class RunIndexJsonContext : JsonSerializerContext;
