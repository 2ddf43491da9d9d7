using System.Text.Json.Serialization;

namespace AgentFunctions.Live;

/// <summary>Source-generated JSON of what processes tell each other of runs that are followed.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(LiveFrame))]
[JsonSerializable(typeof(LiveWanted))]
internal sealed partial class LiveJsonContext : JsonSerializerContext;

/// <summary>That somebody follows a run.</summary>
/// <param name="Until">Until when that is believed (UTC).</param>
internal sealed record LiveWanted(DateTimeOffset Until);
