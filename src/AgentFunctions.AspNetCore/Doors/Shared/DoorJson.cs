using System.Text.Json.Serialization.Metadata;
using AgentFunctions.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>Reads the parts of the doors' messages that the HTTP API knows too.</summary>
internal static class DoorJson
{
    /// <summary>Gets how the HTTP API reads a type.</summary>
    public static JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>)ApiJson.Options.GetTypeInfo(typeof(T));
}
