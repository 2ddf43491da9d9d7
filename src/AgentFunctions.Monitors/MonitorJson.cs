using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace AgentFunctions.Monitors;

/// <summary>
/// Provides the JSON options of monitors and incidents: camel-cased names, durations in ISO 8601, no null members.
/// </summary>
/// <remarks>
/// By reflection: what an older version wrote gets the defaults of members that were added since, which generated code
/// forgets for members that are only set at creation.
/// </remarks>
public static class MonitorJson
{
    /// <summary>Gets the options.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new DurationConverter(), new CamelCaseEnumConverter<DayOfWeek>() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };
}
