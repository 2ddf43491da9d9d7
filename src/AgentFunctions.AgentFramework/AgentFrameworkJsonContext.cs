using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.AgentFramework.AIAgents;
using AgentFunctions.AgentFramework.DurableAgents;
using AgentFunctions.AgentFramework.Opaque;

namespace AgentFunctions.AgentFramework;

/// <summary>Source-generated JSON of what the package stores.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(RecordedContext))]
[JsonSerializable(typeof(StoredSession))]
[JsonSerializable(typeof(RunToken))]
[JsonSerializable(typeof(StoredTurn))]
[JsonSerializable(typeof(List<AskedCall>))]
internal sealed partial class AgentFrameworkJsonContext : JsonSerializerContext;
