using System.Text.Json.Serialization;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>Source-generated JSON of what the tools of a workspace remember.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(EditMemo))]
internal sealed partial class WorkspaceJsonContext : JsonSerializerContext;
