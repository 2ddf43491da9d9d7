using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace AgentFunctions.Durability;

/// <summary>Writes and reads payloads of orchestrations as JSON: camel-cased names, no null members.</summary>
/// <remarks>
/// The library's own types come from source-generated contexts, one for each of its rooms; types of the user's own fall back to
/// reflection, or come from a resolver that <see cref="AddResolver"/> put in front before the first payload was written.
/// </remarks>
public static class DurableJson
{
    /// <summary>Gets the options that every adapter uses for payloads.</summary>
    public static JsonSerializerOptions Options { get; } = new(DurabilityJsonContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        TypeInfoResolver = JsonTypeInfoResolver.Combine(DurabilityJsonContext.Default, new DefaultJsonTypeInfoResolver()),
    };

    /// <summary>Adds a source-generated context, which is asked before reflection.</summary>
    /// <param name="resolver">The context.</param>
    /// <exception cref="InvalidOperationException">A payload has been written or read already.</exception>
    public static void AddResolver(IJsonTypeInfoResolver resolver) => Options.TypeInfoResolverChain.Insert(0, resolver);

    /// <summary>Writes a value as JSON; <see langword="null"/> for null.</summary>
    /// <param name="value">The value.</param>
    public static string? Serialize(object? value) =>
        value switch
        {
            null => null,
            WrittenJson written => written.Text,
            _ => JsonSerializer.Serialize(value, Options.GetTypeInfo(value.GetType())),
        };

    /// <summary>Reads a value from JSON; the type's default for <see langword="null"/>.</summary>
    /// <typeparam name="T">The type to read.</typeparam>
    /// <param name="json">The JSON.</param>
    /// <exception cref="JsonException">The text is not JSON of that type.</exception>
    public static T? Deserialize<T>(string? json) =>
        json is null ? default
        : typeof(T) == typeof(WrittenJson) ? (T)(object)new WrittenJson(json)
        : JsonSerializer.Deserialize(json, (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T)));
}
