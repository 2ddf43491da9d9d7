using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentFunctions.AspNetCore.Http;

/// <summary>Writes an enum as the camel-cased name of its member, and reads exactly that.</summary>
/// <typeparam name="T">The enum.</typeparam>
internal sealed class CamelCaseEnumConverter<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where T : struct, Enum;
