using System.Text.Json.Serialization;

namespace AgentFunctions.Mcp.SignIn;

/// <summary>Source-generated JSON of what is kept sealed.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SignInRecord))]
internal sealed partial class SignInJsonContext : JsonSerializerContext;
