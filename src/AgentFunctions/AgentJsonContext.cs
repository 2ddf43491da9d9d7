using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using AgentFunctions.Agents;
using AgentFunctions.Durability;
using AgentFunctions.Storage;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Workspaces;

namespace AgentFunctions;

/// <summary>Source-generated JSON for all that the library itself writes.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(HistoryEvent))]
[JsonSerializable(typeof(HistoryEvent[]))]
[JsonSerializable(typeof(List<HistoryEvent>))]
[JsonSerializable(typeof(FailureDetails))]
[JsonSerializable(typeof(Artifact))]
[JsonSerializable(typeof(AgentDefinition))]
[JsonSerializable(typeof(ToolOutcome))]
[JsonSerializable(typeof(EditMemo))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
[JsonSerializable(typeof(JsonNode))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(bool))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(long))]
internal sealed partial class AgentJsonContext : JsonSerializerContext;
