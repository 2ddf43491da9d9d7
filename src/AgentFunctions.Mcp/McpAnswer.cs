using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using AgentFunctions.Core.Text;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp;

/// <summary>
/// Reads the answer to a call part by part: a part of an unknown kind, or one that cannot be read, is left out with words in its
/// place. The call was made, so that no answer may make it look like one that failed.
/// </summary>
internal static class McpAnswer
{
    private const int MostCharacters = 60;

    /// <summary>What a part can do without, and a server as likely gets wrong.</summary>
    private static readonly string[] Optional = ["annotations", "_meta", "icons", "size"];

    private static readonly JsonTypeInfo<ContentBlock> PartType =
        (JsonTypeInfo<ContentBlock>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ContentBlock));

    /// <summary>Reads an answer.</summary>
    /// <param name="answer">What the server sent as the result.</param>
    public static CallToolResult Read(JsonNode? answer)
    {
        if (answer is not JsonObject fields)
        {
            return new CallToolResult { Content = [LeftOut("The answer is left out: it is no object")] };
        }

        JsonNode? structured = fields["structuredContent"];
        return new CallToolResult
        {
            Content = fields["content"] switch
            {
                null => [],
                JsonArray parts => [.. parts.Select(Part)],
                _ => [LeftOut("The content is left out: it is no list")],
            },
            StructuredContent = structured is null
                ? null
                : JsonSerializer.SerializeToElement(structured, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonNode))),
            IsError = fields["isError"] is JsonValue isError && isError.TryGetValue(out bool failed) ? failed : null,
        };
    }

    private static ContentBlock Part(JsonNode? node)
    {
        if (node is not JsonObject part)
        {
            return LeftOut("A part of the content is left out: it is no object");
        }

        if (TryRead(part) is { } read)
        {
            return read;
        }

        var bare = (JsonObject)part.DeepClone();
        Array.ForEach(Optional, name => bare.Remove(name));
        string type = TextCut.Shorten((part["type"]?.ToString() ?? "").ReplaceLineEndings(" "), MostCharacters);
        return TryRead(bare) ?? LeftOut($"Content of the type '{type}' is left out: it cannot be shown");
    }

    private static ContentBlock? TryRead(JsonObject part)
    {
        try
        {
            ContentBlock? read = part.Deserialize(PartType);
            // Bytes are decoded when they are asked for.
            _ = read switch
            {
                ImageContentBlock image => image.DecodedData,
                AudioContentBlock audio => audio.DecodedData,
                EmbeddedResourceBlock { Resource: BlobResourceContents blob } => blob.DecodedData,
                _ => default,
            };
            return read;
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException or NotSupportedException
            or InvalidOperationException)
        {
            return null;
        }
    }

    private static TextContentBlock LeftOut(string words) => new() { Text = $"[{words}]" };
}
