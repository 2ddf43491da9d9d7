using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.AgentFramework.DurableAgents;

namespace AgentFunctions.AgentFramework;

/// <summary>Source-generated JSON of what the package stores.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(RecordedContext))]
internal sealed partial class AgentFrameworkJsonContext : JsonSerializerContext;
