using System.Text.Json.Serialization;

namespace AgentFunctions.Keys;

/// <summary>Source-generated JSON of keys.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(StoredKey))]
[JsonSerializable(typeof(PublicKeySet))]
internal sealed partial class SigningKeysJsonContext : JsonSerializerContext;
