using System.Globalization;
using System.Text;
using AgentFunctions.Records;
using AgentFunctions.Tools;

namespace AgentFunctions.OpenApi;

/// <summary>An answer as text for the model; what is no text becomes an artifact of the run.</summary>
internal static class OpenApiResponse
{
    public static async Task<string> ToTextAsync(
        HttpResponseMessage response, int limit, ToolContext context, CancellationToken cancellationToken)
    {
        (byte[] content, bool isCut) = await ReadAsync(response.Content, limit, cancellationToken).ConfigureAwait(false);
        string note = isCut ? string.Create(CultureInfo.InvariantCulture, $"\n[cut after {limit} bytes]") : "";
        string mediaType = response.Content.Headers.ContentType?.MediaType ?? "text/plain";
        if (content.Length == 0 || IsText(mediaType))
        {
            return EncodingOf(response.Content).GetString(content) + note;
        }

        string name = $"tool-{context.Turn}-{context.Call}{MediaTypes.Extension(mediaType)}";
        Artifact artifact = await context.Artifacts.SaveAsync(context.RunId, name, mediaType, content, cancellationToken)
            .ConfigureAwait(false);
        return $"[saved as artifact {artifact.Name}: {mediaType}, {artifact.Length} bytes]{note}";
    }

    private static async Task<(byte[] Content, bool IsCut)> ReadAsync(HttpContent content, int limit,
        CancellationToken cancellationToken)
    {
        using Stream stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var kept = new MemoryStream();
        byte[] buffer = new byte[16 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            int room = limit - (int)kept.Length;
            kept.Write(buffer, 0, Math.Min(read, room));
            if (read > room)
            {
                return (kept.ToArray(), true);
            }
        }

        return (kept.ToArray(), false);
    }

    private static bool IsText(string mediaType) =>
        mediaType.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
        || mediaType.EndsWith("json", StringComparison.OrdinalIgnoreCase)
        || mediaType.EndsWith("xml", StringComparison.OrdinalIgnoreCase)
        || mediaType.EndsWith("yaml", StringComparison.OrdinalIgnoreCase)
        || mediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase);

    private static Encoding EncodingOf(HttpContent content)
    {
        try
        {
            return content.Headers.ContentType?.CharSet is { } name ? Encoding.GetEncoding(name.Trim('"')) : Encoding.UTF8;
        }
        catch (ArgumentException)
        {
            return Encoding.UTF8;
        }
    }
}
