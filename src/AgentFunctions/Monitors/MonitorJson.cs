using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace AgentFunctions.Monitors;

/// <summary>How monitors and incidents are written as JSON: camel-cased, durations in ISO 8601, null members left out.</summary>
public static class MonitorJson
{
    /// <summary>The options; types of the caller's own are taken by reflection.</summary>
    public static JsonSerializerOptions Options { get; } = new(MonitorJsonContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        TypeInfoResolver = JsonTypeInfoResolver.Combine(MonitorJsonContext.Default, new DefaultJsonTypeInfoResolver()),
    };
}
