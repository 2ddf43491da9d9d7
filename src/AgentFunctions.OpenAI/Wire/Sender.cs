using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentFunctions.OpenAI.Wire;

/// <summary>What an endpoint sent that goes back to it alone: another one would refuse what it does not know.</summary>
internal static class Sender
{
    /// <summary>Who sent the content.</summary>
    public const string Key = "sender";

    /// <summary>The field in which reasoning came.</summary>
    public const string FieldKey = "field";

    /// <summary>The <c>extra_content</c> of a call, as JSON text.</summary>
    public const string ExtraKey = "extraContent";

    /// <summary>
    /// Gets what a sender said beside a content; <see langword="null"/> if it is another's or there is nothing.
    /// </summary>
    /// <param name="content">The content, fresh or from a transcript.</param>
    /// <param name="sender">The sender.</param>
    /// <param name="key">Which of the keys.</param>
    public static string? Read(AIContent content, string sender, string key) => Text(content, Key) == sender
        ? Text(content, key)
        : null;

    private static string? Text(AIContent content, string key) => content.AdditionalProperties?.GetValueOrDefault(key) switch
    {
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString(),
        _ => null,
    };
}
