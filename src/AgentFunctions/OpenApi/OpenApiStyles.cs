using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentFunctions.OpenApi;

/// <summary>Reads how a parameter or a field is written.</summary>
internal static class OpenApiStyles
{
    /// <summary>Gets the style of a parameter.</summary>
    public static OpenApiStyle Of(JsonObject parameter, OpenApiLocation place) =>
        parameter["schema"] is null && parameter["content"] is JsonObject
        ? new OpenApiStyle("json", false)
        : Of(parameter, place == OpenApiLocation.Query ? "form" : "simple");

    /// <summary>Gets the style that an object of the description sets.</summary>
    /// <param name="owner">The object.</param>
    /// <param name="usual">The style if none is set.</param>
    public static OpenApiStyle Of(JsonObject owner, string usual)
    {
        string style = owner["style"] is JsonValue value && value.TryGetValue(out string? text) ? text : usual;
        bool explode = owner["explode"] is { } explicitly ? explicitly.GetValueKind() == JsonValueKind.True : style == "form";
        return new OpenApiStyle(style, explode, owner["allowReserved"]?.GetValueKind() == JsonValueKind.True);
    }
}
