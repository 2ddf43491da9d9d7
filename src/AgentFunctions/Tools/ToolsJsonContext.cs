using System.Text.Json.Serialization;
using AgentFunctions.Tools.Client;
using AgentFunctions.Tools.Search;

namespace AgentFunctions.Tools;

/// <summary>Source-generated JSON of tools.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(ToolOutcome))]
[JsonSerializable(typeof(IReadOnlyList<ToolDeclaration>))]
[JsonSerializable(typeof(ToolArrivals))]
[JsonSerializable(typeof(IReadOnlyList<ToolLoad>))]
[JsonSerializable(typeof(ClientCallRecord))]
internal sealed partial class ToolsJsonContext : JsonSerializerContext;
