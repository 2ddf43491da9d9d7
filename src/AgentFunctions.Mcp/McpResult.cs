using System.Text;
using AgentFunctions.Records;
using AgentFunctions.Tools;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp;

/// <summary>
/// What a server answered, as text for the model; pictures and other binary content become artifacts of the run.
/// </summary>
internal static class McpResult
{
    private const string Unnamed = "application/octet-stream";

    public static async Task<string> ToTextAsync(CallToolResult result, ToolContext context, CancellationToken cancellationToken)
    {
        var parts = new List<string>();
        foreach (ContentBlock block in result.Content)
        {
            parts.Add(block switch
            {
                TextContentBlock text => text.Text,
                ImageContentBlock image => await SaveAsync(image.DecodedData, image.MimeType, "image").ConfigureAwait(false),
                AudioContentBlock audio => await SaveAsync(audio.DecodedData, audio.MimeType, "audio").ConfigureAwait(false),
                EmbeddedResourceBlock { Resource: TextResourceContents text } => $"[resource {text.Uri}]\n{text.Text}",
                EmbeddedResourceBlock { Resource: BlobResourceContents blob } =>
                    await SaveAsync(blob.DecodedData, blob.MimeType, $"resource {blob.Uri}").ConfigureAwait(false),
                ResourceLinkBlock link => Describe(link),
                _ => $"[Content of the type '{block.Type}' is left out: it cannot be shown]",
            });
        }

        if (parts.Count == 0 && result.StructuredContent is { } structured)
        {
            parts.Add(structured.GetRawText());
        }

        return string.Join("\n\n", parts);

        async Task<string> SaveAsync(ReadOnlyMemory<byte> content, string? mediaType, string what)
        {
            mediaType ??= Unnamed;
            // The same call, repeated, replaces its own files and no others.
            string name = $"tool-{context.Turn}-{context.Call}-{parts.Count + 1}{MediaTypes.Extension(mediaType)}";
            Artifact artifact = await context.Artifacts.SaveAsync(context.RunId, name, mediaType, content, cancellationToken)
                .ConfigureAwait(false);
            return $"[{what}, saved as artifact {artifact.Name}: {mediaType}, {artifact.Length} bytes]";
        }
    }

    private static string Describe(ResourceLinkBlock link)
    {
        var text = new StringBuilder($"[link to resource {link.Uri}");
        text.Append(link.Name.Length > 0 ? $": {link.Name}" : "");
        text.Append(link.MimeType is null ? "" : $" ({link.MimeType})");
        return text.Append(link.Description is null ? "]" : $", {link.Description}]").ToString();
    }
}
