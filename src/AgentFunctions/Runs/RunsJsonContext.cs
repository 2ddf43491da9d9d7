using System.Text.Json.Serialization;
using AgentFunctions.Runs.Index;

namespace AgentFunctions.Runs;

/// <summary>Source-generated JSON of the records of runs.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(RunRecord))]
[JsonSerializable(typeof(RunIndexEntry))]
[JsonSerializable(typeof(ErasedRun))]
internal sealed partial class RunsJsonContext : JsonSerializerContext;
